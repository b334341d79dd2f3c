//! The contents of the files that an export has.

use super::archive::Archive;
use super::sink::ConvertError;
use crate::files::hexadecimal;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

const CHUNK_BYTES: usize = 64 << 10;

/// Where the contents of files lie, by the `path` of their records.
pub struct Contents(Place);

enum Place {
    Folder(PathBuf),
    Archive(Archive),
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Folder(folder) => write!(f, "Contents({})", folder.display()),
            Place::Archive(_) => f.write_str("Contents(archive)"),
        }
    }
}

impl Contents {
    /// Those that lie beside a neutral file.
    #[must_use]
    pub fn beside(file: &Path) -> Self {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        Self(Place::Folder(folder.unwrap_or(Path::new(".")).to_owned()))
    }

    /// Those of an export: in a folder or zip archive, or beside a file.
    ///
    /// # Errors
    /// The archive cannot be read.
    pub fn of_export(source: &Path) -> Result<Self, ConvertError> {
        let unreadable = |cause| ConvertError::Unreadable { path: source.to_owned(), cause };
        if source.is_dir() {
            Ok(Self(Place::Folder(source.to_owned())))
        } else if Archive::is_one(source).map_err(unreadable)? {
            Ok(Self(Place::Archive(Archive::open(source)?)))
        } else {
            Ok(Self::beside(source))
        }
    }

    /// Bytes of the content at `path`; `None` where there is none, or where the path or a link leads out of the folder.
    #[must_use]
    pub fn size(&self, path: &str) -> Option<u64> {
        match &self.0 {
            Place::Folder(folder) => {
                let file = inside(folder, path)?;
                file.metadata().ok().filter(std::fs::Metadata::is_file).map(|about| about.len())
            }
            Place::Archive(archive) => archive.size(path),
        }
    }

    /// Reads the content at `path`, piece by piece. Several can be read at the same time.
    ///
    /// # Errors
    /// There is none, or it cannot be read; or `take` says so.
    pub fn read(&self, path: &str, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut pass_on = |file: &mut dyn Read| {
            let mut piece = vec![0; CHUNK_BYTES];
            loop {
                let read = match file.read(&mut piece) {
                    Ok(0) => return Ok(()),
                    Ok(read) => read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return Err(error),
                };
                take(piece.get(..read).unwrap_or_default())?;
            }
        };
        match &self.0 {
            Place::Folder(folder) => {
                pass_on(&mut File::open(inside(folder, path).ok_or(io::ErrorKind::NotFound)?)?)
            }
            Place::Archive(archive) => archive.read_aside(path, pass_on),
        }
    }

    /// The SHA-256 of the content at `path`, as hexadecimal digits in lower case.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn digest(&self, path: &str) -> io::Result<String> {
        let mut digest = Sha256::new();
        self.read(path, |piece| {
            digest.update(piece);
            Ok(())
        })?;
        Ok(hexadecimal(&digest.finalize()))
    }
}

/// A file in a folder; nothing that a link leads to elsewhere.
fn inside(folder: &Path, path: &str) -> Option<PathBuf> {
    let file = folder.join(path).canonicalize().ok()?;
    file.starts_with(folder.canonicalize().ok()?).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write as _;
    use zip::write::SimpleFileOptions;

    #[test]
    fn contents_of_a_folder_and_a_zip_are_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("export");
        fs::create_dir_all(folder.join("a")).unwrap();
        fs::write(folder.join("a/b.txt"), "0123456789").unwrap();
        fs::write(folder.join("list.jsonl"), "").unwrap();
        let path = directory.path().join("export.zip");
        let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
        zip.start_file("a/b.txt", SimpleFileOptions::default()).unwrap();
        zip.write_all(b"0123456789").unwrap();
        zip.finish().unwrap();
        for source in [folder.clone(), path, folder.join("list.jsonl")] {
            let contents = Contents::of_export(&source).unwrap();
            assert_eq!(
                (contents.size("a/b.txt"), contents.size("a"), contents.size("c")),
                (Some(10), None, None)
            );
            let digest = contents.digest("a/b.txt").unwrap();
            assert_eq!(digest, "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882");
            assert!(contents.read("c", |_| Ok(())).is_err());
            // One is read while another one is.
            let mut inner = 0;
            let outer = contents.read("a/b.txt", |_| {
                contents.read("a/b.txt", |piece| {
                    inner += piece.len();
                    Ok(())
                })
            });
            assert!(outer.is_ok());
            assert_eq!(inner, 10);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_out_of_the_folder_is_no_content() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("export");
        fs::create_dir(&folder).unwrap();
        fs::write(directory.path().join("secret"), "s").unwrap();
        fs::write(folder.join("a"), "a").unwrap();
        std::os::unix::fs::symlink(directory.path().join("secret"), folder.join("b")).unwrap();
        std::os::unix::fs::symlink("a", folder.join("c")).unwrap();
        let contents = Contents::of_export(&folder).unwrap();
        assert_eq!(
            (contents.size("b"), contents.size("../secret"), contents.size("c")),
            (None, None, Some(1))
        );
    }
}
