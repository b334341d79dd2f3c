use super::*;
use std::fs;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, SupportedProtocolVersion};

/// The machine's time: handshakes look at the real clock.
fn now() -> Timestamp {
    use landfall_domain::time::{Clock, SystemClock};
    SystemClock.now()
}

/// Connects to a server that uses `written`, as a client that trusts `authority` and asks for `host`. Gives the
/// protocol agreed on, after an exchange over the connection.
async fn connect(
    written: &Written,
    authority: &Path,
    host: &str,
    version: &'static SupportedProtocolVersion,
) -> io::Result<Option<Vec<u8>>> {
    let acceptor = tls::acceptor(&written.server_cert, &written.server_key).unwrap();
    let mut roots = RootCertStore::empty();
    for certificate in tls::read_chain(authority).unwrap() {
        roots.add(certificate).unwrap();
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];

    let (near, far) = tokio::io::duplex(64 * 1024);
    let serve = async {
        let mut stream = acceptor.accept(far).await?;
        stream.write_all(b"hello").await?;
        stream.shutdown().await
    };
    let call = async {
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, near).await?;
        let mut received = Vec::new();
        stream.read_to_end(&mut received).await?;
        assert_eq!(received, b"hello");
        Ok(stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec))
    };
    let (served, called) = tokio::join!(serve, call);
    assert_eq!(served.is_ok(), called.is_ok(), "{served:?} {called:?}");
    called
}

#[tokio::test]
async fn clients_that_trust_the_authority_accept_every_documented_name() {
    let directory = tempfile::tempdir().unwrap();
    let written = write(directory.path(), now()).unwrap();
    for host in names() {
        let protocol = connect(&written, &written.authority_cert, host, &TLS13).await.unwrap();
        assert_eq!(protocol.as_deref(), Some(b"http/1.1".as_slice()), "{host}");
    }
    connect(&written, &written.authority_cert, "console.tim.qq.com", &TLS12).await.unwrap();
}

#[tokio::test]
async fn other_names_and_clients_without_the_authority_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let written = write(directory.path(), now()).unwrap();
    for host in ["example.org", "tim.qq.com", "www.console.tim.qq.com", "127.0.0.2"] {
        let error = connect(&written, &written.authority_cert, host, &TLS13).await.unwrap_err();
        assert!(error.to_string().contains("not valid for name"), "{host}: {error}");
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let other = write(elsewhere.path(), now()).unwrap();
    connect(&written, &other.authority_cert, "console.tim.qq.com", &TLS13).await.unwrap_err();
}

#[tokio::test]
async fn renewing_keeps_the_authority_and_replaces_the_server_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("made/when/missing");
    let first = write(&out, now()).unwrap();
    let before = [&first.authority_cert, &first.authority_key, &first.server_cert, &first.server_key]
        .map(|path| fs::read(path).unwrap());
    fs::write(out.join("server.key.new"), "left by a run that was cut off").unwrap();
    // Nine years on, the authority still signs what clients of that day accept.
    let second = write(&out, Timestamp(now().0 + 9 * 365 * DAY_SECONDS)).unwrap();
    assert!(!first.authority_reused && second.authority_reused);
    let after = [&second.authority_cert, &second.authority_key, &second.server_cert, &second.server_key]
        .map(|path| fs::read(path).unwrap());
    assert_eq!(before[..2], after[..2]);
    assert_ne!(before[2], after[2]);
    assert_ne!(before[3], after[3]);

    let third = write(&out, now()).unwrap();
    connect(&third, &first.authority_cert, "console.tim.qq.com", &TLS13).await.unwrap();
    assert_eq!(fs::read_dir(&out).unwrap().count(), 4, "nothing else is left in the directory");
}

