//! The service that reads group attributes; the commands that change them are with the group service.

pub mod get_group_attr;
