//! Writes a neutral file; the ending of its name says how it is compressed.
//!
//! The file appears under its name once it is whole; until then, what was there stays.

use super::Record;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempPath};

const BUFFER_BYTES: usize = 256 << 10;
const ZSTD_LEVEL: i32 = 3;

enum Output {
    Plain(BufWriter<File>),
    Gzip(flate2::write::GzEncoder<BufWriter<File>>),
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
}

/// A neutral file that is being written.
pub struct Writer {
    output: Output,
    /// Where the file is while it is written, and where it goes; `None` where it is written in place.
    place: Option<(TempPath, PathBuf)>,
    records: u64,
}

impl Writer {
    /// Begins a file: `.gz` for gzip, `.zst` for zstd, plain otherwise. Only its owner can read it, because it holds messages.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let (file, place) = begin(path)?;
        let file = BufWriter::with_capacity(BUFFER_BYTES, file);
        let output = match path.extension().and_then(|ending| ending.to_str()) {
            Some("gz") => Output::Gzip(flate2::write::GzEncoder::new(file, flate2::Compression::default())),
            Some("zst") => Output::Zstd(zstd::Encoder::new(file, ZSTD_LEVEL)?),
            Some(_) | None => Output::Plain(file),
        };
        Ok(Self { output, place, records: 0 })
    }

    /// Writes one record.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        self.write_line(&record.line())
    }

    /// Writes one line.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_line(&mut self, line: &str) -> io::Result<()> {
        self.records += 1;
        let output: &mut dyn Write = match &mut self.output {
            Output::Plain(file) => file,
            Output::Gzip(file) => file,
            Output::Zstd(file) => file,
        };
        output.write_all(line.as_bytes())?;
        output.write_all(b"\n")
    }

    /// How many records were written.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Ends the file and waits until the disk has it.
    ///
    /// # Errors
    /// The end cannot be written.
    pub fn finish(self) -> io::Result<()> {
        let file = match self.output {
            Output::Plain(file) => file,
            Output::Gzip(file) => file.finish()?,
            Output::Zstd(file) => file.finish()?,
        };
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        match self.place {
            Some((written, path)) => Ok(written.persist(path)?),
            None => Ok(()),
        }
    }
}

/// A device or a pipe, such as `/dev/stdout`, is written in place.
fn begin(path: &Path) -> io::Result<(File, Option<(TempPath, PathBuf)>)> {
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return Ok((File::options().write(true).open(path)?, None));
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let (file, written) = NamedTempFile::new_in(parent.unwrap_or(Path::new(".")))?.into_parts();
    Ok((file, Some((written, path.to_owned()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Account, Reader};

    #[test]
    fn what_was_there_stays_until_the_file_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.jsonl");
        std::fs::write(&path, "old").unwrap();
        let mut writer = Writer::create(&path).unwrap();
        writer.write_line("new").unwrap();
        drop(writer);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        let mut writer = Writer::create(&path).unwrap();
        writer.write_line("new").unwrap();
        writer.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new\n");
    }

    #[test]
    fn a_file_is_read_as_it_was_written_however_it_is_compressed() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"] {
            let path = directory.path().join(name);
            let account = Record::Account(Account { user_id: "ann".to_owned(), ..Account::default() });
            let mut writer = Writer::create(&path).unwrap();
            writer.write(&account).unwrap();
            assert_eq!(writer.records(), 1);
            writer.finish().unwrap();
            let lines: Vec<_> = Reader::open(&path).unwrap().map(|line| line.unwrap().text).collect();
            assert_eq!(lines, [account.line()]);
        }
    }
}
