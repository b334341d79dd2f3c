//! Who vouches for the receiver, and for the server.

use super::*;
use crate::certs::{self, Written};
use crate::config::TlsConfig;
use crate::logging::chain;
use crate::tls;
use landfall_domain::time::{Clock as _, SystemClock};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// An authority of its own, and a certificate of localhost.
fn authority() -> (TempDir, Written) {
    let directory = tempfile::tempdir().unwrap();
    // Handshakes look at the real clock.
    let written = certs::write(directory.path(), SystemClock.now()).unwrap();
    (directory, written)
}

fn trusting(ca: &Path, receiver: &Receiver) -> WebhookConfig {
    let url = format!("https://localhost:{}/hook", receiver.address.port());
    WebhookConfig { ca: Some(ca.to_owned()), ..signed(&url) }
}

#[tokio::test]
async fn a_receiver_is_trusted_when_the_named_authority_vouches_for_it() {
    let (_directory, known) = authority();
    let (_other_directory, other) = authority();
    let acceptor = tls::acceptor(&known.server_cert, &known.server_key).unwrap();
    let mut receiver = Receiver::start_tls(acceptor, |_| ok()).await;
    let good = trusting(&known.authority_cert, &receiver);
    assert_eq!(post(&sender(&good)).await.unwrap().error_code, 0);
    assert!(receiver.next().await.line.starts_with("POST /hook?SdkAppid="));

    let port = receiver.address.port();
    let by_another_name =
        WebhookConfig { url: format!("https://localhost.example:{port}/").parse().unwrap(), ..good.clone() };
    for config in [
        trusting(&other.authority_cert, &receiver),
        by_another_name,
        // The authorities of the machine do not know it.
        WebhookConfig { ca: None, ..good },
    ] {
        // A machine that has no authorities refuses sooner.
        let Ok(sender) = Sender::with(&config, APP, PATIENCE, Arc::new(names::Here)) else { continue };
        let found = post(&sender).await.unwrap_err();
        assert!(matches!(&found, SendError::Connect(cause) if cause.contains("certificate")), "{found:?}");
    }
}

/// Certificate and key of a client, and the certificate of the authority that vouches for it.
fn client(directory: &Path) -> (TlsConfig, PathBuf) {
    let files = TlsConfig { cert: directory.join("client.pem"), key: directory.join("client.key") };
    let authority_cert = directory.join("clients.pem");
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    std::fs::write(&authority_cert, params.self_signed(&authority_key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["landfall.example".to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    std::fs::write(&files.cert, params.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    std::fs::write(&files.key, key.serialize_pem()).unwrap();
    (files, authority_cert)
}

#[tokio::test]
async fn a_receiver_may_ask_for_a_certificate() {
    let (directory, known) = authority();
    let (client, clients) = client(directory.path());
    let mut roots = RootCertStore::empty();
    for certificate in tls::read_chain(&clients).unwrap() {
        roots.add(certificate).unwrap();
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let chain = tls::read_chain(&known.server_cert).unwrap();
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(chain, tls::read_key(&known.server_key).unwrap())
        .unwrap();
    let receiver = Receiver::start_tls(TlsAcceptor::from(Arc::new(server)), |_| ok()).await;

    let without = trusting(&known.authority_cert, &receiver);
    let found = post(&sender(&without)).await.unwrap_err();
    assert!(matches!(&found, SendError::Broken(_) | SendError::Connect(_)), "{found:?}");
    let with = WebhookConfig { client: Some(client), ..without };
    assert_eq!(post(&sender(&with)).await.unwrap().error_code, 0);
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let (directory, known) = authority();
    let (client, _) = client(directory.path());
    let base = config("https://localhost/");
    let missing = directory.path().join("missing.pem");
    let not_der = directory.path().join("not-der.pem");
    std::fs::write(&not_der, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let ca = |path: &Path| WebhookConfig { ca: Some(path.to_owned()), ..base.clone() };
    let pair = |cert: &Path, key: &Path| WebhookConfig {
        client: Some(TlsConfig { cert: cert.to_owned(), key: key.to_owned() }),
        ..ca(&known.authority_cert)
    };
    for (config, says, names) in [
        (ca(&missing), "cannot read", "missing.pem"),
        (ca(&known.server_key), "holds no certificate", "server.key"),
        (ca(&not_der), "cannot be trusted", "not-der.pem"),
        (pair(&missing, &client.key), "cannot read", "missing.pem"),
        (pair(&client.cert, &client.cert), "holds no private key", "client.pem"),
        (pair(&client.cert, &known.server_key), "does not belong to", "server.key"),
    ] {
        let error = Sender::new(&config, APP).unwrap_err();
        let text: String = chain(&error).map(|cause| format!("{cause}: ")).collect();
        assert!(text.contains(says) && text.contains(names), "{text}");
    }
}
