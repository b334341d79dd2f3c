//! The files of a Landfall server that messages refer to, copied beside the exported file.

use crate::files::{self, Stored, hexadecimal};
use crate::format::{File, Message, Record, Writer, address, identity};
use crate::journal::hash;
use crate::server::{FetchError, Server};
use crate::sources::v4::{PullError, PullReport};
use futures_util::stream::{self, StreamExt as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead as _, BufReader, BufWriter, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Files that are copied at the same time.
const AT_ONCE: usize = 4;
/// How the folder of an exported file ends.
const FOLDER: &str = ".files";

/// The folder of the files of an exported file.
pub(super) fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().map_or_else(OsString::new, OsString::from);
    name.push(FOLDER);
    file.with_file_name(name)
}

/// A file that messages refer to.
#[derive(Debug, Serialize, Deserialize)]
struct Wanted {
    /// `src` of the messages.
    src: String,
    digest: String,
    name: String,
}

impl Wanted {
    fn key(&self) -> String {
        key(&self.digest, &self.name)
    }
}

fn key(digest: &str, name: &str) -> String {
    format!("{digest}/{name}")
}

/// Files that messages refer to. The list of them is on the disk.
pub(super) struct Files {
    app: u32,
    folder: PathBuf,
    known: BTreeSet<u64>,
    list: BufWriter<fs::File>,
}

impl Files {
    /// `folder`: where they go.
    pub(super) fn new(app: u32, folder: PathBuf) -> io::Result<Self> {
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        let list = BufWriter::new(tempfile::tempfile_in(parent.unwrap_or(Path::new(".")))?);
        Ok(Self { app, folder, known: BTreeSet::new(), list })
    }

    /// Puts `file:KEY` in the place of addresses of the server's files.
    pub(super) fn take(&mut self, message: &mut Message) -> io::Result<()> {
        if !message.msg_body.as_str().contains("/files/") {
            return Ok(());
        }
        let mut elements = message.msg_body.value();
        let mut found = Vec::new();
        address::visit(&mut elements, &mut |text| {
            let Stored { digest, name } = Stored::at(self.app, text)?;
            let file = format!("{}{}", address::FILE, key(&digest, &name));
            found.push(Wanted { src: message.src.clone(), digest, name });
            Some(file)
        });
        if found.is_empty() {
            return Ok(());
        }
        message.random = message.random.or_else(|| message.key.is_empty().then(|| identity::random(message)));
        message.msg_body = elements.into();
        for wanted in found {
            if self.known.insert(hash(&address::name(&wanted.src, &wanted.key()))) {
                serde_json::to_writer(&mut self.list, &wanted)?;
                self.list.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    /// Copies the files, and writes their records.
    pub(super) async fn fetch(
        self,
        server: &Server,
        writer: &mut Writer,
        report: &mut PullReport,
    ) -> Result<(), PullError> {
        let mut list = self.list.into_inner().map_err(io::IntoInnerError::into_error)?;
        list.rewind()?;
        let folder = &self.folder;
        let fetched = stream::iter(BufReader::new(list).lines()).map(async |line| {
            let wanted: Wanted = serde_json::from_str(&line?).map_err(io::Error::from)?;
            let bytes = fetch(server, &wanted, folder).await?;
            Ok::<_, PullError>((wanted, bytes))
        });
        let mut fetched = std::pin::pin!(fetched.buffer_unordered(AT_ONCE));
        while let Some(file) = fetched.next().await {
            let (wanted, bytes) = file?;
            let (digest, name) = (&wanted.digest, &wanted.name);
            let folder = folder.file_name().unwrap_or_default().to_string_lossy();
            let mut record = File {
                src: wanted.src.clone(),
                key: wanted.key(),
                file_name: Some(name.clone()),
                ..File::default()
            };
            if let Some(bytes) = bytes {
                report.files += 1;
                record.path = Some(format!("{folder}/{digest}/{name}"));
                record.file_size = Some(bytes);
            } else {
                report.lost_files.add(name);
                record.url = Some(files::address(server.app(), digest, name));
            }
            writer.write(&Record::File(record))?;
        }
        Ok(())
    }
}

/// Copies one file, and returns its bytes; `None` where the server does not have it as it was.
async fn fetch(server: &Server, wanted: &Wanted, folder: &Path) -> Result<Option<u64>, PullError> {
    let address = files::address(server.app(), &wanted.digest, &wanted.name);
    let folder = folder.join(&wanted.digest);
    fs::create_dir_all(&folder)?;
    let mut backoff = server.backoff();
    loop {
        let mut part = NamedTempFile::new_in(&folder)?;
        let (mut digest, mut bytes) = (Sha256::new(), 0);
        let mut take = |piece: &[u8]| {
            digest.update(piece);
            bytes += piece.len() as u64;
            part.write_all(piece)
        };
        match server.get_file(&address, &mut take).await {
            Ok(true) if Stored::may_have(&wanted.digest, &hexadecimal(&digest.finalize())) => {
                part.persist(folder.join(&wanted.name)).map_err(|error| error.error)?;
                return Ok(Some(bytes));
            }
            Ok(_) => {
                drop(part);
                // Empty, unless the content is there under another name.
                drop(fs::remove_dir(&folder));
                return Ok(None);
            }
            Err(FetchError::Call(error)) => backoff.wait(server, "a file", error).await?,
            Err(FetchError::Disk(error)) => return Err(error.into()),
        }
    }
}
