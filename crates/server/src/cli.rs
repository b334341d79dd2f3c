//! The command line: runs the requested command and reports how it ended.
//!
//! Exit codes: 0 for success, 1 for failure, 2 when the command line or the configuration is wrong, 3 when a check
//! found damage or records had faults, 4 when a server differs from a file.

mod access;
mod arguments;
mod chatting;
mod console_users;
mod moving;

use crate::chat::ChatError;
use crate::config::{self, Config, Problems, StoreUrl};
use crate::quickstart::{self, QuickstartError};
use crate::secret::SecretFlaw;
use crate::server::{Listening, ServeError};
use crate::store_check::{self, StoreCheckError};
use crate::store_copy::{self, StoreCopyError};
use crate::store_distribute::{self, StoreDistributeError};
use crate::{certs, clients, commands, logging, output, server, signals, usersig};
use arguments::{Cli, Command, Page, QuickstartArguments, StoreWork, UsersigArguments, WhichStore};
use clap::Parser as _;
use console_users::ConsoleUserError;
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::time::{Clock as _, SystemClock};
use moving::MovingError;
use rustix::fs::Mode;
use rustix::process::umask;
use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::runtime::Runtime;

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
    #[error(transparent)]
    ConsoleUser(#[from] ConsoleUserError),
    #[error("the chat ended")]
    Chat(#[from] ChatError),
    #[error(
        "the app's key is missing; give --config, --key-file or LANDFALL_SECRET_KEY, and --app with the last two"
    )]
    NoKey,
    #[error("the app's key {0}")]
    BadKey(SecretFlaw),
    #[error(transparent)]
    Moving(#[from] MovingError),
    #[error(transparent)]
    Logging(#[from] logging::LoggingError),
    #[error("a system call failed")]
    Machine(#[from] io::Error),
}

/// Runs the command line of the process. The first of `arguments` is how the program was started;
/// `variables` is the environment.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> ExitCode {
    // Generic no further: what is generic is compiled with the program, and that would be half the server once more.
    start(&arguments.into_iter().collect::<Vec<_>>(), variables.into_iter().collect::<Vec<_>>())
}

fn start(arguments: &[OsString], variables: Vec<(OsString, OsString)>) -> ExitCode {
    let program = arguments.first().map(|program| program.to_string_lossy().into_owned());
    match perform(Cli::parse_from(arguments).command, program, variables) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

fn perform(
    command: Command,
    program: Option<String>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    if matches!(
        command,
        Command::Quickstart(_) | Command::Serve { .. } | Command::Store { .. } | Command::ConsoleUser { .. }
    ) {
        // Files that these commands create hold messages or keys: only the user that runs the server may read them.
        umask(Mode::RWXG | Mode::RWXO);
    }
    match command {
        Command::Quickstart(arguments) => quickstart(arguments, program, variables),
        Command::Serve { config } => serve(load(config, variables)?),
        Command::Config { default: _ } => print(config::DEFAULT),
        Command::Usersig(arguments) => make_usersig(arguments, variables),
        Command::ConsoleUser { work } => console_users::perform(work, variables),
        Command::Chat(arguments) => chatting::chat(arguments, variables),
        Command::Listen(arguments) => chatting::listen(arguments, variables),
        Command::Certs { out } => {
            let written = certs::write(&out, SystemClock.now()).map_err(Failure::Certs)?;
            print(&certs::instructions(&written))
        }
        Command::Convert(arguments) => moving::convert(arguments, variables),
        Command::Check(arguments) => moving::check(arguments, variables),
        Command::Undo(arguments) => moving::undo(arguments, variables),
        Command::Import(arguments) => moving::import(arguments, variables),
        Command::Verify(arguments) => moving::verify(arguments, variables),
        Command::Export(arguments) => moving::export(arguments, variables),
        Command::Store { work: StoreWork::Copy { from, to } } => copy_store(&from, &to),
        Command::Store { work: StoreWork::Check(which) } => {
            let checked = store_check::check(&store_url(which, variables)?)?;
            print(&checked.text)?;
            if checked.whole { Ok(()) } else { Err(StoreCheckError::Damaged.into()) }
        }
        Command::Store { work: StoreWork::Repair(which) } => {
            print(&store_check::repair(&store_url(which, variables)?)?)
        }
        Command::Store { work: StoreWork::Distribute { url, shards } } => {
            print(&Runtime::new()?.block_on(store_distribute::distribute(&url, shards))?)
        }
        Command::Docs { page: Page::Configuration } => print(&config::page()),
        Command::Docs { page: Page::Commands } => print(&commands::command_list()),
        Command::Docs { page: Page::Clients } => print(&clients::client_list()),
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
            // The server runs whether or not its lines are read.
            if let Err(error) = output::write(&lines) {
                tracing::warn!(%error, "standard output cannot be written ({error}): {}", lines.trim_end());
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

fn print(text: &str) -> Result<(), Failure> {
    Ok(output::unless_unread(output::write(text))?)
}

/// Whether another program listens where the server should.
pub(crate) fn address_in_use(error: &(dyn Error + 'static)) -> bool {
    logging::chain(error).any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::AddrInUse)
    })
}

/// Prints to standard error what failed, and returns the exit code.
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
        Failure::Moving(error) => error.code(),
        Failure::NoAccountName(_) | Failure::NoKey | Failure::BadKey(_) => 2,
        Failure::StoreCopy(StoreCopyError::Url { .. }) => 2,
        Failure::StoreDistribute(StoreDistributeError::Url(_)) | Failure::StoreUrl(_) => 2,
        Failure::ConsoleUser(error) => error.code(),
        Failure::StoreCheck(StoreCheckError::Damaged) => 3,
        Failure::AddressInUse(..)
        | Failure::Quickstart(_)
        | Failure::Serve(_)
        | Failure::Certs(_)
        | Failure::StoreCopy(_)
        | Failure::StoreDistribute(_)
        | Failure::StoreCheck(_)
        | Failure::NoSuchApp(_)
        | Failure::Chat(_)
        | Failure::Logging(_)
        | Failure::Machine(_) => 1,
    };
    text.push('\n');
    // Without standard error only the exit code is left to report the failure.
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
            "landfall listen --as ann --group g",
            "landfall chat --group g",
            "landfall chat --as ann --group g --to bob",
            "landfall store copy --from embedded:a",
            "landfall store check",
            "landfall console-user",
            "landfall console-user add --config f",
            "landfall console-user add Ann --config f",
            "landfall console-user add ann --role owner --config f",
            "landfall store repair --url embedded:a --config f",
        ] {
            assert!(command(line).is_err(), "{line}");
        }
        assert!(matches!(command("landfall serve --config f"), Ok(Command::Serve { config: Some(_) })));
        assert!(matches!(command("landfall config --default"), Ok(Command::Config { .. })));
        assert!(matches!(command("landfall docs commands"), Ok(Command::Docs { page: Page::Commands })));
    }

    #[test]
    fn causes_are_listed_and_a_taken_address_is_recognized() {
        let taken = Failure::Machine(io::Error::from(io::ErrorKind::AddrInUse));
        assert!(address_in_use(&taken));
        assert!(!address_in_use(&Failure::NoSuchApp(7)));
        assert_eq!(logging::chain(&taken).count(), 2);
    }
}
