//! Whom the sender trusts, and what it proves itself with.

use super::error::SenderError;
use crate::config::{TlsConfig, WebhookConfig};
use crate::tls::{NoAuthorities, client_settings, machine_authorities, read_chain, read_key, unusable};
use std::path::Path;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// TLS 1.2 and 1.3, HTTP/1.1 only.
pub(super) fn client_config(config: &WebhookConfig) -> Result<ClientConfig, SenderError> {
    let authorities = match &config.ca {
        Some(file) => named(file)?,
        None if config.url.scheme() == "https" => {
            machine_authorities().map_err(|NoAuthorities| SenderError::NoAuthorities)?
        }
        // It is not used.
        None => RootCertStore::empty(),
    };
    let builder = client_settings(authorities);
    let mut tls = match &config.client {
        Some(TlsConfig { cert, key }) => builder
            .with_client_auth_cert(read_chain(cert)?, read_key(key)?)
            .map_err(|source| unusable(cert, key, source))?,
        None => builder.with_no_client_auth(),
    };
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(tls)
}

/// The authorities of a PEM file, and no others.
fn named(file: &Path) -> Result<RootCertStore, SenderError> {
    let mut authorities = RootCertStore::empty();
    for certificate in read_chain(file)? {
        authorities
            .add(certificate)
            .map_err(|source| SenderError::Authority { path: file.to_owned(), source })?;
    }
    Ok(authorities)
}
