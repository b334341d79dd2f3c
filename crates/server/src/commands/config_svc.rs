//! The service of addresses, whose names on the wire are no names of modules.

#[path = "ConfigSvc/GetIPList.rs"]
pub mod get_ip_list;
