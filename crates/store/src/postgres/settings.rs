//! The address of a database, and how to connect to it.

use percent_encoding::percent_decode_str;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};

/// Connections a server opens at most, unless configured.
pub const CONNECTIONS_DEFAULT: usize = 16;
/// The fewest a server works with: one that listens, one that works.
pub const CONNECTIONS_MIN: usize = 2;

/// How long one address may take to accept a connection, unless the address says otherwise.
const CONNECT_TIME: Duration = Duration::from_secs(1);
/// How long sent bytes may stay unacknowledged before the connection counts as dead.
const DEAD_AFTER: Duration = Duration::from_secs(2);

/// Options of the address that are taken.
const OPTIONS: [&str; 4] = ["sslmode", "sslrootcert", "application_name", "connect_timeout"];

/// Where the database is and how to connect to it. Never prints the password.
#[derive(Clone)]
pub struct Settings {
    pub(super) config: Config,
    pub(super) encryption: Encryption,
    pub(super) connections: usize,
    shown: String,
}

/// How the connection to the database is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// `disable`.
    Never,
    /// `prefer` and `require`: encrypted, by whomever; without encryption only when `prefer` allows it.
    Unverified,
    /// `verify-full`: encrypted, by a host whose certificate leads to these authorities, or to the machine's.
    Verified(Option<PathBuf>),
}

/// A problem with the address of a database; never quotes it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingsProblem(pub String);

impl Settings {
    /// Reads `postgres://user:password@host:port/database?option=value`, several hosts separated by commas.
    ///
    /// Options are `sslmode` (`disable`, `prefer`, `require` or `verify-full`; `prefer` when it is not given),
    /// `sslrootcert` (a file of authorities, PEM), `application_name` and `connect_timeout` (seconds for each host).
    /// Of several hosts, the first that takes writes is used.
    ///
    /// # Errors
    pub fn parse(url: &str) -> Result<Self, SettingsProblem> {
        let (address, options) = url.split_once('?').unwrap_or((url, ""));
        if !address.starts_with("postgres://") && !address.starts_with("postgresql://") {
            return Err(problem("must start with postgres://"));
        }
        let mut config = Config::from_str(address).map_err(|_| {
            problem("is no address of a database: postgres://user:password@host:port/database is expected")
        })?;
        if config.get_hosts().is_empty() {
            return Err(problem("names no host"));
        }
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.application_name("landfall").connect_timeout(CONNECT_TIME).tcp_user_timeout(DEAD_AFTER);
        config.keepalives_idle(DEAD_AFTER).keepalives_interval(DEAD_AFTER).keepalives_retries(2);
        let mut mode = "prefer".to_owned();
        let mut authorities = None;
        for option in options.split('&').filter(|option| !option.is_empty()) {
            let (key, value) = option.split_once('=').unwrap_or((option, ""));
            let value = percent_decode_str(value)
                .decode_utf8()
                .map_err(|_| problem("holds text that is not UTF-8"))?;
            match key {
                "sslmode" => mode = value.into_owned(),
                "sslrootcert" => authorities = Some(PathBuf::from(value.as_ref())),
                "application_name" => drop(config.application_name(value.as_ref())),
                "connect_timeout" => drop(config.connect_timeout(seconds(&value)?)),
                _ => {
                    let known = OPTIONS.join(", ");
                    return Err(problem(&format!("has an option that is not known; known are {known}")));
                }
            }
        }
        let (ssl, encryption) = encryption(&mode, authorities)?;
        config.ssl_mode(ssl);
        let shown = shown(&config);
        Ok(Self { config, encryption, connections: CONNECTIONS_DEFAULT, shown })
    }

    /// With at most so many connections, at least [`CONNECTIONS_MIN`].
    #[must_use]
    pub fn with_connections(self, connections: usize) -> Self {
        Self { connections: connections.max(CONNECTIONS_MIN), ..self }
    }

