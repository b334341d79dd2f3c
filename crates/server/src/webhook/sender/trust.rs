//! Whom the sender trusts, and what it proves itself with.

use super::error::SenderError;
use crate::config::{TlsConfig, WebhookConfig};
use crate::tls::{read_chain, read_key, unusable};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// TLS 1.2 and 1.3, HTTP/1.1 only.
pub(super) fn client_config(config: &WebhookConfig) -> Result<ClientConfig, SenderError> {
    let authorities = match &config.ca {
        Some(file) => named(file)?,
        None if config.url.scheme() == "https" => native()?,
        // It is not used.
        None => RootCertStore::empty(),
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("the provider has the cipher suites of both versions")
        .with_root_certificates(authorities);
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

/// The authorities this machine trusts. Those that cannot be read are skipped, as browsers do.
fn native() -> Result<RootCertStore, SenderError> {
    let mut authorities = RootCertStore::empty();
    authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if authorities.is_empty() { Err(SenderError::NoAuthorities) } else { Ok(authorities) }
}
