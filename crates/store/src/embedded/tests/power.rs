//! The power fails while a store works: whatever part of its writes reached the disk, it opens, and no acknowledged write
//! is missing.
//!
//! A small library below the process records its changes to files. From that record come the files that a disk can hold at
//! each sync: all synced writes, and of the later ones all, none or some blocks. Names of files are there at once, because
//! a journalling file system keeps their order.

use super::whole::messages;
use super::{APP, context, group, group_id, open};
use crate::StoreMetrics;
use crate::embedded::{Embedded, format, keys};
use crate::suite::whole::{JOB, whole};
use landfall_domain::bulk::{BulkStore, WholeGroupOutcome};
use landfall_domain::message::Conversation;
use landfall_domain::snapshot::{MessageRange, Needs};
use landfall_domain::store::Store;
use landfall_domain::whole_group::WholeGroup;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const SHIM: &str = include_str!("power_shim.c");
const BLOCK: usize = 4096;
/// Bound of the waits of these tests.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// The directory of the load, its list of acknowledged writes, and the record of its changes to files, if any.
const DIR: &str = "POWER_DIR";
const ACKNOWLEDGED: &str = "POWER_ACKNOWLEDGED";
const TRACE: &str = "POWER_TRACE";

/// The recorded load. By itself it is a test too.
#[tokio::test]
async fn a_scripted_load_keeps_everything() {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let own = tempfile::tempdir().unwrap();
    let dir = variable(DIR).unwrap_or_else(|| own.path().join("data"));
    let mut acknowledged = Vec::new();
    let traced = || variable(TRACE).map_or(0, |trace| fs::metadata(trace).unwrap().len());
    let mut next = 0;
    for round in 0..2 {
        let store = open(&dir);
        for _ in 0..4 {
            for _ in 0..2 {
                let name = format!("single-{next}");
                store.import_group(context(), group(&name, &["ann", "bob"])).await.unwrap();
                acknowledged.push((name, traced()));
                next += 1;
            }
            // Together in one batch, larger than a block.
            let names: Vec<_> = (0..60).map(|member| format!("batch-{next}-{member}")).collect();
            let imports =
                names.iter().map(|name| store.import_group(context(), group(name, &["ann", "cy", "dora"])));
            for imported in futures_util::future::join_all(imports).await {
                imported.unwrap();
            }
            acknowledged.extend(names.into_iter().map(|name| (name, traced())));
            if round == 0 {
                flush(&store);
            }
        }
        // In several batches.
        let name = format!("whole-{round}");
        let large = WholeGroup { messages: messages(LARGE), ..whole(&name, JOB) };
        let outcomes = store.import_whole_groups(context(), vec![large]).await.unwrap();
        assert_eq!(outcomes, [WholeGroupOutcome::Created]);
        acknowledged.push((name, traced()));
    }
    let text: String = acknowledged.iter().map(|(name, at)| format!("{name} {at}\n")).collect();
    if let Some(file) = variable(ACKNOWLEDGED) {
        fs::write(file, text).unwrap();
    }
    let names: Vec<_> = acknowledged.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(missing(&open(&dir), &names).await, Vec::<&str>::new());
}

pub(super) fn flush(store: &Embedded) {
    let engine = store.slot.engine().unwrap();
    engine.start_flush().unwrap();
    let until = Instant::now() + WAIT_MAX;
    while !engine.is_flushed().unwrap() {
        assert!(Instant::now() < until, "the tables are not written");
        std::thread::yield_now();
    }
}

async fn missing<'name>(store: &Embedded, names: &[&'name str]) -> Vec<&'name str> {
    let found = store.groups(APP, names.iter().map(|name| group_id(name)).collect()).await.unwrap();
    names.iter().zip(found).filter(|(_, found)| found.is_none()).map(|(name, _)| *name).collect()
}

/// Messages of a group that comes in whole.
const LARGE: u32 = 5_000;

