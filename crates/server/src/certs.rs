//! A local authority and a server certificate, so that clients that insist on the documented host names over TLS
//! can be pointed here by DNS or a hosts file.

use crate::shell;
use crate::tls::{self, TlsError};
use landfall_domain::time::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{self, RootCertStore};

/// The hosts of the documented service, main and backup, of every region. [doc]
pub const DOCUMENTED_HOSTS: [&str; 16] = [
    "console.tim.qq.com",
    "adminapi.my-imcloud.com",
    "adminapisgp.im.qcloud.com",
    "adminapisgp.my-imcloud.com",
    "adminapikr.im.qcloud.com",
    "adminapikr.my-imcloud.com",
    "adminapijpn.im.qcloud.com",
    "adminapiger.im.qcloud.com",
    "adminapiger.my-imcloud.com",
    "adminapiind.im.qcloud.com",
    "adminapiind.my-imcloud.com",
    "adminapiusa.im.qcloud.com",
    "adminapiusa.my-imcloud.com",
    "adminapiidn.im.qcloud.com",
    "adminapiidn.my-imcloud.com",
    "adminapiksa.im.qcloud.com",
];

/// The names of this machine.
const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The domains of [`DOCUMENTED_HOSTS`] and this machine: the only names the authority can vouch for, so that its
/// key, should it leak, is of no use against the rest of the web.
const AUTHORITY_DOMAINS: [&str; 4] = ["tim.qq.com", "im.qcloud.com", "my-imcloud.com", "localhost"];

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// Clients refuse a longer validity; 398 days is the usual limit, and one hour goes to clocks that are behind.
const SERVER_DAYS: u64 = 397;

/// Ten years, leap days included.
const AUTHORITY_DAYS: u64 = 3652;

/// How long before `now` certificates become valid, for clients whose clock is behind.
const CLOCK_SKEW_SECONDS: u64 = 60 * 60;

/// The end of the year 9999: no later moment can be written in a certificate.
const LAST_SECOND: u64 = 253_402_300_799;

/// The files that [`write`](fn@write) made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Certificate of the authority, for clients to trust.
    pub authority_cert: PathBuf,
    /// Key of the authority. Only needed to renew the server certificate.
    pub authority_key: PathBuf,
    /// Certificate of the server, followed by that of the authority.
    pub server_cert: PathBuf,
    /// Key of the server.
    pub server_key: PathBuf,
    /// Whether the authority existed before: clients that trust it need no change.
    pub authority_reused: bool,
}

/// The reason why no certificates were made. An existing authority is never changed.
#[derive(Debug, thiserror::Error)]
pub enum CertsError {
    /// A file or the directory cannot be written.
    #[error("cannot write {}", path.display())]
    Unwritable {
        /// The file or directory.
        path: PathBuf,
        source: io::Error,
    },
    /// Half an authority: making the other half would overwrite or orphan this one.
    #[error(
        "{} is there, but {} is not: restore it, or remove the former to make a new authority",
        present.display(), absent.display()
    )]
    HalfAuthority {
        /// The file that exists.
        present: PathBuf,
        /// The file that does not.
        absent: PathBuf,
    },
    /// A certificate or key that may not be of this program would be overwritten.
    #[error(
        "{} is there without an authority of this program beside it: choose another directory, or remove it to make a new \
         certificate and a new authority",
        .0.display()
    )]
    Occupied(PathBuf),
    /// The certificate of the authority cannot be read.
    #[error("the authority cannot be used")]
    AuthorityCert(#[source] TlsError),
    /// The key of the authority cannot be read.
    #[error("{} cannot be used as the key of the authority: {problem}", path.display())]
    AuthorityKey {
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A client that trusts the authority would refuse its certificates: it has expired, has another key, or
    /// was not made by this program.
    #[error(
        "what the authority in {} signs would be refused by clients; if it has expired or is not one that this \
         program made, choose another directory or remove it",
        path.display()
    )]
    AuthorityRefused {
        /// The certificate of the authority.
        path: PathBuf,
        /// The error of a client.
        source: rustls::Error,
    },
    /// A certificate cannot be made.
    #[error("cannot make a certificate")]
    Making(#[from] rcgen::Error),
}

