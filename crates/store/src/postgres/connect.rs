//! Connecting: encryption, the settings of a session, the pool.

use super::layout::Layout;
use super::locks;
use super::reach::Warnings;
use super::settings::{Encryption, Settings};
use deadpool_postgres::{
    Connect, Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts,
};
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{self, CryptoProvider};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
};

/// Longest wait for a connection of the pool, and for a new one.
const CONNECTION_WAIT: Duration = Duration::from_millis(1_500);

/// Sent on every new connection.
///
/// `plan_cache_mode`: a plan made while a table was small looks through all rows of an app, and would be kept while
/// the table grows. `enable_…`: each statement finds its rows by a key, and a page of a copy finds owners by theirs
/// instead of reading all members up to them. `synchronous_commit`: acknowledged writes are on the disk; an operator
/// may ask for more than `on`, not for less.
const SESSION: &str = "
    SET statement_timeout = '2s';
    SET lock_timeout = '2s';
    SET idle_in_transaction_session_timeout = '5s';
    SET plan_cache_mode = force_custom_plan;
    SET enable_seqscan = off;
    SET enable_mergejoin = off;
    SET enable_hashjoin = off;
    SET client_min_messages = warning;
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// The same for Citus, sent after [`SESSION`].
///
/// `propagate_set_commands`: the settings of a transaction reach the nodes it uses. `multi_shard_modify_mode`: one
/// connection to each node, instead of one for each shard. `node_connection_timeout`, in milliseconds: a node that does
/// not answer fails a call before its caller gives up.
const SESSION_ON_CITUS: &str = "
    SET citus.propagate_set_commands = 'local';
    SET citus.multi_shard_modify_mode = 'sequential';
    SET citus.node_connection_timeout = 1000";

/// What other nodes than the one connected to learn of [`SESSION`]: with each transaction.
pub(super) const OF_TRANSACTIONS: &str = "
    SET LOCAL lock_timeout = '2s';
    SET LOCAL enable_seqscan = off;
    SET LOCAL enable_mergejoin = off;
    SET LOCAL enable_hashjoin = off";

/// Why the authorities that vouch for the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    /// The file cannot be read, or holds no certificate.
    #[error("sslrootcert {}: {why}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        why: String,
    },
    /// The machine has no list of trusted authorities.
    #[error("this machine has no list of authorities; name a file with sslrootcert")]
    None,
}

/// The TLS settings; the URL decides whether TLS is used.
pub(super) fn tls(settings: &Settings) -> Result<MakeRustlsConnect, AuthoritiesError> {
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("the provider has the cipher suites of both versions");
    let config = match &settings.encryption {
        Encryption::Never | Encryption::Unverified => {
            let accept_any = Arc::new(AcceptAnyCertificate(provider));
            builder.dangerous().with_custom_certificate_verifier(accept_any).with_no_client_auth()
        }
        Encryption::Verified(file) => {
            builder.with_root_certificates(authorities(file.as_deref())?).with_no_client_auth()
        }
    };
    Ok(MakeRustlsConnect::new(config))
}

fn authorities(file: Option<&Path>) -> Result<RootCertStore, AuthoritiesError> {
    let mut store = RootCertStore::empty();
    let Some(file) = file else {
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return if store.is_empty() { Err(AuthoritiesError::None) } else { Ok(store) };
    };
    let wrong = |why: String| AuthoritiesError::File { file: file.to_owned(), why };
    let found = CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))?;
    for certificate in found {
        let added = certificate.map_err(|error| error.to_string());
        added
            .and_then(|certificate| store.add(certificate).map_err(|error| error.to_string()))
            .map_err(wrong)?;
    }
    if store.is_empty() { Err(wrong("holds no certificate".to_owned())) } else { Ok(store) }
}

/// Takes any certificate: `sslmode=require` asks for encryption, not for proof, as PostgreSQL's own clients do. That of a
/// server that made its own may be of version 1 of X.509, which the library does not read.
#[derive(Debug)]
struct AcceptAnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    // Whose key it is does not matter, so a signature by it proves nothing; and a certificate may be too old to be read.
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A connection outside the pool, driven until the client is dropped.
pub(super) async fn client(
    settings: &Settings,
    tls: &MakeRustlsConnect,
) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = settings.config.connect(tls.clone()).await?;
    // The client gets the error as well.
    tokio::spawn(async { drop(connection.await) });
    Ok(client)
}

/// Opens connections and counts what the database warns of.
struct Watched {
    tls: MakeRustlsConnect,
    warnings: Warnings,
}

impl Connect for Watched {
    fn connect(
        &self,
        config: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), tokio_postgres::Error>> + Send + '_>>
    {
        let config = config.clone();
        Box::pin(async move {
            let (client, mut connection) = config.connect(self.tls.clone()).await?;
            let warnings = self.warnings.clone();
            let driven = tokio::spawn(async move {
                // The client gets an error as well.
                while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                    // Those of Citus about other nodes have no code of their own.
                    if let AsyncMessage::Notice(notice) = message
                        && *notice.code() == SqlState::WARNING
                    {
                        tracing::warn!(why = notice.message(), "the database warns: {}", notice.message());
                        warnings.add();
                    }
                }
            });
            Ok((client, driven))
        })
    }
}

/// A pool of connections, each opened when it is first needed. Each connection of a server that is `serving` holds the
/// lock that keeps copies away: even if the server dies, none of them writes during a copy.
pub(super) fn pool(
    settings: &Settings,
    tls: MakeRustlsConnect,
    serving: bool,
    layout: Layout,
    warnings: &Warnings,
) -> Pool {
    // A connection that was closed is noticed without asking the database.
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let connect = Watched { tls, warnings: warnings.clone() };
    let manager = Manager::from_connect(settings.config.clone(), connect, recycling);
    let wait = Some(CONNECTION_WAIT);
    // One connection of the allowed ones listens.
    Pool::builder(manager)
        .max_size(settings.connections - 1)
        .runtime(Runtime::Tokio1)
        .timeouts(Timeouts { wait, create: wait, recycle: wait })
        .post_create(Hook::async_fn(move |client, _| {
            Box::pin(async move {
                client.batch_execute(SESSION).await.map_err(HookError::Backend)?;
                if layout == Layout::Spread {
                    client.batch_execute(SESSION_ON_CITUS).await.map_err(HookError::Backend)?;
                }
                if serving && !locks::try_serving(client).await.map_err(HookError::Backend)? {
                    return Err(HookError::message("the database is being copied"));
                }
                Ok(())
            })
        }))
        .build()
        .expect("a runtime is named")
}
