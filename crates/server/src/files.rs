//! Files that messages refer to: administrators put them in, whoever has a signed address gets them out.

pub(crate) mod address;
mod bucket;
mod directory;
pub(crate) mod download;
pub(crate) mod error;
mod incoming;
pub(crate) mod signing;
pub(crate) mod store;
pub(crate) mod upload;
