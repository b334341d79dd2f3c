//! The command line: what can be asked for, and how it ends.
//!
//! Exit codes: 0 when it was done, 1 when it failed, 2 when the command line or the configuration is wrong.

use crate::config::{self, Config, LogConfig, LogFormat, Problems, StoreUrl};
use crate::listen::{self, ListenError};
use crate::quickstart::{self, QuickstartError, USERSIG_SECONDS_DEFAULT};
use crate::secret::{self, SecretFlaw};
use crate::server::{Listening, ServeError};
use crate::store_check::{self, StoreCheckError};
use crate::store_copy::{self, StoreCopyError};
use crate::store_distribute::{self, StoreDistributeError};
use crate::usersig::SecretKey;
use crate::{certs, commands, logging, output, server, signals, usersig};
use clap::{Args, Parser, Subcommand};
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::time::{Clock as _, SystemClock};
use rustix::fs::Mode;
use rustix::process::umask;
use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::runtime::Runtime;

/// A self-hosted group-chat server to move into.
#[derive(Debug, Parser)]
#[command(name = "landfall", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be asked for.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a server with a first app and sample groups; nothing has to be set up
    Quickstart(QuickstartArguments),
    /// Start the server
    Serve {
        /// Configuration file; any setting can also be an environment variable LANDFALL__SECTION__KEY
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Print the commented default configuration
    Config {
        /// Print the default
        #[arg(long, required = true)]
        default: bool,
    },
    /// Print a UserSig
    Usersig(UsersigArguments),
    /// Connect as a client, and print what it is sent, a frame a line
    Listen(ListenArguments),
    /// Make a local authority and a certificate for the documented host names
    Certs {
        /// Directory to write to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Work on whole stores
    Store {
        /// What is to be done
        #[command(subcommand)]
        work: StoreWork,
    },
    /// Print a page of the manual, in Markdown
    #[command(hide = true)]
    Docs {
        /// Which one
        #[command(subcommand)]
        page: Page,
    },
}

/// Arguments of `quickstart`.
#[derive(Debug, Args)]
pub struct QuickstartArguments {
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Directory of the configuration and the data, made when it is missing
    #[arg(long, value_name = "DIR", default_value = "./data")]
    pub data: PathBuf,
}

/// Arguments of `usersig`.
#[derive(Debug, Args)]
pub struct UsersigArguments {
    /// Configuration file with the app's key
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Number of the app
    #[arg(long, value_name = "ID")]
    pub app: u32,
    /// Account the UserSig is for
    #[arg(long, value_name = "NAME")]
    pub user: String,
    /// Seconds until it expires
    #[arg(long, value_name = "SECONDS", default_value_t = USERSIG_SECONDS_DEFAULT,
          value_parser = clap::value_parser!(u64).range(1..=u64::from(u32::MAX)))]
    pub expire: u64,
}

/// Arguments of `listen`.
#[derive(Debug, Args)]
pub struct ListenArguments {
    /// Account to connect as
    #[arg(long = "as", value_name = "USER")]
    pub user: String,
    /// Configuration file of a server on this machine; its address, and its first app with its key, are taken from it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address of another server, with http:// or https://
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Number of the app
    #[arg(long, value_name = "ID")]
    pub app: Option<u32>,
    /// File with the app's key, where no configuration has it; or give the key in LANDFALL_SECRET_KEY
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Group to catch up with, from the message after this number on; may be given more than once
    #[arg(long, value_name = "GROUP=SEQ", value_parser = position)]
    pub after: Vec<(String, u32)>,
    /// Frames after which it ends; without it, at Ctrl-C
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
}

fn position(text: &str) -> Result<(String, u32), String> {
    let position = text.rsplit_once('=').and_then(|(group, seq)| Some((group.to_owned(), seq.parse().ok()?)));
    position.ok_or_else(|| "is not GROUP=SEQ, such as book-club-7=42".to_owned())
}

/// What can be done with whole stores.
#[derive(Debug, Subcommand)]
pub enum StoreWork {
    /// Move everything into another store; a copy that was broken off goes on where it stopped
    Copy {
        /// Store to copy from, as in the setting store.url; no server may use it
        #[arg(long, value_name = "URL")]
        from: String,
        /// Empty store to copy to, as in the setting store.url
        #[arg(long, value_name = "URL")]
        to: String,
    },
    /// Read every file of a store in a data directory and say what is damaged; changes nothing, exits with 3 when something is
    Check(WhichStore),
    /// Go on without what cannot be read in the journals of a data directory, and keep these as they were
    Repair(WhichStore),
    /// Spread the tables of a PostgreSQL store over the nodes of its Citus cluster
    Distribute {
        /// The database, as in the setting store.url; no server may use it meanwhile
        #[arg(long, value_name = "URL")]
        url: String,
    },
}

