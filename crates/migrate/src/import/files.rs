//! Brings contents of files into the file store of a Landfall server. Messages get their addresses.

use super::ImportError;
use super::desk::{End, fault};
use super::feed::Item;
use super::run::{Refusal, Run};
use crate::fault::{Fault, FaultCode};
use crate::files;
use crate::format::address::{self, Place, with_addresses};
use crate::format::{File, Json, Kind, Message, Record};
use crate::journal::{Journal, JournalError, Receipt, hash};
use crate::server::{CallError, Content};
use crate::sources::contents::Contents;
use futures_util::stream::{Stream, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const COMMAND: &str = "landfall_import_svc/put_file";
/// Contents that are sent at the same time.
pub(super) const AT_ONCE: usize = 4;
/// Pieces of a content that are read ahead.
const PIECES: usize = 2;
/// A server may end the connection instead of taking a content that it refuses.
const UNANSWERED_MAX: u32 = 5;

/// The record of a file, and what the rules say about it.
pub(super) struct FileItem {
    pub(super) line: u64,
    pub(super) record: Record,
    pub(super) faults: Vec<Fault>,
    /// Whether a message refers to it.
    pub(super) is_needed: bool,
}

impl From<Item> for FileItem {
    fn from(item: Item) -> Self {
        let Item { line, entry, faults, left_out, .. } = item;
        Self { line, record: entry.record, faults, is_needed: !left_out }
    }
}

/// In any number.
pub(super) async fn import(run: &Run<'_>, items: impl Stream<Item = FileItem>) -> Result<(), ImportError> {
    let one = |item| async move { one(run, item).await };
    items.map(one).buffer_unordered(AT_ONCE).try_collect().await
}

/// The body of a message with the places of the files that it refers to; `None` where it refers to none.
pub(super) fn placed(journal: &Journal, message: &Message) -> Result<Option<Json>, JournalError> {
    with_addresses(&message.msg_body, |key| {
        let known = journal.file(hash(&address::name(&message.src, key)))?;
        Ok(known.map(|(_, place)| place))
    })
}

async fn one(run: &Run<'_>, item: FileItem) -> Result<(), ImportError> {
    let Record::File(file) = &item.record else { return Ok(()) };
    if !item.faults.is_empty() {
        let is_repeat = item.faults.iter().any(|fault| fault.code == FaultCode::Duplicate.as_str());
        if !is_repeat {
            settle(run, file, 0, files::elsewhere(file)).await?;
        }
        return Ok(run.desk.fail_all(&item.record, &item.faults)?);
    }
    if !item.is_needed {
        run.desk.count(Kind::File, End::Skipped);
        return Ok(());
    }
    let content = file.path.as_deref().and_then(|path| Some((path, run.options.contents.size(path)?)));
    let refused = match content {
        Some(_) if run.calls.landfall.is_none() => {
            fault(FaultCode::NotSupported, "the server takes no files, and the record has no Url")
        }
        Some((path, bytes)) => match there(run, file, path, bytes).await? {
            Ok(()) => return Ok(()),
            Err(reason) => fault(FaultCode::Refused, reason),
        },
        // An earlier export had it.
        None if was_sent(run, file)? => {
            run.desk.count(Kind::File, End::Unchanged);
            return Ok(());
        }
        None => fault(FaultCode::NoSuchFile, "its content is not there, and the record has no Url"),
    };
    let place = files::elsewhere(file);
    let keeps_url = matches!(place, Place::At(..)) && refused.code != FaultCode::Refused.as_str();
    settle(run, file, 0, place).await?;
    if keeps_url {
        run.desk.count(Kind::File, End::Skipped);
        return Ok(());
    }
    Ok(run.desk.fail(item.line, &item.record, refused)?)
}

fn was_sent(run: &Run<'_>, file: &File) -> Result<bool, ImportError> {
    Ok(run.journal.file(id(file))?.is_some_and(|(content, _)| content != 0))
}

/// A content that is there. The inner error says why it cannot be brought in.
async fn there(
    run: &Run<'_>,
    file: &File,
    path: &str,
    bytes: u64,
) -> Result<Result<(), String>, ImportError> {
    let name = files::name(file);
    // 0 stands for a content that was not brought in.
    let content = hash(&format!("{name}\0{bytes}")).max(1);
    let known = run.journal.file(id(file))?.map(|(content, _)| content).filter(|content| *content != 0);
    if known == Some(content) {
        run.desk.count(Kind::File, End::Unchanged);
        return Ok(Ok(()));
    }
    if bytes == 0 {
        return Ok(Err("its content is empty, which the server does not take".to_owned()));
    }
    let sending = run.sending.acquire().await;
    let start = Instant::now();
    let sent = send(run, path, &name, bytes).await?;
    run.desk.took(Kind::File, start.elapsed());
    drop(sending);
    let address = match sent {
        Ok(address) => address,
        Err(reason) => return Ok(Err(reason)),
    };
    settle(run, file, content, Place::At(address, bytes)).await?;
    run.desk.count(Kind::File, if known.is_some() { End::Updated } else { End::Imported });
    Ok(Ok(()))
}

fn id(file: &File) -> u64 {
    hash(&address::name(&file.src, &file.key))
}

/// Writes down what messages have in the place of a file.
async fn settle(run: &Run<'_>, file: &File, content: u64, place: Place) -> Result<(), ImportError> {
    if file.key.is_empty() || run.journal.file(id(file))? == Some((content, place.clone())) {
        return Ok(());
    }
    run.write(vec![Receipt::File { file: id(file), content, place }]).await
}

/// Sends a content until the server takes it. Returns its address, or why it cannot be brought in.
async fn send(
    run: &Run<'_>,
    path: &str,
    name: &str,
    bytes: u64,
) -> Result<Result<String, String>, ImportError> {
    let mut backoff = run.server.backoff();
    let mut unanswered = 0;
    loop {
        let (content, reading) = read(&run.options.contents, path, bytes);
        let answer = run.server.put_file(name, bytes, content).await;
        let read = reading.await.map_err(io::Error::other)?;
        let error = match answer {
            Ok(reply) => {
                let address = reply.get("Address").and_then(Value::as_str).unwrap_or_default();
                let is_own = files::Stored::at(run.server.app(), address).is_some();
                let strange = || "the server says an address that is none of its own".to_owned();
                return Ok(is_own.then(|| address.to_owned()).ok_or_else(strange));
            }
            Err(error) => error,
        };
        if let Err(cause) = read {
            return Ok(Err(format!("its content cannot be read: {cause}")));
        }
        if !error.passes() {
            return Ok(Err(Refusal::of(error)?.text()));
        }
        unanswered += u32::from(matches!(error, CallError::Unanswered { .. }));
        if unanswered == UNANSWERED_MAX {
            // Not so where it takes other calls.
            run.server.ask("landfall_import_svc/get_limits", &json!({})).await?;
            return Ok(Err(format!(
                "the server ended the connection {UNANSWERED_MAX} times while it was sent; it has {bytes} bytes, \
                 see [files] bytes_max"
            )));
        }
        backoff.wait(run.server, COMMAND, error).await?;
    }
}

/// Reads a content in a thread of its own, which ends early when nobody takes the pieces. The last piece waits until all of it is
/// known to be sound.
fn read(contents: &Arc<Contents>, path: &str, bytes: u64) -> (Content, JoinHandle<io::Result<()>>) {
    let (pieces, content) = mpsc::channel(PIECES);
    let (contents, path) = (Arc::clone(contents), path.to_owned());
    let reading = tokio::task::spawn_blocking(move || {
        let (mut left, mut last) = (bytes, None::<Vec<u8>>);
        let read = contents.read(&path, |piece| {
            left = left.checked_sub(piece.len() as u64).ok_or_else(changed)?;
            match last.replace(piece.to_owned()) {
                Some(before) => pieces.blocking_send(Ok(before)).map_err(|_| gone()),
                None => Ok(()),
            }
        });
        let whole = read.and_then(|()| if left == 0 { Ok(()) } else { Err(changed()) });
        let is_gone = match (&whole, last) {
            (Ok(()), Some(last)) => pieces.blocking_send(Ok(last)).is_err(),
            (Ok(()), None) => false,
            (Err(error), _) => pieces.blocking_send(Err(io::Error::other(error.to_string()))).is_err(),
        };
        // What the server says counts, where it did not wait for the end.
        if is_gone { Ok(()) } else { whole }
    });
    (content, reading)
}

fn gone() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

fn changed() -> io::Error {
    io::Error::other("it has another size than a moment ago")
}