    /// With a relative `sslrootcert` led from `folder`.
    #[must_use]
    pub fn within(self, folder: &Path) -> Self {
        let encryption = match self.encryption {
            Encryption::Verified(Some(file)) => Encryption::Verified(Some(folder.join(file))),
            other @ (Encryption::Never | Encryption::Unverified | Encryption::Verified(None)) => other,
        };
        Self { encryption, ..self }
    }
}

fn problem(text: &str) -> SettingsProblem {
    SettingsProblem(text.to_owned())
}

fn seconds(value: &str) -> Result<Duration, SettingsProblem> {
    let seconds = value.parse().ok().filter(|seconds| (1..=60).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| problem("connect_timeout must be 1 to 60 seconds"))
}

fn encryption(mode: &str, authorities: Option<PathBuf>) -> Result<(SslMode, Encryption), SettingsProblem> {
    let encryption = match mode {
        "disable" => (SslMode::Disable, Encryption::Never),
        "prefer" => (SslMode::Prefer, Encryption::Unverified),
        "require" => (SslMode::Require, Encryption::Unverified),
        "verify-full" => return Ok((SslMode::Require, Encryption::Verified(authorities))),
        _ => return Err(problem("sslmode must be disable, prefer, require or verify-full")),
    };
    if authorities.is_some() {
        return Err(problem("sslrootcert is used by sslmode=verify-full only"));
    }
    Ok(encryption)
}

/// The address for people: without user, password and options.
fn shown(config: &Config) -> String {
    use tokio_postgres::config::Host;
    let ports = config.get_ports();
    let hosts = config.get_hosts().iter().enumerate().map(|(index, host)| {
        let host = match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        };
        match ports.get(index).or(ports.first()) {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    });
    let hosts: Vec<_> = hosts.collect();
    format!("postgres://{}/{}", hosts.join(","), config.get_dbname().unwrap_or_default())
}

impl fmt::Display for Settings {
    /// Hosts and database only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown_without_secrets() {
        let settings =
            Settings::parse("postgres://ann:s3cret@db1:5433,db2:5434/chat?connect_timeout=3").unwrap();
        assert_eq!(settings.to_string(), "postgres://db1:5433,db2:5434/chat");
        assert_eq!(format!("{settings:?}"), "postgres://db1:5433,db2:5434/chat");
        assert_eq!(settings.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        assert_eq!(settings.encryption, Encryption::Unverified);
        assert_eq!(settings.config.get_ssl_mode(), SslMode::Prefer);
        let verified =
            Settings::parse("postgresql://db/chat?sslmode=verify-full&sslrootcert=/etc/my%20ca.pem").unwrap();
        assert_eq!(verified.encryption, Encryption::Verified(Some("/etc/my ca.pem".into())));
        assert_eq!(verified.config.get_ssl_mode(), SslMode::Require);
        let relative = "postgres://db/chat?sslmode=verify-full&sslrootcert=ca.pem";
        let relative = Settings::parse(relative).unwrap().within(Path::new("/etc/landfall"));
        assert_eq!(relative.encryption, Encryption::Verified(Some("/etc/landfall/ca.pem".into())));
        assert_eq!(verified.clone().with_connections(0).connections, CONNECTIONS_MIN);
    }

    #[test]
    fn what_is_wrong_is_said_without_quoting_it() {
        for (url, expected) in [
            ("mysql://u:hidden@h/d", "must start with postgres://"),
            ("postgres://u:hidden@/d", "names no host"),
            ("postgres://u:hidden@h:port/d", "is no address of a database"),
            ("postgres://u:p?hidden@h/d", "is no address of a database"),
            ("postgres://u@h/d?hidden=1", "has an option that is not known"),
            ("postgres://u:hidden@h/d?sslmode=verify-ca", "sslmode must be"),
            ("postgres://u:hidden@h/d?sslmode=require&sslrootcert=/x", "verify-full only"),
            ("postgres://u:hidden@h/d?connect_timeout=0", "1 to 60"),
            ("postgres://u:hidden@h/d?application_name=%ff", "not UTF-8"),
        ] {
            let problem = Settings::parse(url).unwrap_err().to_string();
            assert!(problem.contains(expected) && !problem.contains("hidden"), "{url}: {problem}");
        }
    }
}
