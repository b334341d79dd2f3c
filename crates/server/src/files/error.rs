//! Why there is no store of files.

use crate::tls::NoAuthorities;
use std::io;

/// Why there is no store of files.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error("the bucket {name} cannot be used: writing and reading its object {object} failed")]
    Unusable { name: String, object: String, source: io::Error },
    #[error("the client of the bucket cannot be made")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Tls(#[from] NoAuthorities),
}
