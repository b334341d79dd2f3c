//! Writes a neutral file; the ending of its name says how it is compressed.

use super::Record;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

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
    records: u64,
}

impl Writer {
    /// Makes the file, or empties it: `.gz` for gzip, `.zst` for zstd, plain otherwise.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::with_capacity(BUFFER_BYTES, File::create(path)?);
        let output = match path.extension().and_then(|ending| ending.to_str()) {
            Some("gz") => Output::Gzip(flate2::write::GzEncoder::new(file, flate2::Compression::default())),
            Some("zst") => Output::Zstd(zstd::Encoder::new(file, ZSTD_LEVEL)?),
            Some(_) | None => Output::Plain(file),
        };
        Ok(Self { output, records: 0 })
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
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Account, Reader};

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
