//! Checks the engine's table files and the lists of them against their checksums, and says where they are damaged.
//!
//! The format is that of lsm-tree 3. Each level tree has a folder with a file `current`, which names a version by its
//! number and checksum; the file of that version lists the tables with the checksum of each whole file. The engine
//! compares neither: it deletes every table that the version it reads does not list.

use std::fs;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_128;

/// Folder of all level trees within the engine's.
pub(super) const TREES: &str = "keyspaces";
/// The tree of the engine's own settings.
pub(super) const SETTINGS: &str = "0";
/// The tree of the only keyspace.
const ROWS: &str = "1";
const MAGIC: &[u8] = b"LSM\x03";
/// Bytes before a block's content: magic, kind, checksum, both lengths, checksum of all that.
const BLOCK_HEAD: usize = 33;
/// Most damaged places that are listed per file.
const PLACES_MAX: usize = 1_000;

/// A damaged file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DamagedFile {
    pub(super) path: PathBuf,
    /// Damaged places, in order; at least one.
    pub(super) places: Vec<Range<u64>>,
    pub(super) why: String,
}

impl std::fmt::Display for DamagedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, places, why } = self;
        write!(f, "the file {} is damaged", path.display())?;
        if let Some(first) = places.first() {
            write!(f, " at offset {} ({} bytes", first.start, first.end - first.start)?;
            match places.len() {
                0 | 1 => write!(f, ")")?,
                more => write!(f, ", and at {} more places)", more - 1)?,
            }
        }
        write!(f, ": {why}")
    }
}

/// A table as a version lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListedTable {
    pub(super) path: PathBuf,
    pub(super) checksum: u128,
    /// The engine adds this to the sequence numbers in it.
    pub(super) sequence: u64,
}

/// Checks the lists of tables of every tree, and the tables of the engine's own settings. An error is a damaged file.
pub(super) fn check_lists(engine: &Path) -> io::Result<Result<(), DamagedFile>> {
    for tree in trees(engine)? {
        let listed = match list(&tree)? {
            Ok(listed) => listed,
            Err(damaged) => return Ok(Err(damaged)),
        };
        if tree.file_name().is_some_and(|name| name == SETTINGS) {
            for table in listed {
                if let Some(damaged) = check(&table)? {
                    return Ok(Err(damaged));
                }
            }
        }
    }
    Ok(Ok(()))
}

/// Whether any table exists, listed or not.
pub(super) fn any(engine: &Path) -> io::Result<bool> {
    for tree in trees(engine)? {
        if !is_empty(&tree.join("tables"))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Every table of every tree. An error is a damaged list.
pub(super) fn all(engine: &Path) -> io::Result<Result<Vec<ListedTable>, DamagedFile>> {
    let mut found = Vec::new();
    for tree in trees(engine)? {
        match list(&tree)? {
            Ok(listed) => found.extend(listed),
            Err(damaged) => return Ok(Err(damaged)),
        }
    }
    Ok(Ok(found))
}

fn trees(engine: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    match fs::read_dir(engine.join(TREES)) {
        Ok(entries) => {
            for entry in entries {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    found.push(entry.path());
                }
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    found.sort();
    Ok(found)
}

/// The tables of the tree that holds the rows; `None` when it was not created yet. An error is a damaged list.
pub(super) fn rows(engine: &Path) -> io::Result<Result<Option<Vec<ListedTable>>, DamagedFile>> {
    let tree = engine.join(TREES).join(ROWS);
    if !tree.join("current").try_exists()? {
        return Ok(Ok(None));
    }
    Ok(list(&tree)?.map(Some))
}

/// The tables of a tree.
fn list(tree: &Path) -> io::Result<Result<Vec<ListedTable>, DamagedFile>> {
    let damaged = |path: PathBuf, length: usize, why: &str| {
        Ok(Err(DamagedFile { path, places: vec![whole(length)], why: why.to_owned() }))
    };
    let current = tree.join("current");
    let named = match fs::read(&current) {
        Ok(named) => named,
        // The engine deletes such a tree as one whose creation was interrupted; that one has no tables yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return if is_empty(&tree.join("tables"))? {
                Ok(Ok(Vec::new()))
            } else {
                damaged(current, 0, "it is missing, and there are tables")
            };
        }
        Err(error) => return Err(error),
    };
    let (Some((id, rest)), 25) = (named.split_first_chunk::<8>(), named.len()) else {
        return damaged(current, named.len(), "it does not have 25 bytes");
    };
    let Some((checksum, [0])) = rest.split_first_chunk::<16>() else {
        return damaged(current, named.len(), "its kind of checksum is unknown");
    };
    let path = tree.join(format!("v{}", u64::from_le_bytes(*id)));
    let version = match fs::read(&path) {
        Ok(version) => version,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return damaged(current, named.len(), "it names a version that is not there");
        }
        Err(error) => return Err(error),
    };
    if xxh3_128(&version) != u128::from_le_bytes(*checksum) {
        return damaged(path, version.len(), "its checksum is not the one in the file `current` beside it");
    }
    match tables(tree, &path) {
        Some(listed) => Ok(Ok(listed)),
        None => damaged(path, version.len(), "it cannot be read"),
    }
}

/// The tables of a version. It lists levels, runs and tables, each with their count before them.
fn tables(tree: &Path, version: &Path) -> Option<Vec<ListedTable>> {
    let archive = sfa::Reader::new(version).ok()?;
    let mut section = Vec::new();
    archive.toc().section(b"tables")?.buf_reader(version).ok()?.read_to_end(&mut section).ok()?;
    let mut rest = section.as_slice();
    let mut listed = Vec::new();
    for _ in 0..take::<1>(&mut rest)?[0] {
        for _ in 0..take::<1>(&mut rest)?[0] {
            for _ in 0..u32::from_le_bytes(take(&mut rest)?) {
                let id = u64::from_le_bytes(take(&mut rest)?);
                let [0] = take(&mut rest)? else { return None };
                let checksum = u128::from_le_bytes(take(&mut rest)?);
                let sequence = u64::from_le_bytes(take(&mut rest)?);
                listed.push(ListedTable {
                    path: tree.join("tables").join(id.to_string()),
                    checksum,
                    sequence,
                });
            }
        }
    }
    Some(listed)
}

fn take<const LENGTH: usize>(rest: &mut &[u8]) -> Option<[u8; LENGTH]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}

