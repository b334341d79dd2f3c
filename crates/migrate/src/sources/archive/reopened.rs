//! A file that is read from several places at the same time: each copy opens it again.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

pub(super) struct Reopened {
    path: PathBuf,
    file: Option<BufReader<File>>,
}

impl Reopened {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None }
    }

    fn file(&mut self) -> io::Result<&mut BufReader<File>> {
        let file = match self.file.take() {
            Some(file) => file,
            None => BufReader::new(File::open(&self.path)?),
        };
        Ok(self.file.insert(file))
    }
}

impl Clone for Reopened {
    /// Begins at the start of the file.
    fn clone(&self) -> Self {
        Self::new(&self.path)
    }
}

impl Read for Reopened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file()?.read(buffer)
    }
}

impl Seek for Reopened {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file()?.seek(position)
    }
}
