//! Writing the messages of an hour: JSON, a message on each line, compressed as it is written.
//!
//! [choice] An hour with more than 64 MiB of messages has several files.

use crate::archive::word;
use crate::files::store::{FileStore, IncomingFile};
use flate2::Compression;
use flate2::write::GzEncoder;
use landfall_domain::ids::AppId;
use landfall_domain::people::archive::{ArchiveFile, ArchiveKind, Hour};
use md5::{Digest as _, Md5};
use std::io::{self, Write as _};

/// Bytes of messages in one file.
const PART_BYTES: u64 = 64 << 20;

/// Compressed bytes that are written at once.
const CHUNK: usize = 64 << 10;

pub(super) struct Writer<'a> {
    files: &'a FileStore,
    app: AppId,
    head: String,
    part: Option<Part>,
    done: Vec<ArchiveFile>,
}

/// The file that is being written.
struct Part {
    incoming: IncomingFile,
    encoder: GzEncoder<Vec<u8>>,
    plain: Md5,
    compressed: Md5,
    bytes: u64,
}

impl<'a> Writer<'a> {
    pub(super) fn new(files: &'a FileStore, app: AppId, kind: ArchiveKind, hour: Hour) -> Self {
        let kind = word(kind);
        let head = format!(r#"{{"SdkAppId":{app},"ChatType":"{kind}","MsgTime":"{hour}","MsgList":["#);
        Self { files, app, head, part: None, done: Vec::new() }
    }

    /// Adds a message, a JSON object on one line.
    pub(super) async fn add(&mut self, line: &str) -> io::Result<()> {
        let mut part = match self.part.take() {
            Some(mut part) => {
                part.write(b",\n")?;
                part
            }
            None => {
                let mut part = Part::begin(self.files).await?;
                part.write(self.head.as_bytes())?;
                part.write(b"\n")?;
                part
            }
        };
        part.write(line.as_bytes())?;
        part.pass_on(CHUNK).await?;
        if part.bytes < PART_BYTES {
            self.part = Some(part);
        } else {
            self.done.push(part.end(self.files, self.app).await?);
        }
        Ok(())
    }

    /// Ends the last file; none when there was no message.
    pub(super) async fn finish(mut self) -> io::Result<Vec<ArchiveFile>> {
        if let Some(part) = self.part.take() {
            self.done.push(part.end(self.files, self.app).await?);
        }
        Ok(self.done)
    }
}

impl Part {
    async fn begin(files: &FileStore) -> io::Result<Self> {
        Ok(Self {
            incoming: files.begin().await?,
            encoder: GzEncoder::new(Vec::new(), Compression::default()),
            plain: Md5::new(),
            compressed: Md5::new(),
            bytes: 0,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.plain.update(bytes);
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.encoder.write_all(bytes)
    }

    /// Writes what is compressed, if there is at least so much of it.
    async fn pass_on(&mut self, least: usize) -> io::Result<()> {
        if least <= self.encoder.get_ref().len() {
            let compressed = std::mem::take(self.encoder.get_mut());
            self.compressed.update(&compressed);
            self.incoming.write(&compressed).await?;
        }
        Ok(())
    }

    async fn end(mut self, files: &FileStore, app: AppId) -> io::Result<ArchiveFile> {
        self.write(b"\n]}")?;
        let rest = self.encoder.finish()?;
        self.compressed.update(&rest);
        self.incoming.write(&rest).await?;
        let compressed_bytes = self.incoming.bytes;
        let id = files.keep(app, self.incoming).await?;
        Ok(ArchiveFile {
            id: id.as_str().into(),
            bytes: self.bytes,
            md5: hexadecimal(&self.plain.finalize()).into(),
            compressed_bytes,
            compressed_md5: hexadecimal(&self.compressed.finalize()).into(),
        })
    }
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
