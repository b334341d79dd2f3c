//! The configuration: a commented default that is compiled in, a file over it, environment variables over both.
//!
//! Everything wrong is found in one go and reported with the key, the place it came from, and what is allowed.
//! Nothing here reads the environment of the process: variables are handed in.

mod events;
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

pub use page::page;
pub use problem::{Origin, Problem, Problems};

use crate::network::Exempt;
use crate::usersig::SecretKey;
use crate::webhook::token::Token;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::fields::FieldRule;
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

/// Everything an operator chooses. Holds keys, which print as `***`.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address and port the server listens on; port 0 lets the machine choose.
    pub listen: SocketAddr,
    /// Address and port of `/metrics`; `None`: there is none.
    pub metrics: Option<SocketAddr>,
    /// Where the data is kept.
    pub store: StoreUrl,
    /// How servers over one store tell each other what happens.
    pub events: EventsConfig,
    /// The apps, at least one, no number twice.
    pub apps: Vec<AppConfig>,
    /// What requests may ask for.
    pub limits: LimitsConfig,
    /// What import calls do with accounts nobody imported.
    pub unknown_accounts: UnknownAccounts,
    /// Certificate and key of HTTPS; `None` for HTTP.
    pub tls: Option<TlsConfig>,
    /// Bounds of the connections.
    pub http: HttpConfig,
    /// Bounds of connected clients.
    pub clients: ClientsConfig,
    /// What is logged.
    pub log: LogConfig,
}

/// Where the data is kept.
#[derive(Clone, Debug)]
pub enum StoreUrl {
    /// `embedded:DIRECTORY`: in this directory, which belongs to one running server.
    Embedded(PathBuf),
    /// `postgres://...`: in this database, which any number of servers may share.
    Postgres(Box<Settings>),
}

impl StoreUrl {
    /// The store at the address `text`.
    ///
    /// # Errors
    /// What is wrong with it. Never quotes it: the address of a database can hold a password.
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

/// How servers over one store tell each other what their clients are to hear.
#[derive(Clone, Debug)]
pub struct EventsConfig {
    /// What carries it; `None`: the database they share. Of no account with the embedded store, which has one server.
    pub nats: Option<NatsConfig>,
}

/// NATS servers and how to use them. What they are logged in with prints as `***`.
#[derive(Clone, Debug)]
pub struct NatsConfig {
    /// One server, or several of one cluster: `nats` or `tls`, host and port, without user and password.
    pub servers: Vec<Url>,
    /// What all of them are logged in with; `None`: nothing.
    pub login: Option<NatsLogin>,
    /// The subject of everything this installation publishes.
    pub subject: String,
}

/// What NATS servers are logged in with. Prints as `***`, so that no log or error can carry it.
#[derive(Clone, PartialEq, Eq)]
pub enum NatsLogin {
    /// A token.
    Token(String),
    /// A user.
    User {
        /// Its name.
        name: String,
        /// Its password.
        password: String,
    },
}

/// One app.
#[derive(Clone, Debug)]
pub struct AppConfig {
    /// Its number, not 0.
    pub id: AppId,
    /// The key its UserSigs are made with.
    pub key: SecretKey,
    /// Accounts that may call the REST API, at least one.
    pub admins: Vec<UserId>,
    /// Custom fields of groups it has switched on.
    pub group_fields: Vec<FieldRule>,
    /// Custom fields of group members it has switched on; no key is also one of `group_fields`.
    pub member_fields: Vec<FieldRule>,
    /// Days that messages of groups are kept; 0, the default: for ever. [choice]
    pub message_days: u32,
    /// Who is called when something happens in it; `None`: nobody.
    pub webhook: Option<WebhookConfig>,
}

/// The receiver of one app's webhooks, the "third-party callbacks" of the API. Its token prints as `***`.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// Where events are posted: http or https, without user, query and fragment, which are the server's to add.
    pub url: Url,
    /// What requests are signed with; `None`: they are not signed.
    pub token: Option<Token>,
    /// The events that are sent.
    pub events: Events,
    /// Whether addresses of this machine and of private networks may be called. Not by default: who can choose the
    /// address would reach what only this machine can. [choice]
    pub allow_private: bool,
    /// What becomes of a before-event that got no usable answer.
    pub on_timeout: OnTimeout,
    /// Seconds to wait before an after-event is sent again, one for each time: 1 to 86,400, at most 50 of them. Empty:
    /// never again. The cloud does not publish its own. [choice]
    pub retry_seconds: Vec<u32>,
    /// PEM file of the only authorities that may vouch for the receiver; `None`: those this machine trusts.
    pub ca: Option<PathBuf>,
    /// What the server proves itself with to a receiver that asks for it.
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

/// Which events are sent. Those of topics have switches of their own, unlike in the cloud's console. [choice]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Events {
    /// Every one that happens.
    All,
    /// These, at least one, each of [`caused`](crate::webhook::events::caused).
    Named(BTreeSet<&'static str>),
}

/// What becomes of a before-event that got no usable answer, be it late or wrong. [choice]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTimeout {
    /// The call goes on as if the receiver had allowed it. [doc]
    Allow,
    /// The call is refused.
    Refuse,
}

/// What requests may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Sizes and counts, by `mode`.
    pub limits: Limits,
    /// Calls of one command by one app in a second; 0 is no limit.
    pub calls_per_second: u32,
    /// Whether all servers over one database count these calls together, and not each by itself.
    pub shared: bool,
}

/// Certificate and key of one end of HTTPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// PEM file of the certificate chain.
    pub cert: PathBuf,
    /// PEM file of the private key.
    pub key: PathBuf,
}

/// Bounds of the connections. None of them is 0, except `drain_seconds_max`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// Largest body of a request, bytes.
    pub body_bytes_max: usize,
    /// Connections at a time.
    pub connections_max: usize,
    /// Connections at a time from one address.
    pub connections_per_address_max: usize,
    /// Addresses that no bound by address holds for.
    pub exempt_addresses: Exempt,
    /// Seconds to send the head of a request.
    pub head_seconds_max: u64,
    /// Seconds to send the body of a request.
    pub body_seconds_max: u64,
    /// Seconds a connection may stay open without a request.
    pub idle_seconds_max: u64,
    /// Seconds that requests under way get to end when the server is stopped.
    pub drain_seconds_max: u64,
}

/// Bounds of connected clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientsConfig {
    /// Clients that may be connected at a time, not 0.
    pub connections_max: usize,
}

/// What is logged, to standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Form of a line.
    pub format: LogFormat,
    /// Filter directives of `tracing-subscriber`, such as `info` or `info,landfall=debug`: a level for everything, and
    /// others by part.
    pub level: String,
}

/// Form of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// A file of this name where the program runs is most likely meant to be read.
const USUAL_FILE: &str = "landfall.toml";

/// Reads the configuration: `file` over the default, `variables` over both. Variables whose names do not start with
/// `LANDFALL__` are passed over, unless they are a setting's name written otherwise. Relative paths lead from the folder of
/// `file`, those in variables from where the program runs.
///
/// # Errors
/// Everything that is wrong, an unreadable file included.
pub fn load(
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Config, Problems> {
    let Some(path) = file else {
        if Path::new(USUAL_FILE).exists() {
            let text = format!(
                "{USUAL_FILE} is in this directory, but is read only when it is named: --config {USUAL_FILE}; \
                 --config /dev/null goes on without a file"
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
            // Nothing lies beside a device or a pipe.
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

/// The same with the text of the file; `name` is what problems call it, and its folder is where relative paths lead from.
///
/// # Errors
/// Everything that is wrong.
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
