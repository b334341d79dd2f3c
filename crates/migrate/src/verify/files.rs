//! What messages have in the places of files, after an import that went well.

use super::{Both, VerifyError};
use crate::files;
use crate::format::address::{self, Place, with_addresses};
use crate::format::{File, Record, identity};
use crate::journal::{Journal, JournalError, Owner, Receipt, hash};
use crate::server::Server;
use crate::sources::contents::Contents;
use futures_util::stream::{self, StreamExt as _};
use std::io;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::mpsc;

/// Files that are looked for at the same time.
const AT_ONCE: usize = 4;

/// What messages have in the places of files, on the disk; nothing where the file has no file records.
#[derive(Default)]
pub(super) struct Places(Option<(Journal, TempDir)>);

impl Places {
    fn new(spill: &Path, server: &Server) -> Result<Self, VerifyError> {
        let directory = tempfile::tempdir_in(spill)?;
        let owner = Owner { server: server.address().to_owned(), app: server.app() };
        let journal = Journal::open(&directory.path().join("files"), &owner)?;
        Ok(Self(Some((journal, directory))))
    }

    /// Makes a message what it is imported as. What it is known by stays the same.
    pub(super) fn put_into(&self, record: &mut Record) -> io::Result<()> {
        let (Record::Message(message), Some((journal, _))) = (record, &self.0) else { return Ok(()) };
        let placed = with_addresses(&message.msg_body, |key| {
            let known = journal.file(hash(&address::name(&message.src, key)))?;
            Ok::<_, JournalError>(known.map(|(_, place)| place))
        });
        if let Some(body) = placed.map_err(io::Error::other)? {
            message.random = Some(identity::random(message));
            message.msg_body = body;
        }
        Ok(())
    }
}

/// What was found of files.
#[derive(Default)]
pub(super) struct Found {
    pub(super) places: Places,
    pub(super) count: Both,
}

/// Looks for all files of a file record on the server.
pub(super) async fn look(
    files: mpsc::Receiver<File>,
    server: &Server,
    contents: &Arc<Contents>,
    spill: &Path,
) -> Result<Found, VerifyError> {
    let mut files =
        stream::unfold(files, |mut files| async move { Some((files.recv().await?, files)) }).boxed();
    let Some(first) = files.next().await else { return Ok(Found::default()) };
    let is_landfall = server.limits().await?.landfall.is_some();
    let mut found = Found { places: Places::new(spill, server)?, count: Both::default() };
    let looked = stream::iter([first]).chain(files).map(async |file: File| {
        let stored = if is_landfall { stored(&file, server, contents).await? } else { None };
        Ok::<_, VerifyError>((file, stored))
    });
    let mut looked = std::pin::pin!(looked.buffer_unordered(AT_ONCE));
    while let Some(file) = looked.next().await {
        let (file, stored) = file?;
        found.count.file += 1;
        found.count.server += u64::from(stored.is_some());
        let content = u64::from(stored.is_some());
        let place = stored.unwrap_or_else(|| files::elsewhere(&file));
        let file = hash(&address::name(&file.src, &file.key));
        if let Some((journal, _)) = &found.places.0 {
            journal.write(vec![Receipt::File { file, content, place }]).await?;
        }
    }
    Ok(found)
}

/// Where the content of a file is on the server; `None` where it is not there, or where nobody knows what it should be.
async fn stored(
    file: &File,
    server: &Server,
    contents: &Arc<Contents>,
) -> Result<Option<Place>, VerifyError> {
    let Some(path) = file.path.clone().filter(|path| address::stays_inside(path)) else { return Ok(None) };
    let Some(bytes) = contents.size(&path) else { return Ok(None) };
    let contents = Arc::clone(contents);
    let digest =
        tokio::task::spawn_blocking(move || contents.digest(&path)).await.map_err(io::Error::other)?;
    // A content that cannot be read was not imported.
    let Ok(digest) = digest else { return Ok(None) };
    let address = files::address(server.app(), &digest, &files::name(file));
    Ok(server.has_file(&address).await?.then_some(Place::At(address, bytes)))
}
