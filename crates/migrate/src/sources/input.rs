//! What a reader reads: a file of its own, or files of a zip archive or folder; and the files that lie beside it.

use super::archive::{Archive, Names};
use super::sink::ConvertError;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Component, Path, PathBuf};

const BUFFER_BYTES: usize = 256 << 10;

/// A source that is open for reading.
pub(crate) enum Input {
    Archive(Archive),
    /// With its name.
    File(PathBuf, String),
}

/// The files that lie beside one that is being read.
#[derive(Clone, Copy)]
pub(crate) enum Beside<'a> {
    Archive(Names<'a>),
    Folder(&'a Path),
}

impl Input {
    pub(crate) fn open(path: &Path) -> Result<Self, ConvertError> {
        let unreadable = |cause| ConvertError::Unreadable { path: path.to_owned(), cause };
        if Archive::is_one(path).map_err(unreadable)? {
            return Ok(Self::Archive(Archive::open(path)?));
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        Ok(Self::File(path.to_owned(), name.unwrap_or_default()))
    }

    /// The names of the files that end with one of `endings`, those in the outermost folders first. A file of its own counts
    /// whatever it is called.
    pub(crate) fn documents(&self, endings: &[&str]) -> Vec<String> {
        match self {
            Self::File(_, name) => vec![name.clone()],
            Self::Archive(archive) => {
                let is_one =
                    |name: &&str| endings.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
                let mut names: Vec<_> = archive.names().filter(is_one).map(str::to_owned).collect();
                names.sort_by_key(|name| (name.matches('/').count(), name.clone()));
                names
            }
        }
    }

    /// Those of [`Input::documents`] in the outermost folder that has any: users attach files of any name.
    pub(crate) fn outermost(&self, ending: &str) -> Vec<String> {
        let mut names = self.documents(&[ending]);
        let folder = |name: &String| name.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        if let Some(first) = names.first().map(folder) {
            names.retain(|name| folder(name) == first);
        }
        names
    }

    /// Reads a file; one of its own may be compressed.
    pub(crate) fn read(&mut self, name: &str) -> io::Result<(Box<dyn BufRead + '_>, Beside<'_>)> {
        match self {
            Self::File(path, _) => {
                let file = unpacked(BufReader::with_capacity(BUFFER_BYTES, File::open(&*path)?))?;
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                Ok((file, Beside::Folder(folder.unwrap_or_else(|| Path::new(".")))))
            }
            Self::Archive(archive) => {
                let (file, names) = archive.read_beside(name)?;
                Ok((Box::new(BufReader::new(file)), Beside::Archive(names)))
            }
        }
    }
}

/// A file as it is, or what is packed in it.
fn unpacked(mut file: BufReader<File>) -> io::Result<Box<dyn BufRead>> {
    let start = file.fill_buf()?;
    if start.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(file))));
    }
    if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, zstd::Decoder::with_buffer(file)?)));
    }
    Ok(Box::new(file))
}

impl Beside<'_> {
    /// Where a file lies in the export; `None` where it does not.
    pub(crate) fn path_of(&self, name: &str) -> Option<String> {
        let is_inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        if name.is_empty() || !is_inside {
            return None;
        }
        match self {
            Self::Archive(names) => names.has(name).then(|| names.path_of(name)),
            Self::Folder(folder) => folder.join(name).is_file().then(|| name.to_owned()),
        }
    }

    /// Where a file lies that `document` names, relative to its own folder.
    pub(crate) fn path_from(&self, document: &str, name: &str) -> Option<String> {
        let name = name.replace('\\', "/");
        let name = name.trim_start_matches("./");
        match document.rsplit_once('/') {
            Some((folder, _)) => self.path_of(&format!("{folder}/{name}")),
            None => self.path_of(name),
        }
    }
}
