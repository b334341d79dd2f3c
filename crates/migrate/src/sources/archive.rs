//! The files of an export: of a zip archive, or of a folder.

mod reopened;

use super::sink::ConvertError;
use reopened::Reopened;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// Most files of an export.
pub const FILES_MAX: usize = 5_000_000;
/// How deep folders may lie within each other.
const DEPTH_MAX: usize = 32;
const BUFFER_BYTES: usize = 256 << 10;
const ZIP: &[u8] = b"PK";

/// A zip archive or folder that is open for reading.
pub struct Archive {
    content: Content,
    /// What the names of files here begin with in the export; empty, or it ends with a slash.
    root: String,
    /// Files by their names behind `root`.
    files: BTreeMap<String, Place>,
}

enum Content {
    Zip(Box<ZipArchive<Reopened>>),
    Folder(PathBuf),
}

#[derive(Clone, Copy, Debug)]
struct Place {
    /// In the zip archive.
    index: usize,
    bytes: u64,
}

impl Archive {
    /// Whether `path` is a folder, or a file that begins like a zip archive.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn is_one(path: &Path) -> io::Result<bool> {
        if fs::metadata(path)?.is_dir() {
            return Ok(true);
        }
        let mut start = [0; 2];
        match File::open(path)?.read_exact(&mut start) {
            Ok(()) => Ok(start == ZIP),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Opens a zip archive or folder, and reads the names of its files.
    ///
    /// # Errors
    /// It cannot be read, is cut off or damaged, or has too many files.
    pub fn open(path: &Path) -> Result<Self, ConvertError> {
        let unreadable = |cause| ConvertError::Unreadable { path: path.to_owned(), cause };
        let mut files = BTreeMap::new();
        let content = if fs::metadata(path).map_err(unreadable)?.is_dir() {
            list_folder(path, "", 0, &mut files).map_err(unreadable)?;
            Content::Folder(path.to_owned())
        } else {
            let file = Reopened::new(path);
            File::open(path).map_err(unreadable)?;
            let damaged = |error: zip::result::ZipError| ConvertError::Damaged {
                path: path.to_owned(),
                problem: error.to_string(),
            };
            let mut archive = ZipArchive::new(file).map_err(damaged)?;
            if FILES_MAX < archive.len() {
                return Err(unreadable(too_many()));
            }
            for index in 0..archive.len() {
                let entry = archive.by_index_raw(index).map_err(damaged)?;
                let name = entry.name().replace('\\', "/");
                if entry.is_file() && is_wanted(&name) {
                    files.insert(
                        name.trim_start_matches("./").to_owned(),
                        Place { index, bytes: entry.size() },
                    );
                }
            }
            Content::Zip(Box::new(archive))
        };
        Ok(Self { content, root: String::new(), files })
    }

    /// Leaves out the folders around the export: names begin where the outermost of `marks` lies from now on. `false` where none is
    /// there.
    pub fn enter(&mut self, marks: &[&str]) -> bool {
        let root = |name: &String| {
            let (folder, file) =
                name.rsplit_once('/').map_or(("", name.as_str()), |(folder, file)| (folder, file));
            marks
                .contains(&file)
                .then(|| (folder.matches('/').count() + usize::from(!folder.is_empty()), folder.to_owned()))
        };
        let Some((_, folder)) = self.files.keys().filter_map(root).min() else { return false };
        if !folder.is_empty() {
            let folder = format!("{folder}/");
            let inner = std::mem::take(&mut self.files).into_iter();
            self.files = inner
                .filter_map(|(name, place)| Some((name.strip_prefix(&folder)?.to_owned(), place)))
                .collect();
            self.root.push_str(&folder);
        }
        true
    }

    /// The names of all files, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The names of the files in a folder and the folders in it, in order.
    pub fn names_in<'a>(&'a self, folder: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let start = format!("{folder}/");
        let from = self.files.range(start.clone()..).map(|(name, _)| name.as_str());
        from.take_while(move |name| name.starts_with(&start))
    }

    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// Bytes of a file.
    #[must_use]
    pub fn size(&self, name: &str) -> Option<u64> {
        self.files.get(name).map(|place| place.bytes)
    }

