//! TLS for the port of the server, and the PEM files of every use of TLS. The documented service has no
//! plain-HTTP endpoint, and two known clients insist on https. [client]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;
use tokio_rustls::rustls::client::WantsClientCert;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, ConfigBuilder, RootCertStore};

/// Longest PEM file read, in bytes. Real chains take a few thousand.
const PEM_BYTES_MAX: u64 = 1024 * 1024;

/// The reason why TLS cannot be used. Each text names the file to check.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// The file is longer than any certificate or key.
    #[error("{} is longer than {PEM_BYTES_MAX} bytes, so it is no PEM file of certificates or keys", path.display())]
    TooLong { path: PathBuf },
    /// The file holds no PEM section of the kind wanted.
    #[error("{} holds no {wanted} in PEM form (a line `-----BEGIN …-----`)", path.display())]
    Absent {
        path: PathBuf,
        /// `certificate` or `private key`.
        wanted: &'static str,
    },
    #[error("{} is not well-formed PEM: {problem}", path.display())]
    NotPem {
        path: PathBuf,
        /// The problem, without any of the content.
        problem: &'static str,
    },
    /// Each file is fine, but the key is not the one of the certificate.
    #[error("the private key in {} does not belong to the first certificate in {}", key.display(), cert.display())]
    KeyMismatch {
        /// The file of the certificate chain.
        cert: PathBuf,
        /// The file of the private key.
        key: PathBuf,
    },
    /// The pair cannot be used for another reason.
    #[error("the certificate in {} and the key in {} cannot be used", cert.display(), key.display())]
    Unusable {
        /// The file of the certificate chain.
        cert: PathBuf,
        /// The file of the private key.
        key: PathBuf,
        source: rustls::Error,
    },
}

/// The acceptor of TLS connections, from a PEM chain (the server's certificate first) and its PEM key.
///
/// TLS 1.2 and 1.3, HTTP/1.1 only, no client certificates. Reads both files whole, so call it at start or from a
/// thread that may block.
///
/// # Errors
/// A [`TlsError`] that names the file and its problem.
pub fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let chain = read_chain(cert)?;
    let private_key = read_key(key)?;
    let unusable = |source| unusable(cert, key, source);
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, private_key)
        .map_err(unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// This machine has no list of authorities.
#[derive(Debug, thiserror::Error)]
#[error("this machine has no list of authorities")]
pub struct NoAuthorities;

/// The authorities this machine trusts. Those that cannot be read are skipped, as browsers do. Reads files: call it at start or
/// from a thread that may block.
pub(crate) fn machine_authorities() -> Result<RootCertStore, NoAuthorities> {
    let mut authorities = RootCertStore::empty();
    authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if authorities.is_empty() { Err(NoAuthorities) } else { Ok(authorities) }
}

/// The beginning of a client's settings: TLS 1.2 and 1.3, with these authorities.
pub(crate) fn client_settings(authorities: RootCertStore) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("the provider has the cipher suites of both versions")
        .with_root_certificates(authorities)
}

/// The problem with a pair that the TLS library refused.
pub(crate) fn unusable(cert: &Path, key: &Path, source: rustls::Error) -> TlsError {
    let (cert, key) = (cert.to_owned(), key.to_owned());
    if matches!(source, rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) {
        TlsError::KeyMismatch { cert, key }
    } else {
        TlsError::Unusable { cert, key, source }
    }
}

/// Every certificate of a PEM file, at least one.
pub(crate) fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(path)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| not_pem(path, &error))?;
    if chain.is_empty() {
        return Err(TlsError::Absent { path: path.to_owned(), wanted: "certificate" });
    }
    Ok(chain)
}

/// The first private key of a PEM file.
pub(crate) fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let pem = read(path)?;
    match PrivateKeyDer::pem_slice_iter(&pem).next() {
        Some(Ok(key)) => Ok(key),
        Some(Err(error)) => Err(not_pem(path, &error)),
        None => Err(TlsError::Absent { path: path.to_owned(), wanted: "private key" }),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let unreadable = |source| TlsError::Unreadable { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut content = Vec::new();
    file.take(PEM_BYTES_MAX + 1).read_to_end(&mut content).map_err(unreadable)?;
    if PEM_BYTES_MAX < content.len() as u64 {
        return Err(TlsError::TooLong { path: path.to_owned() });
    }
    Ok(content)
}

/// The problem in our own words: the parser's quote lines of the file, which may hold a key.
#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that may grow")]
fn not_pem(path: &Path, error: &rustls::pki_types::pem::Error) -> TlsError {
    use rustls::pki_types::pem::Error;
    let problem = match error {
        Error::MissingSectionEnd { .. } => "a section has no END line",
        Error::IllegalSectionStart { .. } => "a BEGIN line is wrong",
        Error::Base64Decode(_) => "a section is not base64",
        _ => "a section cannot be read",
    };
    TlsError::NotPem { path: path.to_owned(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certs;
    use landfall_domain::time::Timestamp;

    #[test]
    fn each_error_names_the_file_and_its_problem() {
        let directory = tempfile::tempdir().unwrap();
        let good = certs::write(directory.path(), Timestamp(1_700_000_000)).unwrap();
        let file = |name: &str, content: &[u8]| {
            let path = directory.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let key_pem = std::fs::read_to_string(&good.server_key).unwrap();
        let secret_line = key_pem.lines().nth(1).unwrap();
        let garbage = file("garbage.pem", b"\x00\xffhello");
        let cut = file("cut.pem", &key_pem.as_bytes()[..key_pem.len() / 2]);
        let odd = file("odd.pem", key_pem.replace(secret_line, &format!("{secret_line}?")).as_bytes());
        let not_der = file("not-der.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        let long = file("long.pem", &vec![b' '; usize::try_from(PEM_BYTES_MAX).unwrap() + 1]);
        let missing = directory.path().join("missing.pem");
        let cases = [
            (&missing, &good.server_key, "cannot read", "missing.pem"),
            (&good.server_cert, &missing, "cannot read", "missing.pem"),
            (&garbage, &good.server_key, "holds no certificate", "garbage.pem"),
            (&good.server_key, &good.server_key, "holds no certificate", "server.key"),
            (&good.server_cert, &good.server_cert, "holds no private key", "server.pem"),
            (&good.server_cert, &cut, "no END line", "cut.pem"),
            (&good.server_cert, &odd, "not base64", "odd.pem"),
            (&good.server_cert, &good.authority_key, "does not belong to", "ca.key"),
            (&not_der, &good.server_key, "cannot be used", "not-der.pem"),
            (&long, &good.server_key, "longer than", "long.pem"),
        ];
        for (cert, key, says, names) in cases {
            let text = acceptor(cert, key).map(|_| ()).unwrap_err().to_string();
            assert!(text.contains(says) && text.contains(names), "{text}");
            assert!(!text.contains(secret_line), "{text}");
        }
    }
}