/// Of a group that came in whole all rows are there, or none.
async fn are_whole(store: &Embedded, what: &str) {
    let range = |conversation| MessageRange::Newest { conversation, up_to: u32::MAX, limit: usize::MAX };
    for name in ["whole-0", "whole-1"] {
        let needs = Needs { messages: vec![range(Conversation::Group)], ..Needs::default() };
        match store.snapshot(APP, group_id(name), needs).await {
            Ok(found) => {
                let messages = found.messages_of(&Conversation::Group).len();
                assert_eq!(messages, LARGE as usize, "{what}");
            }
            Err(_) => {
                let engine = store.slot.engine().unwrap();
                let rows = engine.data.prefix(keys::all_messages(APP, &group_id(name))).count();
                assert_eq!(rows, 0, "{what}: messages of {name} are left");
            }
        }
    }
}

/// A file as the record describes it.
#[derive(Clone, Default)]
struct File {
    synced: Content,
    /// Changes since the last sync.
    since: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

/// Bytes up to the last that was written, and the length of the file.
#[derive(Clone, Default)]
struct Content {
    bytes: Vec<u8>,
    length: usize,
}

impl Content {
    fn write(&mut self, at: usize, data: &[u8]) {
        let end = at + data.len();
        self.bytes.resize(self.bytes.len().max(end), 0);
        self.bytes[at..end].copy_from_slice(data);
        self.length = self.length.max(end);
    }

    /// Applies a change; of a write only the blocks that `reached` the disk.
    fn apply(&mut self, change: &Change, mut reached: impl FnMut() -> bool) {
        match change {
            Change::Length(length) => {
                self.bytes.truncate(*length);
                self.length = *length;
            }
            Change::Write(at, data) => {
                let mut from = 0;
                while from < data.len() {
                    let to = data.len().min((at + from) / BLOCK * BLOCK + BLOCK - at);
                    if reached() {
                        self.write(at + from, &data[from..to]);
                    }
                    from = to;
                }
            }
        }
    }
}

/// Which of the unsynced writes reached the disk.
#[derive(Clone, Copy, Debug)]
enum Unsynced {
    All,
    Nothing,
    Some,
}

#[derive(Default)]
struct Disk {
    folders: Vec<PathBuf>,
    files: BTreeMap<PathBuf, File>,
}

impl Disk {
    fn write_image(&self, from: &Path, to: &Path, reached: Unsynced, random: &mut u64) {
        for folder in &self.folders {
            fs::create_dir_all(to.join(folder.strip_prefix(from).unwrap())).unwrap();
        }
        for (path, file) in &self.files {
            let mut content = file.synced.clone();
            for change in &file.since {
                content.apply(change, || match reached {
                    Unsynced::All => true,
                    Unsynced::Nothing => false,
                    Unsynced::Some => {
                        *random = random
                            .wrapping_mul(6_364_136_223_846_793_005)
                            .wrapping_add(1_442_695_040_888_963_407);
                        *random >> 63 == 1
                    }
                });
            }
            let path = to.join(path.strip_prefix(from).unwrap());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &content.bytes).unwrap();
            fs::File::options().write(true).open(&path).unwrap().set_len(content.length as u64).unwrap();
        }
    }

    /// Takes one record; true for a sync.
    fn take(&mut self, kind: u8, path: PathBuf, number: usize, data: &[u8]) -> bool {
        match kind {
            b'M' => self.folders.push(path),
            b'C' => {
                self.files.insert(path, File::default());
            }
            b'W' => self.files.entry(path).or_default().since.push(Change::Write(number, data.to_vec())),
            b'T' => self.files.entry(path).or_default().since.push(Change::Length(number)),
            b'U' => {
                self.files.remove(&path);
            }
            b'R' => {
                let to = PathBuf::from(std::str::from_utf8(data).unwrap());
                if let Some(file) = self.files.remove(&path) {
                    self.files.insert(to, file);
                }
            }
            b'S' => {
                // The engine renames such a file with a system call that the library does not see, and syncs it next.
                let temporary = |other: &PathBuf| {
                    let name = other.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                    name.starts_with(".tmp") && other.parent() == path.parent() && *other != path
                };
                let renamed = self.files.keys().find(|other| temporary(other)).cloned();
                if let Some(file) = renamed.and_then(|other| self.files.remove(&other)) {
                    self.files.insert(path.clone(), file);
                }
                if let Some(file) = self.files.get_mut(&path) {
                    let File { synced, since } = file;
                    since.drain(..).for_each(|change| synced.apply(&change, || true));
                }
                return true;
            }
            other => panic!("a record of kind {other}"),
        }
        false
    }
}