#[test]
fn an_authority_that_cannot_be_used_is_refused_and_left_alone() {
    let refused = |spoil: &dyn Fn(&Written), now: Timestamp| {
        let directory = tempfile::tempdir().unwrap();
        let written = write(directory.path(), Timestamp(1_700_000_000)).unwrap();
        spoil(&written);
        let contents = || -> Vec<_> {
            let mut files: Vec<_> =
                fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            files.into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect()
        };
        let before = contents();
        let error = write(directory.path(), now).unwrap_err();
        assert_eq!(contents(), before, "{error}");
        error
    };
    let now = Timestamp(1_700_000_000);
    let eleven_years_on = Timestamp(now.0 + 11 * 365 * DAY_SECONDS);
    let remove = |path: &Path| fs::remove_file(path).unwrap();
    let other_key = KeyPair::generate().unwrap().serialize_pem();

    let error = refused(&|files| remove(&files.authority_key), now);
    assert!(
        matches!(error, CertsError::HalfAuthority { ref absent, .. } if absent.ends_with("ca.key")),
        "{error}"
    );
    let error = refused(&|files| remove(&files.authority_cert), now);
    assert!(
        matches!(error, CertsError::HalfAuthority { ref absent, .. } if absent.ends_with("ca.pem")),
        "{error}"
    );
    let error = refused(&|files| fs::write(&files.authority_key, "no key").unwrap(), now);
    assert!(matches!(error, CertsError::AuthorityKey { .. }), "{error}");
    let error = refused(&|files| fs::write(&files.authority_cert, "no certificate").unwrap(), now);
    assert!(matches!(error, CertsError::AuthorityCert(_)), "{error}");
    let error = refused(&|files| fs::write(&files.authority_key, &other_key).unwrap(), now);
    assert!(matches!(error, CertsError::AuthorityRefused { .. }), "{error}");
    // Without its authority a certificate may belong to another program.
    let both: &dyn Fn(&Written) = &|files| {
        remove(&files.authority_cert);
        remove(&files.authority_key);
    };
    let error = refused(both, now);
    assert!(matches!(error, CertsError::Occupied(ref path) if path.ends_with("server.pem")), "{error}");
    let error = refused(&|_| (), eleven_years_on);
    assert!(matches!(error, CertsError::AuthorityRefused { .. }), "{error}");
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = write(&file.join("certs"), now()).unwrap_err();
    assert!(error.to_string().contains("file/certs"), "{error}");
}

#[cfg(unix)]
#[test]
fn keys_can_be_read_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let written = write(directory.path(), now()).unwrap();
        for key in [&written.authority_key, &written.server_key] {
            assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600, "{}", key.display());
        }
    }
}

#[test]
fn instructions_name_the_files_and_every_host() {
    let directory = tempfile::tempdir().unwrap();
    let written = write(directory.path(), now()).unwrap();
    let text = instructions(&written);
    for host in DOCUMENTED_HOSTS {
        assert!(text.contains(host), "{host}");
    }
    assert!(text.contains("\n   127.0.0.1 console.tim.qq.com "), "{text}");
    for path in [&written.authority_cert, &written.authority_key, &written.server_cert, &written.server_key] {
        assert!(text.contains(&path.display().to_string()), "{text}");
    }
    // As they are written in a configuration, wherever that lies, and typed in a shell.
    let cert = std::path::absolute(&written.server_cert).unwrap();
    assert!(text.contains(&format!("\n   cert = \"{}\"\n", cert.display())), "{text}");
    let odd =
        Written { authority_cert: "my certs/ca.pem".into(), server_cert: "it's\"odd.pem".into(), ..written };
    let text = instructions(&odd);
    assert!(text.contains("cp 'my certs/ca.pem' /usr/local"), "{text}");
    let line = text.lines().find_map(|line| line.strip_prefix("   cert = ")).unwrap();
    let cert: toml::Table = format!("cert = {line}").parse().unwrap();
    assert!(cert["cert"].as_str().unwrap().ends_with("/it's\"odd.pem"), "{line}");
    assert!(text.contains("update-ca-certificates"));
    let renewed = instructions(&write(directory.path(), now()).unwrap());
    assert!(renewed.contains("need no change") && !renewed.contains("update-ca-certificates"), "{renewed}");
}

#[test]
fn no_moment_is_too_far_to_be_written() {
    for now in [Timestamp(0), Timestamp(LAST_SECOND), Timestamp(u64::MAX)] {
        let params = server_params(now).unwrap();
        assert!(params.not_before <= params.not_after, "{now:?}");
    }
}