/// Which store; no server may use it meanwhile.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct WhichStore {
    /// The store, as in the setting store.url
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Configuration file whose store it is
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Pages of the manual that are made from the program.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Page {
    /// Every setting
    Configuration,
    /// Every command of the API, and whether it is served; a line each
    Commands,
}

/// Why it did not work.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the configuration cannot be used:")]
    Configuration(Problems),
    #[error("{0} is in use by another program; choose another address with {1}")]
    AddressInUse(String, &'static str),
    #[error(transparent)]
    Quickstart(QuickstartError),
    #[error("the server failed")]
    Serve(#[source] ServeError),
    #[error("no certificates were made")]
    Certs(#[source] certs::CertsError),
    #[error(transparent)]
    StoreCopy(#[from] StoreCopyError),
    #[error(transparent)]
    StoreDistribute(#[from] StoreDistributeError),
    #[error(transparent)]
    StoreCheck(#[from] StoreCheckError),
    #[error("--url {0}")]
    StoreUrl(String),
    #[error("the configuration has no app {0}")]
    NoSuchApp(u32),
    #[error("--user must be 1 to 32 printable ASCII characters; found {0:?}")]
    NoAccountName(String),
    #[error("not listening any more")]
    Listen(#[from] ListenError),
    #[error(
        "the app's key is missing; give --config, --key-file or LANDFALL_SECRET_KEY, and --app with the last two"
    )]
    NoKey,
    #[error("the app's key {0}")]
    BadKey(SecretFlaw),
    #[error(transparent)]
    Logging(#[from] logging::LoggingError),
    #[error("an operation of the machine failed")]
    Machine(#[from] io::Error),
}

/// Does what the command line of the process asks for. The first of `arguments` is how the program was started;
/// `variables` is the environment.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let program = arguments.first().map(|program| program.to_string_lossy().into_owned());
    match perform(Cli::parse_from(&arguments).command, program, variables) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

fn perform(
    command: Command,
    program: Option<String>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    if matches!(command, Command::Quickstart(_) | Command::Serve { .. } | Command::Store { .. }) {
        // Whatever these make holds messages or keys: it is for the user who runs the server only.
        umask(Mode::RWXG | Mode::RWXO);
    }
    match command {
        Command::Quickstart(arguments) => quickstart(arguments, program, variables),
        Command::Serve { config } => serve(load(config, variables)?),
        Command::Config { default: _ } => print(config::DEFAULT),
        Command::Usersig(arguments) => make_usersig(arguments, variables),
        Command::Listen(arguments) => listen(arguments, variables),
        Command::Certs { out } => {
            let written = certs::write(&out, SystemClock.now()).map_err(Failure::Certs)?;
            print(&certs::instructions(&written))
        }
        Command::Store { work: StoreWork::Copy { from, to } } => copy_store(&from, &to),
        Command::Store { work: StoreWork::Check(which) } => {
            let checked = store_check::check(&store_url(which, variables)?)?;
            print(&checked.text)?;
            if checked.whole { Ok(()) } else { Err(StoreCheckError::Damaged.into()) }
        }
        Command::Store { work: StoreWork::Repair(which) } => {
            print(&store_check::repair(&store_url(which, variables)?)?)
        }
        Command::Store { work: StoreWork::Distribute { url } } => {
            print(&Runtime::new()?.block_on(store_distribute::distribute(&url))?)
        }
        Command::Docs { page: Page::Configuration } => print(&config::page()),
        Command::Docs { page: Page::Commands } => print(&commands::command_list()),
    }
}

fn load(
    file: Option<PathBuf>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Config, Failure> {
    config::load(file.as_deref(), variables).map_err(Failure::Configuration)
}

fn serve(config: Config) -> Result<(), Failure> {
    logging::start(&config.log)?;
    let runtime = Runtime::new()?;
    runtime.block_on(async {
        let shutdown = signals::shutdown()?;
        signals::ignore_hangup()?;
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        let ready = move |listening: Listening| {
            let lines = listening.lines(scheme);
            // The server serves, whether anybody reads its lines or not.
            if let Err(error) = output::write(&lines) {
                tracing::warn!(%error, "standard output takes nothing ({error}): {}", lines.trim_end());
            }
        };
        match server::serve(config, ready, shutdown).await {
            Err(ServeError::Listen { address, setting, cause })
                if cause.kind() == io::ErrorKind::AddrInUse =>
            {
                Err(Failure::AddressInUse(address.to_string(), setting))
            }
            served => served.map_err(Failure::Serve),
        }
    })
}

fn quickstart(
    arguments: QuickstartArguments,
    program: Option<String>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let QuickstartArguments { listen, data } = arguments;
    let program = program.unwrap_or_else(|| "landfall".to_owned());
    let options = quickstart::Options { listen, data, program };
    let prepared = quickstart::prepare(options, variables).map_err(|error| match error {
        QuickstartError::Config(problems) => Failure::Configuration(problems),
        other @ (QuickstartError::DataDirectory(..)
        | QuickstartError::Tls
        | QuickstartError::Serve(_)
        | QuickstartError::Samples(_)) => Failure::Quickstart(other),
    })?;
    logging::start(&prepared.config().log)?;
    let runtime = Runtime::new()?;
    runtime.block_on(async {
        let shutdown = signals::shutdown()?;
        signals::ignore_hangup()?;
        let address = prepared.config().listen.to_string();
        match quickstart::run(prepared, &mut io::stdout(), shutdown).await {
            Err(error) if address_in_use(&error) => Err(Failure::AddressInUse(address, "--listen")),
            ended => ended.map_err(Failure::Quickstart),
        }
    })
}

fn store_url(
    which: WhichStore,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<StoreUrl, Failure> {
    match which.url {
        Some(url) => StoreUrl::parse(&url).map_err(Failure::StoreUrl),
        None => Ok(load(which.config, variables)?.store),
    }
}

fn copy_store(from: &str, to: &str) -> Result<(), Failure> {
    let runtime = Runtime::new()?;
    let said = runtime.block_on(async {
        let shutdown = signals::shutdown()?;
        store_copy::copy(from, to, shutdown).await.map_err(Failure::StoreCopy)
    })?;
    print(&said)
}

fn make_usersig(
    arguments: UsersigArguments,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let UsersigArguments { config, app, user, expire } = arguments;
    let config = load(config, variables)?;
    let Some(app) = config.apps.iter().find(|configured| configured.id == AppId(app)) else {
        return Err(Failure::NoSuchApp(app));
    };
    let Some(user) = UserId::parse(&user) else {
        return Err(Failure::NoAccountName(user));
    };
    let usersig = usersig::make(user.as_str(), app.id, &app.key, SystemClock.now(), expire);
    print(&format!("{usersig}\n"))
}

fn listen(
    arguments: ListenArguments,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let ListenArguments { user, config, server, app, key_file, after, count } = arguments;
    let Some(user) = UserId::parse(&user) else { return Err(Failure::NoAccountName(user)) };
    let (server, app, key) = if config.is_some() {
        let config = load(config, variables)?;
        let configured =
            config.apps.into_iter().find(|configured| app.is_none_or(|app| configured.id == AppId(app)));
        let Some(configured) = configured else { return Err(Failure::NoSuchApp(app.unwrap_or_default())) };
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        (server.unwrap_or_else(|| format!("{scheme}://{}", config.listen)), configured.id, configured.key)
    } else {
        let key = match key_file {
            Some(file) => Some(std::fs::read_to_string(file)?),
            None => {
                let mut variables = variables.into_iter();
                variables
                    .find(|(name, _)| name == "LANDFALL_SECRET_KEY")
                    .and_then(|(_, key)| key.into_string().ok())
                    .filter(|key| !key.is_empty())
            }
        };
        let (Some(key), Some(app)) = (key, app) else { return Err(Failure::NoKey) };
        let key = SecretKey::new(secret::of_file(&key).to_owned()).map_err(Failure::BadKey)?;
        (server.unwrap_or_else(|| "http://127.0.0.1:8080".to_owned()), AppId(app), key)
    };
    let options = listen::Options { server, app, key, user, after, count };
    logging::start(&LogConfig { format: LogFormat::Text, level: "warn".to_owned() })?;
    Runtime::new()?.block_on(async {
        let shutdown = signals::shutdown()?;
        let mut out = io::stdout();
        tokio::select! {
            ended = listen::listen(options, &mut out) => match ended {
                Err(ListenError::Output(error)) => Ok(output::unless_unread(Err(error))?),
                ended => ended.map_err(Failure::Listen),
            },
            () = shutdown => Ok(()),
        }
    })
}

fn print(text: &str) -> Result<(), Failure> {
    Ok(output::unless_unread(output::write(text))?)
}

/// Whether somebody else listens where the server should.
pub(crate) fn address_in_use(error: &(dyn Error + 'static)) -> bool {
    logging::chain(error).any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::AddrInUse)
    })
}

/// Says on standard error what failed, and how the process ends.
fn report(failure: &Failure) -> ExitCode {
    let mut text = String::from("landfall");
    for cause in logging::chain(failure) {
        text.push_str(&format!(": {cause}"));
    }
    let code = match failure {
        Failure::Configuration(problems) => {
            for line in problems.to_string().lines() {
                text.push_str(&format!("\n  {line}"));
            }
            2
        }
        Failure::NoAccountName(_) | Failure::NoKey | Failure::BadKey(_) => 2,
        Failure::StoreCopy(StoreCopyError::Url { .. }) => 2,
        Failure::StoreDistribute(StoreDistributeError::Url(_)) | Failure::StoreUrl(_) => 2,
        Failure::StoreCheck(StoreCheckError::Damaged) => 3,
        Failure::AddressInUse(..)
        | Failure::Quickstart(_)
        | Failure::Serve(_)
        | Failure::Certs(_)
        | Failure::StoreCopy(_)
        | Failure::StoreDistribute(_)
        | Failure::StoreCheck(_)
        | Failure::NoSuchApp(_)
        | Failure::Listen(_)
        | Failure::Logging(_)
        | Failure::Machine(_) => 1,
    };
    text.push('\n');
    // With standard error gone there is nowhere left to say anything; the exit code still does.
    match io::stderr().write_all(text.as_bytes()) {
        Ok(()) | Err(_) => ExitCode::from(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn command(line: &str) -> Result<Command, clap::Error> {
        Cli::try_parse_from(line.split(' ')).map(|cli| cli.command)
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn quickstart_needs_nothing() {
        let Ok(Command::Quickstart(arguments)) = command("landfall quickstart") else {
            panic!("not accepted")
        };
        assert_eq!(arguments.listen, None);
        assert_eq!(arguments.data, PathBuf::from("./data"));
        let Ok(Command::Quickstart(arguments)) = command("landfall quickstart --listen [::1]:9 --data /d")
        else {
            panic!("not accepted")
        };
        assert_eq!(arguments.listen, "[::1]:9".parse().ok());
        assert_eq!(arguments.data, PathBuf::from("/d"));
    }

    #[test]
    fn usersigs_last_half_a_year_unless_asked_otherwise() {
        let Ok(Command::Usersig(arguments)) = command("landfall usersig --config f --app 7 --user ann")
        else {
            panic!("not accepted")
        };
        assert_eq!(arguments.expire, 15_552_000);
        assert!(command("landfall usersig --config f --app 7 --user ann --expire 0").is_err());
    }

    #[test]
    fn incomplete_commands_are_refused() {
        for line in [
            "landfall",
            "landfall config",
            "landfall certs",
            "landfall docs",
            "landfall usersig --app 7",
            "landfall listen",
            "landfall listen --as ann --after g",
            "landfall store copy --from embedded:a",
            "landfall store check",
            "landfall store repair --url embedded:a --config f",
        ] {
            assert!(command(line).is_err(), "{line}");
        }
        assert!(matches!(command("landfall serve --config f"), Ok(Command::Serve { config: Some(_) })));
        assert!(matches!(command("landfall config --default"), Ok(Command::Config { .. })));
        assert!(matches!(command("landfall docs commands"), Ok(Command::Docs { page: Page::Commands })));
    }

    #[test]
    fn causes_are_told_and_a_taken_address_is_recognized() {
        let taken = Failure::Machine(io::Error::from(io::ErrorKind::AddrInUse));
        assert!(address_in_use(&taken));
        assert!(!address_in_use(&Failure::NoSuchApp(7)));
        assert_eq!(logging::chain(&taken).count(), 2);
    }
}
