//! Encryption and passwords, with a server that has a certificate.

use super::*;
use landfall_test_database::{Cluster, Mode, Options};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::error::Error;
use std::path::PathBuf;
use tempfile::TempDir;

const PASSWORD: &str = "s3cret word";
const PASSWORD_IN_URL: &str = "s3cret%20word";

/// Which users are let in, and how.
const ACCESS: [&str; 3] = [
    "host all postgres 127.0.0.1/32 trust",
    "hostssl all secure 127.0.0.1/32 trust",
    "host all ann 127.0.0.1/32 scram-sha-256",
];

/// A server with a certificate for `127.0.0.1`, and the files of two authorities.
struct Server {
    cluster: Cluster,
    files: TempDir,
}

/// An authority, and a certificate and key of a server that it vouches for.
fn authority() -> (String, String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let server_key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = server.signed_by(&server_key, &issuer).unwrap().pem();
    (authority, certificate, server_key.serialize_pem())
}

impl Server {
    async fn start() -> Self {
        let (trusted, certificate, key) = authority();
        let server = Self::with(&certificate, &key).await;
        std::fs::write(server.file("right.pem"), trusted).unwrap();
        server
    }

    /// With this certificate and key, for which nobody vouches.
    async fn with(certificate: &str, key: &str) -> Self {
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("right.pem"), authority().0).unwrap();
        std::fs::write(files.path().join("wrong.pem"), authority().0).unwrap();
        let cluster = Cluster::create(&Options::default()).unwrap();
        let mut server = Self { cluster, files };
        let admin = server.admin().await;
        // Written by the server itself, whose files they have to be.
        for (file, text) in
            [("server.crt", certificate), ("server.key", key), ("pg_hba.conf", &ACCESS.join("\n"))]
        {
            let lines = text.replace('\n', "', '");
            let write = format!(
                "COPY (SELECT unnest(ARRAY['{lines}'])) TO PROGRAM 'umask 077 && cat > {file}.new && mv {file}.new {file}'"
            );
            admin.batch_execute(&write).await.unwrap();
        }
        let users = format!(
            "CREATE ROLE secure SUPERUSER LOGIN; CREATE ROLE ann SUPERUSER LOGIN PASSWORD '{PASSWORD}'"
        );
        admin.batch_execute(&users).await.unwrap();
        admin.batch_execute("ALTER SYSTEM SET ssl = on").await.unwrap();
        drop(admin);
        server.cluster.restart(Mode::Fast).unwrap();
        server
    }

    async fn admin(&self) -> Client {
        admin(&self.cluster.url("postgres")).await
    }

    /// The address for `user`, which may have a password.
    fn url(&self, user: &str, options: &str) -> String {
        let url = self.cluster.url("postgres").replace("postgres@", &format!("{user}@"));
        format!("{url}?{options}")
    }

    fn verifying(&self, authority: &str) -> String {
        format!("sslmode=verify-full&sslrootcert={}", self.file(authority).display())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// Opens a store, uses it, and looks at its connections; returns whether all of them were encrypted.
    async fn encrypts(&self, user: &str, options: &str) -> bool {
        let store = try_open(&self.url(user, options))
            .await
            .unwrap_or_else(|why| panic!("{options}: {}", with_causes(&why)));
        store.list_groups(AppId(7), None, 0, 1).await.unwrap();
        const CONNECTIONS: &str = "SELECT bool_and(ssl), bool_or(ssl), count(*)
            FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'landfall'";
        let row = self.admin().await.query_one(CONNECTIONS, &[]).await.unwrap();
        let (all, some): (bool, bool) = (row.get(0), row.get(1));
        assert!(all == some && 2 <= row.get::<_, i64>(2), "{options}");
        all
    }

    async fn refusal(&self, user: &str, options: &str) -> String {
        with_causes(&try_open(&self.url(user, options)).await.err().expect(options))
    }
}