/// Reads a table completely; `None` when it is not damaged.
pub(super) fn check(table: &ListedTable) -> io::Result<Option<DamagedFile>> {
    let damaged =
        |places, why: &str| Ok(Some(DamagedFile { path: table.path.clone(), places, why: why.to_owned() }));
    let file = match fs::read(&table.path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return damaged(vec![whole(0)], "it is missing");
        }
        // A bad sector. Other errors are not the file's fault.
        Err(error) if error.raw_os_error() == Some(EIO) => {
            return damaged(vec![whole(0)], "the disk cannot read it");
        }
        Err(error) => return Err(error),
    };
    if xxh3_128(&file) == table.checksum {
        return Ok(None);
    }
    let places = damaged_places(&file);
    damaged(if places.is_empty() { vec![whole(file.len())] } else { places }, "its checksum is wrong")
}

/// The error number of a failed device on Linux and the BSDs.
const EIO: i32 = 5;

/// Blocks whose head or content does not match its checksum.
fn damaged_places(file: &[u8]) -> Vec<Range<u64>> {
    let mut places = Vec::new();
    let mut at = 0;
    // The start of a stretch without a readable head.
    let mut lost: Option<usize> = None;
    while at < file.len() && places.len() < PLACES_MAX {
        let Some((length, checksum)) = block_head(&file[at..]) else {
            lost.get_or_insert(at);
            let next = file.get(at + 1..).and_then(|rest| memchr::memmem::find(rest, MAGIC));
            at = next.map_or(file.len(), |step| at + 1 + step);
            continue;
        };
        // The few bytes between two sections of a file are not a block, and are no damage by themselves.
        if let Some(start) = lost.take().filter(|start| BLOCK_HEAD < at - start) {
            places.push(range(start, at));
        }
        let content = at + BLOCK_HEAD..at.saturating_add(BLOCK_HEAD).saturating_add(length).min(file.len());
        if xxh3_128(&file[content.clone()]) != checksum {
            places.push(range(at, content.end));
        }
        at = content.end;
    }
    if let (Some(start), true) = (lost, places.is_empty()) {
        places.push(range(start, file.len()));
    }
    places
}

/// Length and checksum of the content of the block that begins here.
fn block_head(block: &[u8]) -> Option<(usize, u128)> {
    let (head, _) = block.split_first_chunk::<BLOCK_HEAD>()?;
    let (covered, [a, b, c, d]) = head.split_last_chunk::<4>()?;
    #[expect(clippy::cast_possible_truncation, reason = "the engine keeps the lower half of the lower half")]
    let intact =
        covered.starts_with(MAGIC) && xxh3_128(covered) as u32 == u32::from_le_bytes([*a, *b, *c, *d]);
    let mut rest = &covered[MAGIC.len() + 1..];
    let checksum = u128::from_le_bytes(take(&mut rest)?);
    let length = u32::from_le_bytes(take(&mut rest)?);
    intact.then_some((usize::try_from(length).ok()?, checksum))
}

pub(super) fn whole(length: usize) -> Range<u64> {
    range(0, length)
}

fn range(start: usize, end: usize) -> Range<u64> {
    start as u64..end as u64
}

fn is_empty(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}
