//! Files that messages refer to: administrators put them in, whoever has a signed address gets them out.

pub(crate) mod address;
pub(crate) mod directory;
pub(crate) mod download;
pub(crate) mod upload;