/// Writes `ca.pem`, `ca.key`, `server.pem` and `server.key` into `out`, which is created if missing.
///
/// An authority found there is kept and only the server certificate is renewed, so clients that trust the
/// authority keep working; clients must be made to trust a new authority. The server certificate is valid for 397 days
/// from `now`, the authority for ten years. Keys can be read by their owner only.
///
/// # Errors
/// A [`CertsError`]; an existing server certificate is then unchanged.
pub fn write(out: &Path, now: Timestamp) -> Result<Written, CertsError> {
    std::fs::create_dir_all(out).map_err(|source| CertsError::Unwritable { path: out.to_owned(), source })?;
    let mut written = Written {
        authority_cert: out.join("ca.pem"),
        authority_key: out.join("ca.key"),
        server_cert: out.join("server.pem"),
        server_key: out.join("server.key"),
        authority_reused: false,
    };
    let key = match (written.authority_cert.exists(), written.authority_key.exists()) {
        (true, true) => {
            written.authority_reused = true;
            read_authority_key(&written.authority_key)?
        }
        (false, false) => {
            let kept = [&written.server_cert, &written.server_key].into_iter().find(|path| path.exists());
            if let Some(kept) = kept {
                return Err(CertsError::Occupied(kept.clone()));
            }
            make_authority(&written, now)?
        }
        (true, false) => return Err(half(written.authority_cert, written.authority_key)),
        (false, true) => return Err(half(written.authority_key, written.authority_cert)),
    };
    let trusted = tls::read_chain(&written.authority_cert).map_err(CertsError::AuthorityCert)?;
    let issuer = Issuer::new(authority_params(now), key);
    let server_key = KeyPair::generate()?;
    let server = server_params(now)?.signed_by(&server_key, &issuer)?;
    check(server.der(), &trusted, now)
        .map_err(|source| CertsError::AuthorityRefused { path: written.authority_cert.clone(), source })?;

    let authority_pem = std::fs::read_to_string(&written.authority_cert)
        .map_err(|source| TlsError::Unreadable { path: written.authority_cert.clone(), source })
        .map_err(CertsError::AuthorityCert)?;
    replace(&written.server_key, &server_key.serialize_pem(), Access::OwnerOnly)?;
    replace(&written.server_cert, &(server.pem() + &authority_pem), Access::Everyone)?;
    Ok(written)
}

/// Instructions for the terminal on how to use the files.
#[must_use]
pub fn instructions(written: &Written) -> String {
    let authority = shell::quoted(&written.authority_cert.display().to_string());
    // Absolute, because relative paths of a configuration start at its own folder.
    let setting = |path: &Path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        toml::Value::from(path.to_string_lossy().into_owned())
    };
    let trust = if written.authority_reused {
        format!("The authority {authority} was kept: clients that trust it need no change.")
    } else {
        format!(
            "1. Let clients trust the new authority {authority}:\n\
             \x20  Debian, Ubuntu   cp {authority} /usr/local/share/ca-certificates/landfall.crt && update-ca-certificates\n\
             \x20  curl             --cacert {authority}\n\
             \x20  Node             NODE_EXTRA_CA_CERTS={authority}\n\
             \x20  Python requests  REQUESTS_CA_BUNDLE={authority}\n\
             \x20  Java             keytool -importcert -cacerts -alias landfall -file {authority}"
        )
    };
    format!(
        "{trust}\n\
         2. Send the documented host names here, by DNS or a line in the clients' /etc/hosts\n\
         \x20  (127.0.0.1 stands for the address of this server):\n\
         \x20  127.0.0.1 {hosts}\n\
         3. Name the certificate in the configuration, and let the server listen on port 443:\n\
         \x20  [tls]\n\
         \x20  cert = {cert}\n\
         \x20  key = {key}\n\
         The server certificate ends after {SERVER_DAYS} days; run this again to renew it.\n\
         {authority_key} is only needed for that: keep it away from the server if you can.\n",
        hosts = DOCUMENTED_HOSTS.join(" "),
        cert = setting(&written.server_cert),
        key = setting(&written.server_key),
        authority_key = written.authority_key.display(),
    )
}

fn half(present: PathBuf, absent: PathBuf) -> CertsError {
    CertsError::HalfAuthority { present, absent }
}

