//! The service of addresses.

pub mod get_ip_list;
