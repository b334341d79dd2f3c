//! The file that a clean stop leaves.

use super::format::write_durably;
use std::fs;
use std::io;
use std::path::Path;

/// The number of the last batch, written at a clean stop and removed before the next write. With it, the next start notices
/// when the end of the journal is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CleanStop {
    pub(super) number: u64,
}

impl CleanStop {
    const FILE: &str = "CLEAN";

    fn text(self) -> String {
        let line = format!("stopped after batch {}\n", self.number);
        format!("{line}{:016x}\n", xxhash_rust::xxh3::xxh3_64(line.as_bytes()))
    }

    /// `None` when the last stop was not clean, or when the file cannot be trusted.
    pub(super) fn read(dir: &Path) -> io::Result<Option<Self>> {
        let text = match fs::read(dir.join(Self::FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let number = std::str::from_utf8(&text)
            .ok()
            .and_then(|text| text.lines().next()?.strip_prefix("stopped after batch ")?.parse::<u64>().ok());
        let read = number.map(|number| Self { number }).filter(|read| read.text().as_bytes() == text);
        if read.is_none() {
            let file = dir.join(Self::FILE);
            tracing::warn!(file = %file.display(), "the file {} of the embedded store cannot be read; starting as after a crash", file.display());
        }
        Ok(read)
    }

    pub(super) fn write(self, dir: &Path) -> io::Result<()> {
        write_durably(dir, Self::FILE, self.text().as_bytes())
    }

    pub(super) fn remove(dir: &Path) -> io::Result<()> {
        match fs::remove_file(dir.join(Self::FILE)) {
            Ok(()) => fs::File::open(dir)?.sync_all(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}
