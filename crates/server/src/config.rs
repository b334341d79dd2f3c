//! The configuration: a commented default that is compiled in, a file over it, environment variables over both.
//!
//! All problems are found in one pass and reported with the key, its origin, and what is allowed.
//! Nothing here reads the environment of the process: the caller passes the variables.

mod events;
mod files;
mod level;
mod page;
mod paths;
mod problem;
mod read;
mod secrets;
mod section;
mod source;
#[cfg(test)]
mod tests;
mod webhook;

pub use files::{BucketConfig, FilesConfig, FilesPlace};
pub use page::page;
pub use problem::{Origin, Problem, Problems};

use crate::network::Exempt;
use crate::secret::Secret;
use crate::usersig::SecretKey;
use crate::webhook::token::Token;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::fields::{FieldRule, UserFieldRule};
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::limits::Limits;
use landfall_store::postgres::Settings;
use reqwest::Url;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The commented default configuration: the lowest layer, and the documentation of every setting.
pub const DEFAULT: &str = include_str!("default.toml");

/// All settings. Holds keys, which print as `***`.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address and port the server listens on; with port 0 the system chooses one.
    pub listen: SocketAddr,
    /// Address and port of `/metrics`; `None`: metrics are not served.
    pub metrics: Option<SocketAddr>,
    /// Pages for people who run the server.
    pub console: ConsoleConfig,
    /// The store of the data.
    pub store: StoreUrl,
    /// Folder of the files that import jobs bring in; `None`: in the data directory of the embedded store, nowhere with
    /// PostgreSQL.
    pub imports: Option<PathBuf>,
    /// How servers over one store notify each other.
    pub events: EventsConfig,
    /// The apps, at least one, no number twice.
    pub apps: Vec<AppConfig>,
    /// Limits of requests.
    pub limits: LimitsConfig,
    /// What import calls do with unknown accounts.
    pub unknown_accounts: UnknownAccounts,
    /// Certificate and key for HTTPS; `None`: HTTP.
    pub tls: Option<TlsConfig>,
    /// Limits of connections.
    pub http: HttpConfig,
    /// Limits of connected clients.
    pub clients: ClientsConfig,
    /// Files that messages refer to.
    pub files: FilesConfig,
    /// Format and level of the log.
    pub log: LogConfig,
}

/// Pages for people who run the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleConfig {
    /// Whether there is one.
    pub enabled: bool,
    /// An address of its own; `None`: it is served at that of everything else.
    pub listen: Option<SocketAddr>,
    /// The password of an administrator to be made where there are no users. No setting: the quickstart makes one.
    pub first_password: Option<Secret>,
}

/// Where the data is kept.
#[derive(Clone, Debug)]
pub enum StoreUrl {
    /// `embedded:DIRECTORY`: this directory, which belongs to one running server.
    Embedded(PathBuf),
    /// `postgres://...`: this database, which any number of servers may share.
    Postgres(Box<Settings>),
}

impl StoreUrl {
    /// The store at the URL `text`.
    ///
    /// # Errors
    /// The problem with the URL. Never quotes it, because it can hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(directory) = text.strip_prefix("embedded:").filter(|directory| !directory.is_empty()) {
            if directory.starts_with("//") && !directory.starts_with("///") {
                return Err(
                    "must have no // before a directory: embedded:./data, or embedded:/var/lib/landfall"
                        .to_owned(),
                );
            }
            return paths::written(directory).map(Self::Embedded);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let settings = Settings::parse(text).map_err(|problem| problem.to_string())?;
            return Ok(Self::Postgres(Box::new(settings)));
        }
        Err("must be embedded:DIRECTORY, such as \"embedded:./data\", or postgres://USER:PASSWORD@HOST/DATABASE"
            .to_owned())
    }
}

/// How servers over one store notify each other of what their clients must receive.
#[derive(Clone, Debug)]
pub struct EventsConfig {
    /// NATS, if it carries the events; `None`: the shared database does. Ignored with the embedded store, which has one server.
    pub nats: Option<NatsConfig>,
}

/// NATS servers and how to use them. The login prints as `***`.
#[derive(Clone, Debug)]
pub struct NatsConfig {
    /// One server, or several of one cluster: `nats` or `tls`, host and port, without user and password.
    pub servers: Vec<Url>,
    /// The login for all of them; `None`: without a login.
    pub login: Option<NatsLogin>,
    /// The subject that this installation publishes on.
    pub subject: String,
}

/// The login for NATS servers. Prints as `***`, so that no log or error can contain it.
#[derive(Clone, PartialEq, Eq)]
pub enum NatsLogin {
    Token(String),
    User { name: String, password: String },
}

#[derive(Clone, Debug)]
pub struct AppConfig {
    /// Its SDKAppID, not 0.
    pub id: AppId,
    /// The key that its UserSigs are signed with.
    pub key: SecretKey,
    /// Accounts that may call the REST API, at least one.
    pub admins: Vec<UserId>,
    /// Custom fields of groups that it has switched on.
    pub group_fields: Vec<FieldRule>,
    /// Custom fields of group members that it has switched on; none has a key of `group_fields`.
    pub member_fields: Vec<FieldRule>,
    /// Custom fields of accounts that it has switched on.
    pub user_fields: Vec<UserFieldRule>,
    /// Custom fields of friends that it has switched on.
    pub friend_fields: Vec<UserFieldRule>,
    /// Days to keep messages of groups; 0, the default: indefinitely. [choice]
    pub message_days: u32,
    /// The receiver of its webhooks; `None`: it has none.
    pub webhook: Option<WebhookConfig>,
}

