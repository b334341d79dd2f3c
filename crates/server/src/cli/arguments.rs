//! The commands and arguments of the command line.

pub(super) mod moving;

use crate::chat::Place;
use crate::quickstart::USERSIG_SECONDS_DEFAULT;
use clap::{Args, Parser, Subcommand};
use landfall_domain::people::console::{ConsoleName, ConsoleRole};
use landfall_store::postgres::SHARDS_DEFAULT;
use moving::{
    CheckArguments, ConvertArguments, ExportArguments, ImportArguments, UndoArguments, VerifyArguments,
};
use std::net::SocketAddr;
use std::path::PathBuf;

/// A self-hosted group-chat server to move into.
#[derive(Debug, Parser)]
#[command(name = "landfall", version)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
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
    /// Add, list and remove users of the console
    ConsoleUser {
        /// What is to be done
        #[command(subcommand)]
        work: ConsoleUserWork,
    },
    /// Connect as an account: read what it is sent, and send what is typed
    Chat(ChatArguments),
    /// Like chat, but read no input, and print each frame as a line
    Listen(ListenArguments),
    /// Make a local authority and a certificate for the documented host names
    Certs {
        /// Directory to write to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Convert an export of another system into a neutral file
    Convert(ConvertArguments),
    /// List all faults of a source without writing to a server
    Check(CheckArguments),
    /// Bring a source into a server; the same command again goes on, or brings in what is new
    Import(ImportArguments),
    /// Compare a source with a server, group by group
    Verify(VerifyArguments),
    /// Remove the groups that an import made
    Undo(UndoArguments),
    /// Write everything on a server to a file
    Export(ExportArguments),
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
pub(super) struct QuickstartArguments {
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Option<SocketAddr>,
    /// Directory of the configuration and the data, made when it is missing
    #[arg(long, value_name = "DIR", default_value = "./data")]
    pub(super) data: PathBuf,
}

/// Arguments of `usersig`.
#[derive(Debug, Args)]
pub(super) struct UsersigArguments {
    /// Configuration file with the app's key
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Number of the app
    #[arg(long, value_name = "ID")]
    pub(super) app: u32,
    /// Account the UserSig is for
    #[arg(long, value_name = "NAME")]
    pub(super) user: String,
    /// Seconds until it expires
    #[arg(long, value_name = "SECONDS", default_value_t = USERSIG_SECONDS_DEFAULT,
          value_parser = clap::value_parser!(u64).range(1..=u64::from(u32::MAX)))]
    pub(super) expire: u64,
}

/// What can be done about users of the console. Without `--password-stdin` a password is made and printed.
#[derive(Debug, Subcommand)]
pub(super) enum ConsoleUserWork {
    /// Add a user; without --password-stdin a password is made and printed
    Add {
        /// Name of the user
        #[arg(value_name = "NAME", value_parser = console_name)]
        name: ConsoleName,
        /// What the user may do: look at everything, or change everything too
        #[arg(long, value_name = "ROLE", default_value = "administrator", value_parser = console_role)]
        role: ConsoleRole,
        #[command(flatten)]
        of: ConsoleUserArguments,
        /// Read the password from standard input, one line
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give a user another password, which ends its sessions
    Password {
        /// Name of the user
        #[arg(value_name = "NAME", value_parser = console_name)]
        name: ConsoleName,
        #[command(flatten)]
        of: ConsoleUserArguments,
        /// Read the password from standard input, one line
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the users, a line each
    List {
        #[command(flatten)]
        of: ConsoleUserArguments,
    },
    /// Remove a user, and end its sessions
    Remove {
        /// Name of the user
        #[arg(value_name = "NAME", value_parser = console_name)]
        name: ConsoleName,
        #[command(flatten)]
        of: ConsoleUserArguments,
    },
}

/// Whose users they are.
#[derive(Debug, Args)]
pub(super) struct ConsoleUserArguments {
    /// Configuration file of the server
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

fn console_name(text: &str) -> Result<ConsoleName, String> {
    ConsoleName::parse(text).ok_or_else(|| format!("must be {}", ConsoleName::ALLOWED))
}

fn console_role(text: &str) -> Result<ConsoleRole, String> {
    ConsoleRole::parse(text).ok_or_else(|| "must be viewer or administrator".to_owned())
}

/// Arguments of `chat`.
#[derive(Debug, Args)]
pub(super) struct ChatArguments {
    #[command(flatten)]
    pub(super) listen: ListenArguments,
    /// Group, or topic, to which lines are sent at first; /group goes to another
    #[arg(long, value_name = "ID", value_parser = Place::group, conflicts_with = "to")]
    pub(super) group: Option<Place>,
    /// Account to which lines are sent at first; /to goes to another
    #[arg(long, value_name = "ACCOUNT", value_parser = Place::account)]
    pub(super) to: Option<Place>,
    /// Print each frame as a line, as is done where the output is no terminal
    #[arg(long)]
    pub(super) json: bool,
}

/// Arguments of `listen`, and of `chat` too.
#[derive(Debug, Args)]
pub(super) struct ListenArguments {
    /// Account to connect as
    #[arg(long = "as", value_name = "USER")]
    pub(super) user: String,
    /// Configuration file of a server on this machine; its address, and its first app with its key, are taken from it
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Address of another server, with http:// or https://
    #[arg(long, value_name = "URL")]
    pub(super) server: Option<String>,
    /// Number of the app
    #[arg(long, value_name = "ID")]
    pub(super) app: Option<u32>,
    /// File with the app's key, where no configuration has it; or give the key in LANDFALL_SECRET_KEY
    #[arg(long, value_name = "FILE")]
    pub(super) key_file: Option<PathBuf>,
    /// Group to catch up with, from the message after this number on; may be given more than once
    #[arg(long, value_name = "GROUP=SEQ", value_parser = position)]
    pub(super) after: Vec<(String, u32)>,
    /// Account with which to catch up, from the message after this number on; may be given more than once
    #[arg(long, value_name = "ACCOUNT=SEQ", value_parser = position)]
    pub(super) after_account: Vec<(String, u32)>,
    /// Frames after which it ends; without it, at Ctrl-C or the end of the input
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) count: Option<u64>,
}

fn position(text: &str) -> Result<(String, u32), String> {
    let position = text.rsplit_once('=').and_then(|(group, seq)| Some((group.to_owned(), seq.parse().ok()?)));
    position.ok_or_else(|| "is no name and number, such as book-club-7=42".to_owned())
}

/// What can be done with whole stores.
#[derive(Debug, Subcommand)]
pub(super) enum StoreWork {
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
        /// Parts of each table; as many nodes can get one. Of tables that are distributed already it changes nothing
        #[arg(long, value_name = "NUMBER", default_value_t = SHARDS_DEFAULT,
            value_parser = clap::value_parser!(u16).range(1..=1_024))]
        shards: u16,
    },
}

/// Which store; no server may use it meanwhile.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct WhichStore {
    /// The store, as in the setting store.url
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// Configuration file whose store it is
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

/// Pages of the manual that are made from the program.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum Page {
    /// Every setting
    Configuration,
    /// Every command of the API, and whether it is served; a line each
    Commands,
    /// Every command that clients may call, and then every request that only they have; a line each
    Clients,
}
