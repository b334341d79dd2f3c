//! The folder of one job: what is known of it, its file, and its receipts.

use super::record::{JobRecord, Receipt};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

const RECORD: &str = "job.json";
const FILE: &str = "file";
const RECEIPTS: &str = "receipts.jsonl";

/// The folder of a job.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where records are put in order.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join(FILE)
    }

    /// Writes the record, whole or not at all.
    pub(crate) fn save(&self, record: &JobRecord) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let new = self.0.join("job.json.new");
        let mut file = File::create(&new)?;
        file.write_all(&serde_json::to_vec(record)?)?;
        file.sync_all()?;
        fs::rename(new, self.0.join(RECORD))?;
        File::open(&self.0)?.sync_all()
    }

    /// `None` where no job was ever saved. Removes the file of one that is over, which a crash may have left.
    pub(crate) fn load(&self) -> io::Result<Option<JobRecord>> {
        let record: JobRecord = match fs::read(self.0.join(RECORD)) {
            Ok(text) => serde_json::from_slice(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if record.state.is_over() {
            self.remove_file()?;
        }
        Ok(Some(record))
    }

    /// The file, to be continued at `offset`, which is not behind its end. What is there behind it is cut off.
    pub(crate) fn continue_file(&self, offset: u64) -> io::Result<File> {
        let mut file = File::options().create(true).write(true).truncate(false).open(self.file())?;
        file.set_len(offset)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(file)
    }

    pub(crate) fn remove_file(&self) -> io::Result<()> {
        match fs::remove_file(self.file()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Receipts of a run; those of earlier runs go.
    pub(crate) fn receipts(&self) -> io::Result<Receipts> {
        Ok(Receipts(BufWriter::new(File::create(self.0.join(RECEIPTS))?)))
    }

    /// Receipts from the byte `offset` on, at most `limit`, and where the next page starts.
    pub(crate) fn read_receipts(&self, offset: u64, limit: usize) -> io::Result<(Vec<String>, u64)> {
        let mut file = match File::open(self.0.join(RECEIPTS)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
            Err(error) => return Err(error),
        };
        file.seek(SeekFrom::Start(offset))?;
        let mut lines = BufReader::new(file).take(PAGE_BYTES_MAX);
        let (mut found, mut next) = (Vec::new(), offset);
        let mut line = String::new();
        while found.len() < limit && 0 < lines.read_line(&mut line)? {
            // One that is being written comes with the next page.
            let Some(whole) = line.strip_suffix('\n') else { break };
            next += line.len() as u64;
            found.push(whole.to_owned());
            line.clear();
        }
        Ok((found, next))
    }
}

/// Bytes of receipts in one answer.
const PAGE_BYTES_MAX: u64 = 512 << 10;

/// Receipts that are being written.
pub(crate) struct Receipts(BufWriter<File>);

impl Receipts {
    pub(crate) fn add(&mut self, receipt: &Receipt) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, receipt)?;
        self.0.write_all(b"\n")
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_are_read_in_pages_and_only_whole_ones() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::new(directory.path().join("job"));
        folder.save(&JobRecord::default()).unwrap();
        assert_eq!(folder.read_receipts(0, 9).unwrap(), (Vec::new(), 0));
        let mut receipts = folder.receipts().unwrap();
        for name in ["a", "b", "c"] {
            let receipt = Receipt {
                line: 0,
                record: "group",
                name: name.to_owned(),
                result: "created",
                code: String::new(),
                result_info: String::new(),
            };
            receipts.add(&receipt).unwrap();
        }
        receipts.flush().unwrap();
        let (first, next) = folder.read_receipts(0, 2).unwrap();
        assert_eq!(first.first().unwrap(), r#"{"Record":"group","Name":"a","Result":"created"}"#);
        let (second, end) = folder.read_receipts(next, 2).unwrap();
        assert_eq!((first.len(), second.len()), (2, 1));
        let path = directory.path().join("job").join(RECEIPTS);
        let mut text = fs::read(&path).unwrap();
        text.extend(b"{\"half");
        fs::write(path, text).unwrap();
        assert_eq!(folder.read_receipts(end, 2).unwrap(), (Vec::new(), end));
    }
}
