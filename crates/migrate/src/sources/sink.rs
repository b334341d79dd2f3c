//! Where a conversion puts its records, and what comes out of it.

use super::kind::Format;
use crate::fault::Fault;
use crate::format::Record;
use crate::losses::{Loss, counted};
use crate::mapping::{ChannelKind, GroupKind, MappingError};
use serde::Serialize;
use std::io;
use std::path::PathBuf;
use time::OffsetDateTime;

/// Takes what a conversion makes.
pub trait Sink {
    /// Takes a record of the neutral file.
    ///
    /// # Errors
    /// It cannot be written; the conversion ends.
    fn record(&mut self, record: Record) -> io::Result<()>;

    /// Takes what is wrong with a part of the source; that part is left out.
    ///
    /// # Errors
    /// It cannot be written; the conversion ends.
    fn fault(&mut self, fault: Fault) -> io::Result<()>;

    /// Where things go that do not fit in memory; the directory of the system for such files unless there is a better one.
    fn spill_directory(&self) -> PathBuf {
        tempfile::env::temp_dir()
    }
}

/// Why a source cannot be converted at all.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    #[error("{} cannot be read", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    /// The archive has no readable directory.
    #[error("{} is cut off or damaged: {problem}; copy it again from where it was made", path.display())]
    Damaged { path: PathBuf, problem: String },
    #[error("{} is none of the formats that can be read: {found}", path.display())]
    NotRecognised { path: PathBuf, found: String },
    #[error("{} is no {}: {problem}", path.display(), format.title())]
    WrongFormat { path: PathBuf, format: Format, problem: String },
    #[error("a neutral file needs no conversion")]
    AlreadyNeutral,
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The output, or a file that the conversion needs in between, cannot be written or read.
    #[error("the conversion cannot go on: {0}")]
    Output(#[from] io::Error),
}

/// What a source has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    pub format: Format,
    /// Conversations that are no direct ones, those that are left out included.
    pub channels: u64,
    /// Conversations of two or a few.
    pub direct: u64,
    /// Accounts that the source lists.
    pub users: u64,
    /// Accounts that it names without listing them.
    pub placeholders: u64,
    /// Messages, those that are left out included.
    pub messages: u64,
    pub files: u64,
    /// When the first message was sent, milliseconds since 1970.
    pub first_ms: Option<u64>,
    /// When the last message was sent, milliseconds since 1970.
    pub last_ms: Option<u64>,
}

/// A conversation of the source, and the group that it becomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundChannel {
    pub id: String,
    pub name: String,
    pub kind: ChannelKind,
    #[serde(rename = "GroupId")]
    pub group_id: String,
    #[serde(rename = "Type")]
    pub group_kind: GroupKind,
    pub messages: u64,
    pub members: u64,
    pub left_out: bool,
}

/// An account of the source, and the one that it becomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundUser {
    pub id: String,
    #[serde(rename = "Nick")]
    pub nick: String,
    #[serde(rename = "UserID")]
    pub account: String,
    /// The source does not list it.
    pub placeholder: bool,
    pub left_out: bool,
}

/// What a conversion found and did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Converted {
    pub found: Found,
    /// Records that were written.
    pub records: u64,
    /// Messages that were written; a long message may be several.
    pub messages: u64,
    pub faults: u64,
    pub losses: Vec<Loss>,
    /// By id.
    pub channels: Vec<FoundChannel>,
    /// By id.
    pub users: Vec<FoundUser>,
}

impl Found {
    /// Such as `Slack export: 60 channels, 301 users, 20,000 messages, 2019-01-03 to 2026-10-01`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut parts = vec![counted(self.channels, "channel", "channels")];
        if 0 < self.direct {
            parts.push(counted(self.direct, "direct conversation", "direct conversations"));
        }
        parts.push(counted(self.users, "user", "users"));
        parts.push(counted(self.messages, "message", "messages"));
        if 0 < self.files {
            parts.push(counted(self.files, "file", "files"));
        }
        if let (Some(first), Some(last)) = (self.first_ms, self.last_ms) {
            parts.push(format!("{} to {}", date(first), date(last)));
        }
        format!("{}: {}", self.format.title(), parts.join(", "))
    }
}

impl Converted {
    /// The sentence of what was found, followed by what is lost.
    #[must_use]
    pub fn sentence(&self) -> String {
        let lost: Vec<String> =
            self.losses.iter().filter(|loss| loss.is_lost()).map(Loss::sentence).collect();
        let lost = if lost.is_empty() { "nothing".to_owned() } else { lost.join(", ") };
        format!("{}; lost: {lost}", self.found.sentence())
    }
}

/// The day of a time in milliseconds since 1970, in UTC.
fn date(ms: u64) -> String {
    let seconds = i64::try_from(ms / 1_000).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds)
        .map_or_else(|_| seconds.to_string(), |time| time.date().to_string())
}