fn read_authority_key(path: &Path) -> Result<KeyPair, CertsError> {
    let unusable = |problem: String| CertsError::AuthorityKey { path: path.to_owned(), problem };
    let pem = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    KeyPair::from_pem(&pem).map_err(|error| unusable(error.to_string()))
}

fn make_authority(files: &Written, now: Timestamp) -> Result<KeyPair, CertsError> {
    let key = KeyPair::generate()?;
    let authority = authority_params(now).self_signed(&key)?;
    create(&files.authority_key, &key.serialize_pem(), Access::OwnerOnly)?;
    create(&files.authority_cert, &authority.pem(), Access::Everyone)?;
    Ok(key)
}

fn authority_params(now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    // The name never changes: a renewed server certificate must name the authority made earlier.
    params.distinguished_name.push(DnType::CommonName, "Landfall local authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let domains = AUTHORITY_DOMAINS.iter().map(|domain| GeneralSubtree::DnsName((*domain).to_owned()));
    let loopback = [
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8)),
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(IpAddr::V6(Ipv6Addr::LOCALHOST), 128)),
    ];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: domains.chain(loopback).collect(),
        excluded_subtrees: Vec::new(),
    });
    set_validity(&mut params, now, AUTHORITY_DAYS);
    params
}

fn server_params(now: Timestamp) -> Result<CertificateParams, CertsError> {
    let names: Vec<String> = names().map(str::to_owned).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "Landfall server");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, now, SERVER_DAYS);
    Ok(params)
}

fn names() -> impl Iterator<Item = &'static str> {
    LOCAL_NAMES.into_iter().chain(DOCUMENTED_HOSTS)
}

fn set_validity(params: &mut CertificateParams, now: Timestamp, days: u64) {
    let epoch = date_time_ymd(1970, 1, 1);
    let at = |second: u64| epoch + Duration::from_secs(second.min(LAST_SECOND));
    params.not_before = at(now.0.saturating_sub(CLOCK_SKEW_SECONDS));
    params.not_after = at(now.0.saturating_add(days * DAY_SECONDS));
}

/// Verifies the new certificate as a client that trusts `trusted` would, under each of its names.
fn check(
    server: &CertificateDer<'_>,
    trusted: &[CertificateDer<'static>],
    now: Timestamp,
) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    for certificate in trusted {
        roots.add(certificate.clone())?;
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now.0));
    let look = |certificate: &CertificateDer<'_>, name: &'static str| {
        let name = ServerName::try_from(name).map_err(|error| rustls::Error::General(error.to_string()))?;
        verifier.verify_server_cert(certificate, &[], &name, &[], now).map(|_| ())
    };
    for name in names() {
        look(server, name)?;
    }
    for authority in trusted {
        // This verifier trusts a root whatever its dates, but other clients do not. Used as a server certificate, an authority
        // is always refused; an expired one is refused for its dates.
        if let Err(error) = look(authority, "localhost")
            && is_about_dates(&error)
        {
            return Err(error);
        }
    }
    Ok(())
}

fn is_about_dates(error: &rustls::Error) -> bool {
    use rustls::CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    let rustls::Error::InvalidCertificate(problem) = error else { return false };
    matches!(problem, Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. })
}

#[derive(Clone, Copy)]
enum Access {
    OwnerOnly,
    Everyone,
}

/// Writes a file that must not exist yet.
fn create(path: &Path, content: &str, access: Access) -> Result<(), CertsError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(match access {
            Access::OwnerOnly => 0o600,
            Access::Everyone => 0o644,
        });
    }
    options
        .open(path)
        .and_then(|mut file| file.write_all(content.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|source| CertsError::Unwritable { path: path.to_owned(), source })
}

/// Writes a whole file beside `path` and then renames it, so that a reader sees the old or the new one.
fn replace(path: &Path, content: &str, access: Access) -> Result<(), CertsError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // Left by a run that was interrupted.
    if beside.exists() {
        std::fs::remove_file(&beside)
            .map_err(|source| CertsError::Unwritable { path: beside.clone(), source })?;
    }
    create(&beside, content, access)?;
    std::fs::rename(&beside, path).map_err(|source| CertsError::Unwritable { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests;