/// Takes the first record off the trace.
fn record<'trace>(trace: &mut &'trace [u8]) -> (u8, PathBuf, usize, &'trace [u8]) {
    let mut take = |length: usize| {
        let (taken, rest) = trace.split_at(length);
        *trace = rest;
        taken
    };
    let kind = take(1)[0];
    let path = usize::from(u16::from_le_bytes(take(2).try_into().unwrap()));
    let path = PathBuf::from(std::str::from_utf8(take(path)).unwrap());
    let number = usize::try_from(u64::from_le_bytes(take(8).try_into().unwrap())).unwrap();
    let length = usize::try_from(u64::from_le_bytes(take(8).try_into().unwrap())).unwrap();
    (kind, path, number, take(length))
}

/// A folder in memory, where there is one.
pub(super) fn in_memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

#[tokio::test]
async fn a_power_cut_at_any_sync_loses_nothing_that_was_acknowledged() {
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str| home.path().join(name);
    fs::write(file("shim.c"), SHIM).unwrap();
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
        .args([file("shim.so"), file("shim.c")])
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let load = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "embedded::tests::power::a_scripted_load_keeps_everything"])
        .env("LD_PRELOAD", file("shim.so"))
        .env(DIR, file("data"))
        .env(TRACE, file("trace"))
        .env(ACKNOWLEDGED, file("acknowledged"))
        .output()
        .unwrap();
    assert!(load.status.success(), "{}", String::from_utf8_lossy(&load.stdout));

    let acknowledged = fs::read_to_string(file("acknowledged")).unwrap();
    let acknowledged: Vec<(&str, usize)> = acknowledged
        .lines()
        .map(|line| line.split_once(' ').map(|(name, at)| (name, at.parse().unwrap())).unwrap())
        .collect();
    let trace = fs::read(file("trace")).unwrap();
    let (mut rest, mut disk, mut images, mut cut, mut random) = (trace.as_slice(), Disk::default(), 0, 0, 1);
    while !rest.is_empty() {
        // Just before a sync ends none of its writes is sure to be on the disk; just after it all are.
        let before = rest;
        let (kind, path, number, data) = record(&mut rest);
        let cuts: &[Unsynced] = match kind {
            b'S' => &[Unsynced::All, Unsynced::Nothing, Unsynced::Some],
            _ => &[],
        };
        for reached in cuts {
            let at = trace.len() - before.len();
            let image = in_memory();
            disk.write_image(&file("data"), image.path(), *reached, &mut random);
            let torn = crate::embedded::journal::survey(&image.path().join(format::FOLDER));
            cut += usize::from(torn.is_ok_and(|survey| survey.broken.is_some()));
            let what = format!("sync {images} of {}, {reached:?}", path.display());
            let store = match Embedded::open(image.path(), StoreMetrics::default()) {
                Ok(store) => store,
                Err(error) => panic!("{what}: {error}"),
            };
            let names: Vec<_> =
                acknowledged.iter().filter(|(_, when)| *when <= at).map(|(name, _)| *name).collect();
            assert_eq!(missing(&store, &names).await, Vec::<&str>::new(), "{what}");
            are_whole(&store, &what).await;
            store.import_group(context(), group("after", &["ann"])).await.unwrap();
            images += 1;
        }
        disk.take(kind, path, number, data);
    }
    println!("{images} images, {cut} with a torn end");
    assert!(200 < images && 3 < cut, "{images} images, {cut} with a torn end");
}