/// The receiver of one app's webhooks, the "third-party callbacks" of the API. Its token prints as `***`.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// The URL that events are posted to: http or https, without user, query and fragment. The server adds the query.
    pub url: Url,
    /// Signs the requests; `None`: they are not signed.
    pub token: Option<Token>,
    /// The events that are sent.
    pub events: Events,
    /// Whether addresses of this machine and of private networks may be called. Off by default: whoever could choose the
    /// URL would reach services that only this machine can reach. [choice]
    pub allow_private: bool,
    /// What happens to a call whose before-event got no usable answer.
    pub on_timeout: OnTimeout,
    /// Seconds to wait before each retry of an after-event: 1 to 86,400, at most 50 of them. Empty:
    /// no retries. The cloud does not document its own. [choice]
    pub retry_seconds: Vec<u32>,
    /// PEM file of the only authorities trusted for the receiver; `None`: those that this machine trusts.
    pub ca: Option<PathBuf>,
    /// The client certificate for a receiver that asks for one.
    pub client: Option<TlsConfig>,
}

impl WebhookConfig {
    /// Whether the event called `command`, such as `Group.CallbackAfterCreateGroup`, is sent.
    #[must_use]
    pub fn wants(&self, command: &str) -> bool {
        match &self.events {
            Events::All => true,
            Events::Named(names) => names.contains(command),
        }
    }
}

/// The events that are sent. Events of topics have switches of their own, unlike in the cloud's console. [choice]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Events {
    All,
    /// These, at least one, each of [`caused`](crate::webhook::events::caused).
    Named(BTreeSet<&'static str>),
}

/// What happens to a call whose before-event got no usable answer, whether late or wrong. [choice]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTimeout {
    /// The call continues as if the receiver had allowed it. [doc]
    Allow,
    Refuse,
}

/// Limits of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Sizes and counts, by `mode`.
    pub limits: Limits,
    /// Calls of one command by one app in a second; 0: no limit.
    pub calls_per_second: u32,
    /// Whether all servers over one database count these calls together instead of each by itself.
    pub shared: bool,
}

/// Certificate and key of one side of HTTPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// PEM file of the certificate chain.
    pub cert: PathBuf,
    /// PEM file of the private key.
    pub key: PathBuf,
}

/// Limits of connections. None of them is 0, except `drain_seconds_max`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// Largest body of a request, bytes.
    pub body_bytes_max: usize,
    /// Connections at a time.
    pub connections_max: usize,
    /// Connections at a time from one address.
    pub connections_per_address_max: usize,
    /// Addresses to which no limit per address applies.
    pub exempt_addresses: Exempt,
    /// Seconds to send the head of a request.
    pub head_seconds_max: u64,
    /// Seconds to send the body of a request.
    pub body_seconds_max: u64,
    /// Seconds a connection may stay open without a request.
    pub idle_seconds_max: u64,
    /// Seconds that running requests get to finish when the server is stopped.
    pub drain_seconds_max: u64,
}

/// Limits of connected clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientsConfig {
    /// Clients that may be connected at a time, not 0.
    pub connections_max: usize,
}

/// The log, on standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    pub format: LogFormat,
    /// Filter directives of `tracing-subscriber`, such as `info` or `info,landfall=debug`: a level for everything, then
    /// levels of single parts.
    pub level: String,
}

/// The format of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    /// One JSON object a line.
    Json,
}

/// A file of this name in the current directory is most likely meant to be read.
const USUAL_FILE: &str = "landfall.toml";

/// Reads the configuration: `file` over the default, `variables` over both. Variables whose names do not start with
/// `LANDFALL__` are ignored, unless they are a misspelt setting. Relative paths start at the folder of
/// `file`, those in variables at the current directory.
///
/// # Errors
/// All problems, an unreadable file included.
pub fn load(
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Config, Problems> {
    let Some(path) = file else {
        if Path::new(USUAL_FILE).exists() {
            let text = format!(
                "{USUAL_FILE} is in this directory, but is read only when it is named: --config {USUAL_FILE}; \
                 to run without a file, use --config /dev/null"
            );
            return Err(Problems::one(Problem::unplaced("--config", text)));
        }
        return parse("", "", variables).inspect_err(|problems| {
            let text = "no configuration file was given; name it with --config FILE".to_owned();
            problems.add(Problem::unplaced("--config", text));
        });
    };
    match std::fs::read_to_string(path) {
        Ok(text) => {
            // A device or a pipe has no folder.
            let beside = path.parent().filter(|_| path.is_file());
            let folder = beside.unwrap_or(Path::new(""));
            parse_within(folder, &path.display().to_string(), &text, variables)
        }
        Err(error) => Err(Problems::one(Problem::unplaced(
            "--config",
            format!("{} cannot be read: {error}", path.display()),
        ))),
    }
}

/// Like [`load`], with the text of the file. Problems call the file `name`, and relative paths start at its folder.
///
/// # Errors
/// All problems.
pub fn parse(
    name: &str,
    text: &str,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Config, Problems> {
    parse_within(Path::new(name).parent().unwrap_or(Path::new("")), name, text, variables)
}

fn parse_within(
    folder: &Path,
    name: &str,
    text: &str,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Config, Problems> {
    let problems = Problems::default();
    let layers = source::layers(name, text, variables, &problems);
    let config = layers.and_then(|root| read::config(root, folder, &problems));
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        Some(_) | None => Err(problems),
    }
}
