//! The engine's errors in words: printed by itself, they are Rust's debug text.

use fjall::{JournalRecoveryError, LsmError};
use std::fmt;

/// What the engine says. Its text holds the cause, so it has no source.
#[derive(Debug)]
pub(super) struct EngineError(fjall::Error);

impl From<fjall::Error> for EngineError {
    fn from(error: fjall::Error) -> Self {
        Self(error)
    }
}

impl std::error::Error for EngineError {}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            fjall::Error::Storage(error) => in_table(error, f),
            fjall::Error::Io(error) => fmt::Display::fmt(error, f),
            fjall::Error::JournalRecovery(error) => f.write_str(in_journal(*error)),
            fjall::Error::InvalidVersion(_) => {
                f.write_str("the engine's files are of a version that this program does not know")
            }
            fjall::Error::Decompress(_) => f.write_str("a part of the journal cannot be decompressed"),
            fjall::Error::InvalidTrailer => f.write_str("a batch of the journal has no proper end"),
            fjall::Error::InvalidTag((what, tag)) => {
                write!(f, "the journal holds the unknown mark {tag} ({what})")
            }
            fjall::Error::Poisoned => {
                f.write_str("the engine takes nothing more, because an earlier write failed")
            }
            fjall::Error::KeyspaceDeleted => f.write_str("the engine's keyspace was deleted"),
            fjall::Error::Locked => f.write_str("another process has the engine's files open"),
            fjall::Error::Unrecoverable => f.write_str("the engine's files do not fit together"),
            // Those of later versions, which are not known yet.
            other => write!(f, "the engine failed: {other:?}"),
        }
    }
}

fn in_table(error: &LsmError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        LsmError::Io(error) => fmt::Display::fmt(error, f),
        LsmError::Decompress(_) => f.write_str("a block of a table cannot be decompressed"),
        LsmError::InvalidVersion(version) => {
            write!(f, "a table is of version {version}, which this program does not know")
        }
        LsmError::Unrecoverable => f.write_str("tables are missing, or do not fit together"),
        LsmError::ChecksumMismatch { .. } => f.write_str("a block of a table does not have its checksum"),
        LsmError::InvalidTag((what, tag)) => write!(f, "a table holds the unknown mark {tag} ({what})"),
        LsmError::InvalidTrailer => f.write_str("a block of a table has no proper end"),
        LsmError::InvalidHeader(what) => write!(f, "a block of a table has no proper beginning ({what})"),
        LsmError::Utf8(_) => f.write_str("a table holds a name that is not UTF-8"),
        other => write!(f, "the engine's tables failed: {other:?}"),
    }
}

fn in_journal(error: JournalRecoveryError) -> &'static str {
    match error {
        JournalRecoveryError::InsufficientLength => "a batch of the journal is cut short",
        JournalRecoveryError::TooManyItems => "a batch of the journal holds more rows than it says",
        JournalRecoveryError::ChecksumMismatch => "a batch of the journal does not have its checksum",
        JournalRecoveryError::InvalidFileName => "a file among the journals has the name of none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn every_error_is_a_sentence() {
        let no_room = || io::Error::from_raw_os_error(28);
        for (error, text) in [
            (fjall::Error::Io(no_room()), "No space left on device (os error 28)"),
            (fjall::Error::Storage(LsmError::Io(no_room())), "No space left on device (os error 28)"),
            (fjall::Error::Storage(LsmError::Unrecoverable), "tables are missing, or do not fit together"),
            (
                fjall::Error::JournalRecovery(JournalRecoveryError::ChecksumMismatch),
                "a batch of the journal does not have its checksum",
            ),
            (
                fjall::Error::InvalidVersion(None),
                "the engine's files are of a version that this program does not know",
            ),
            (fjall::Error::InvalidTag(("value", 7)), "the journal holds the unknown mark 7 (value)"),
            (fjall::Error::Poisoned, "the engine takes nothing more, because an earlier write failed"),
        ] {
            assert_eq!(EngineError(error).to_string(), text);
        }
    }
}