    /// Where a file lies in the export, the folders around it included: `path` of a file's record.
    #[must_use]
    pub fn path_of(&self, name: &str) -> String {
        format!("{}{name}", self.root)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// There is none of that name, or it cannot be read.
    pub fn read(&mut self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        Ok(self.read_beside(name)?.0)
    }

    /// Reads a file while others are read, too.
    ///
    /// # Errors
    /// There is none of that name, or it cannot be read; or `read` says so.
    pub fn read_aside<T>(
        &self,
        name: &str,
        read: impl FnOnce(&mut dyn Read) -> io::Result<T>,
    ) -> io::Result<T> {
        let place = self.files.get(name).ok_or(io::ErrorKind::NotFound)?;
        match &self.content {
            Content::Folder(folder) => read(&mut File::open(folder.join(&self.root).join(name))?),
            // A copy shares the list of files.
            Content::Zip(archive) => {
                let mut archive = archive.as_ref().clone();
                let mut file = archive.by_index(place.index).map_err(io::Error::other)?;
                read(&mut file)
            }
        }
    }

    /// Reads a file, with the names of all files at hand.
    ///
    /// # Errors
    /// There is none of that name, or it cannot be read.
    pub fn read_beside(&mut self, name: &str) -> io::Result<(Box<dyn Read + '_>, Names<'_>)> {
        let place = self.files.get(name).ok_or(io::ErrorKind::NotFound)?;
        let names = Names { files: &self.files, root: &self.root };
        match &mut self.content {
            Content::Folder(folder) => {
                let file = File::open(folder.join(&self.root).join(name))?;
                Ok((Box::new(BufReader::with_capacity(BUFFER_BYTES, file)), names))
            }
            Content::Zip(archive) => {
                let file = archive.by_index(place.index).map_err(io::Error::other)?;
                Ok((Box::new(BufReader::with_capacity(BUFFER_BYTES, file)), names))
            }
        }
    }
}

/// The names of the files of an archive, while one of them is being read.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    files: &'a BTreeMap<String, Place>,
    root: &'a str,
}

impl Names<'_> {
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// Where a file lies in the export, the folders around it included: `path` of a file's record.
    #[must_use]
    pub fn path_of(&self, name: &str) -> String {
        format!("{}{name}", self.root)
    }
}

fn list_folder(
    root: &Path,
    folder: &str,
    depth: usize,
    files: &mut BTreeMap<String, Place>,
) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < DEPTH_MAX {
            list_folder(root, &name, depth + 1, files)?;
        } else if kind.is_file() && is_wanted(&name) {
            if FILES_MAX <= files.len() {
                return Err(too_many());
            }
            files.insert(name, Place { index: 0, bytes: entry.metadata()?.len() });
        }
    }
    Ok(())
}

fn too_many() -> io::Error {
    io::Error::other(format!("it has more than {FILES_MAX} files"))
}

/// Not what file managers add.
fn is_wanted(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    !name.starts_with("__MACOSX/") && !file.starts_with("._") && file != ".DS_Store" && !file.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use zip::write::SimpleFileOptions;

    fn zip_of(path: &Path, names: &[&str]) {
        let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
        for name in names {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(name.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
    }

    fn text(archive: &mut Archive, name: &str) -> String {
        let mut text = String::new();
        archive.read(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    const NAMES: [&str; 5] = [
        "out/users.json",
        "out/general/1.json",
        "out/general/users.json",
        "out/z.json",
        "__MACOSX/out/users.json",
    ];

    #[test]
    fn a_zip_and_its_folder_have_the_same_files() {
        let directory = tempfile::tempdir().unwrap();
        let zip = directory.path().join("export.zip");
        zip_of(&zip, &NAMES);
        let folder = directory.path().join("unpacked");
        for name in NAMES {
            fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
            fs::write(folder.join(name), name).unwrap();
        }
        for path in [&zip, &folder] {
            assert!(Archive::is_one(path).unwrap());
            let mut archive = Archive::open(path).unwrap();
            assert!(!archive.enter(&["channels.json"]));
            assert!(archive.enter(&["channels.json", "users.json"]));
            let names: Vec<_> = archive.names().collect();
            assert_eq!(names, ["general/1.json", "general/users.json", "users.json", "z.json"]);
            let inner: Vec<_> = archive.names_in("general").collect();
            assert_eq!(inner, ["general/1.json", "general/users.json"]);
            assert_eq!(text(&mut archive, "general/1.json"), "out/general/1.json");
            assert_eq!(archive.path_of("z.json"), "out/z.json");
            assert_eq!(archive.size("z.json"), Some(10));
            assert!(archive.read("nothing").is_err());
        }
    }

    #[test]
    fn a_zip_that_is_cut_off_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("export.zip");
        zip_of(&path, &NAMES);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let error = Archive::open(&path).err().unwrap();
        assert!(error.to_string().contains("is cut off or damaged"), "{error}");
    }
}