/// An error with its causes, as people and logs see it.
fn with_causes(error: &OpenError) -> String {
    let mut text = format!("{error:?}: {error}");
    let mut inner = error.source();
    while let Some(cause) = inner {
        text.push_str(&format!(": {cause}"));
        inner = cause.source();
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_encrypted_as_asked() {
    let server = Server::start().await;
    for options in ["", "sslmode=prefer", "sslmode=require", &server.verifying("right.pem")] {
        assert!(server.encrypts("postgres", options).await, "{options}");
        assert!(server.encrypts("secure", options).await, "{options}");
    }
    assert!(!server.encrypts("postgres", "sslmode=disable").await);
    let refusal = server.refusal("secure", "sslmode=disable").await;
    assert!(refusal.contains("pg_hba.conf"), "{refusal}");

    let refusal = server.refusal("secure", &server.verifying("wrong.pem")).await;
    assert!(refusal.contains("certificate"), "{refusal}");
    // Without a file it is the machine's authorities that do not know this one.
    let refusal = server.refusal("secure", "sslmode=verify-full").await;
    assert!(refusal.contains("certificate") || refusal.contains("authorities"), "{refusal}");
    let missing = server.refusal("secure", &server.verifying("missing.pem")).await;
    assert!(missing.contains("missing.pem"), "{missing}");
    std::fs::write(server.file("empty.pem"), "no certificate").unwrap();
    let empty = server.refusal("secure", &server.verifying("empty.pem")).await;
    assert!(empty.contains("holds no certificate"), "{empty}");

    // The same server by a name that its certificate does not have.
    let named = server.url("secure", &server.verifying("right.pem")).replace("127.0.0.1", "localhost");
    let refusal = with_causes(&try_open(&named).await.err().unwrap());
    assert!(refusal.contains("certificate"), "{refusal}");
}

/// A certificate of version 1 of X.509, such as Citus makes for a server that has none, and its key.
const OLD_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBLjCB1QIUFwItaREDCUID5uu44vMtj3oAEPIwCgYIKoZIzj0EAwIwGTEXMBUG
A1UEAwwOY2l0dXMtYXV0by1zc2wwIBcNMjYxMTMwMTgyODU5WhgPMjEyNjExMDYx
ODI4NTlaMBkxFzAVBgNVBAMMDmNpdHVzLWF1dG8tc3NsMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEliZIetx+PBkXMHqPRLltFpXIAx8rrOvZJCKXaRlEDFJ0WMQR
50iFSPDuQX9NgBE+DXZFowE4h6savN4WWUM7WzAKBggqhkjOPQQDAgNIADBFAiEA
5PgPI2Zx+2AARly9uSZIqVLgy9/Nzh38ZOLkSkijjLUCIB+CeJY9M8l4DGLc1yRY
NjpuMBJlNuQr2YKY4e329tPh
-----END CERTIFICATE-----";
const ITS_KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQguiuquC1CrV2g9yqQ
zPsGCmQgi2p8FuL6XR3NoLxPkJqhRANCAASWJkh63H48GRcweo9EuW0WlcgDHyus
69kkIpdpGUQMUnRYxBHnSIVI8O5Bf02AET4NdkWjATiHqxq83hZZQztb
-----END PRIVATE KEY-----";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_too_old_to_be_read_encrypts_where_no_proof_is_asked_for() {
    let server = Server::with(OLD_CERTIFICATE, ITS_KEY).await;
    for options in ["", "sslmode=prefer", "sslmode=require"] {
        assert!(server.encrypts("secure", options).await, "{options}");
    }
    let refusal = server.refusal("secure", &server.verifying("right.pem")).await;
    assert!(refusal.contains("certificate"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_are_checked_and_never_shown() {
    let server = Server::start().await;
    let right = format!("ann:{PASSWORD_IN_URL}");
    assert!(server.encrypts(&right, "sslmode=require").await);
    assert!(!server.encrypts(&right, "sslmode=disable").await);
    for (user, options) in [("ann:other%20word", "sslmode=require"), ("ann:other%20word", "sslmode=disable")]
    {
        let refusal = server.refusal(user, options).await;
        assert!(refusal.contains("password authentication failed"), "{refusal}");
        assert!(!refusal.contains("other word") && !refusal.contains("other%20word"), "{refusal}");
    }
    let refusal = server.refusal("ann", "sslmode=require").await;
    assert!(refusal.contains("password missing"), "{refusal}");
}
