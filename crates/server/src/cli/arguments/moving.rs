//! The arguments of the commands that move groups in and out.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// A server that speaks the v4 API: this one or any other.
#[derive(Debug, Args)]
pub(in crate::cli) struct ServerArguments {
    /// Address of the server, with http:// or https://
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) server: Option<String>,
    /// Number of the app
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) app: Option<u32>,
    /// Administrator of the app that makes the calls
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) admin: Option<String>,
    /// File with the app's key; or give the key in LANDFALL_SECRET_KEY
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) key_file: Option<PathBuf>,
    /// Configuration file of a server on this machine: address, app, administrator and key that are not given are taken from it
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) config: Option<PathBuf>,
    /// Calls per second at most [default: 200, and what the server allows where it is Landfall]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) rate: Option<u32>,
}

/// A neutral file, or an export that is converted first.
#[derive(Debug, Args)]
pub(in crate::cli) struct SourceArguments {
    /// A neutral file (docs/format.md), or an export of Slack, Mattermost, Stream, Discord or Telegram, or a CSV file
    #[arg(value_name = "SOURCE")]
    pub(in crate::cli) source: PathBuf,
    /// How an export is converted; `landfall convert --mapping` writes such a file, for you to edit
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) mapping: Option<PathBuf>,
}

/// Arguments of `convert`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ConvertArguments {
    /// Format of the source
    #[arg(value_name = "FORMAT")]
    pub(in crate::cli) format: SourceFormat,
    /// The export, a file or a directory; for v4 the address of the server
    #[arg(value_name = "SOURCE")]
    pub(in crate::cli) source: PathBuf,
    /// Neutral file to write; compressed where its name ends in .gz or .zst
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: PathBuf,
    /// How the export is converted; a file that does not exist is written with the defaults, for you to edit
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) mapping: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) server: ServerArguments,
    /// Print the result as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SourceFormat {
    Slack,
    Mattermost,
    Stream,
    Discord,
    Telegram,
    Csv,
    /// A running server that speaks the v4 API
    V4,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArguments {
    #[command(flatten)]
    pub(in crate::cli) source: SourceArguments,
    #[command(flatten)]
    pub(in crate::cli) server: ServerArguments,
    /// Write a corrected neutral file
    #[arg(long, value_name = "OUT")]
    pub(in crate::cli) fix: Option<PathBuf>,
    /// Print faults and the result as JSON, one object a line
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArguments {
    #[command(flatten)]
    pub(in crate::cli) source: SourceArguments,
    #[command(flatten)]
    pub(in crate::cli) server: ServerArguments,
    /// Receipts of the import, by which it goes on after it was stopped [default: SOURCE.journal]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) journal: Option<PathBuf>,
    /// What happens to records that the server has with another content
    #[arg(long, value_name = "WHAT", default_value = "skip")]
    pub(in crate::cli) on_change: OnChange,
    /// Leave out messages with faults, and bring in those behind them; else the history of a group stops at its first fault
    #[arg(long)]
    pub(in crate::cli) leave_out_faulty: bool,
    /// Print progress and the result as JSON, one object a line
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum OnChange {
    /// The server keeps what it has
    Skip,
    /// The server takes over what the source has
    Update,
    /// The record is a fault
    Fail,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArguments {
    #[command(flatten)]
    pub(in crate::cli) source: SourceArguments,
    #[command(flatten)]
    pub(in crate::cli) server: ServerArguments,
    /// As given to the import
    #[arg(long)]
    pub(in crate::cli) leave_out_faulty: bool,
    /// Print every group and the result as JSON, one object a line
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// Arguments of `undo`.
#[derive(Debug, Args)]
pub(in crate::cli) struct UndoArguments {
    /// The source that was imported, or the number of a job on the server
    #[arg(value_name = "SOURCE|JOB")]
    pub(in crate::cli) source: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) server: ServerArguments,
    /// Receipts of the import [default: SOURCE.journal]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) journal: Option<PathBuf>,
    /// Also remove groups that have changed since they were imported
    #[arg(long)]
    pub(in crate::cli) force: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArguments {
    #[command(flatten)]
    pub(in crate::cli) server: ServerArguments,
    /// File to write; compressed where its name ends in .gz or .zst
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: PathBuf,
    /// Format of the file
    #[arg(long, value_name = "FORMAT", default_value = "landfall")]
    pub(in crate::cli) format: ExportFormat,
    /// Print the result as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExportFormat {
    /// The neutral file, which every command here reads
    Landfall,
    /// Mattermost's bulk import: JSON lines, or with attached files where the name ends in .zip
    Mattermost,
    /// Stream's import, JSON lines
    Stream,
}
