//! The reasons why a server does not start or run.

use crate::console::users::FirstUserError;
use crate::files::error::FilesError;
use crate::tls::TlsError;
use crate::webhook::sender::SenderError;
use landfall_domain::error::StoreError;
use landfall_domain::ids::AppId;
use landfall_store::embedded;
use landfall_store::postgres;
use std::io;
use std::net::SocketAddr;

/// The reason why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address} ({setting})")]
    Listen {
        address: SocketAddr,
        /// The setting of the address.
        setting: &'static str,
        #[source]
        cause: io::Error,
    },
    #[error(transparent)]
    OpenEmbedded(#[from] embedded::OpenError),
    #[error(transparent)]
    OpenPostgres(#[from] postgres::OpenError),
    #[error("cannot prepare the store: {0}")]
    Prepare(#[from] StoreError),
    #[error("the first user of the console cannot be made")]
    FirstUser(#[from] FirstUserError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The transport of events between servers cannot be reached.
    #[error("events between servers: the transport cannot be used; check the section [events]")]
    Events(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the store of files cannot be used; check the section [files]")]
    Files(#[from] FilesError),
    /// A file of an app's webhook cannot be used.
    #[error("the webhook of app {app} cannot be used")]
    Webhook {
        app: AppId,
        #[source]
        cause: Box<SenderError>,
    },
}
