//! Files that messages refer to: administrators and members put them in, whoever has a signed address gets
//! them out.

pub(crate) mod address;
mod bucket;
mod cors;
mod directory;
pub(crate) mod download;
pub(crate) mod error;
mod incoming;
mod measure;
pub(crate) mod member_upload;
pub(crate) mod partials;
pub(crate) mod signing;
pub(crate) mod store;
pub(crate) mod sweep;
pub(crate) mod ticket;
pub(crate) mod upload;
