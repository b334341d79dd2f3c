//! What can be moved from: each source becomes records of the neutral file.

pub mod v4;
