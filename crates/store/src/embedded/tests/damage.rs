//! Single flipped bits all over a stopped store: nothing is ever missing without a report.

use super::power::{flush, in_memory};
use super::{APP, context, group, group_id, open, user};
use crate::StoreMetrics;
use crate::embedded::{Embedded, JournalFault, OpenError, check, format, journal, opening, repair};
use landfall_domain::error::{NoSuchGroup, OperationError};
use landfall_domain::group::GroupType;
use landfall_domain::store::{Health, JoinedWindow, MemberWindow, Store};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// About the number of flips of a usual run. `LANDFALL_FLIPS` names another number, or `all`.
const FLIPS: usize = 200;
pub(super) const GROUPS: usize = 60;

pub(super) fn name(number: usize) -> String {
    format!("group-{number}")
}

pub(super) async fn import(store: &Embedded, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let members = [format!("owner-{}", number % 7), format!("member-{number}"), "everybody".to_owned()];
        let members = members.each_ref().map(String::as_str);
        store.import_group(context(), group(&name(number), &members)).await.unwrap();
    }
}

/// A stopped store with some of its groups in tables and some in the journal.
pub(super) async fn stopped() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for numbers in [0..20, 20..40, 40..GROUPS] {
        let store = open(dir.path());
        import(&store, numbers.clone()).await;
        if numbers.end < GROUPS {
            flush(&store);
        }
    }
    // The engine cuts the zeros off a new journal when it opens it again.
    drop(opening::open(dir.path()).unwrap());
    dir
}

/// The answers to a reader, one line per question.
async fn answers(store: &Embedded) -> Vec<Result<String, String>> {
    let mut answers = Vec::new();
    for number in 0..GROUPS {
        let id = group_id(&name(number));
        let groups = store.groups(APP, vec![id.clone()]).await;
        answers.push(groups.map(|found| format!("{found:?}")).map_err(|error| error.to_string()));
        let whole = MemberWindow::ByJoinTime { offset: 0, limit: usize::MAX };
        let members = store.members(APP, id, Vec::new(), whole).await;
        answers.push(match members {
            Ok(page) => Ok(format!("{page:?}")),
            Err(OperationError::Refused(NoSuchGroup)) => Ok("no such group".to_owned()),
            Err(OperationError::Store(error)) => Err(error.to_string()),
        });
    }
    for account in (0..7).map(|number| format!("owner-{number}")).chain(["everybody".to_owned()]) {
        let found = store.accounts(APP, vec![user(&account)]).await;
        answers.push(found.map(|found| format!("{found:?}")).map_err(|error| error.to_string()));
        let kinds = GroupType::ALL.to_vec();
        let window =
            JoinedWindow { kinds, support_topic: None, inactive: true, offset: 0, limit: usize::MAX };
        let joined = store.joined_groups(APP, user(&account), window).await;
        answers.push(joined.map(|page| format!("{page:?}")).map_err(|error| error.to_string()));
    }
    let listed = store.list_groups(APP, None, 0, usize::MAX).await;
    answers.push(listed.map(|page| format!("{page:?}")).map_err(|error| error.to_string()));
    answers
}

pub(super) fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(dir).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn write(dir: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) {
    for (path, content) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

#[derive(Debug, Default)]
struct Outcomes {
    refused: usize,
    cut: usize,
    failing: usize,
    unharmed: usize,
}

/// Opens the store with one bit flipped and checks that nothing is missing without a report.
async fn flip(
    before: &BTreeMap<PathBuf, Vec<u8>>,
    path: &Path,
    bit: usize,
    expected: &[Result<String, String>],
    outcomes: &mut Outcomes,
) {
    let what = format!("bit {bit} of {}", path.display());
    let mut files_now = before.clone();
    files_now.get_mut(path).unwrap()[bit / 8] ^= 1 << (bit % 8);
    let dir = in_memory();
    write(dir.path(), &files_now);
    let torn = journal::survey(&dir.path().join(format::FOLDER)).unwrap().broken.is_some();
    let checked = check(dir.path(), |_, _| {});
    let found = checked.as_ref().map_or(true, |report| {
        !report.damaged.is_empty() || matches!(report.journal, Some(JournalFault::Damaged(_)))
    });
    assert!(files(dir.path()) == files_now, "{what}: a check changed something");
    let store = match Embedded::open(dir.path(), StoreMetrics::default()) {
        Ok(store) => store,
        Err(error) => {
            outcomes.refused += 1;
            let known = matches!(
                error,
                OpenError::Damaged { .. } | OpenError::Foreign { .. } | OpenError::Newer { .. }
            );
            let text = error.to_string();
            assert!(found, "{what}: a check finds nothing of {text}: {checked:?}");
            assert!(known || matches!(error, OpenError::Engine { .. }), "{what}: {text}");
            assert!(text.contains(dir.path().to_str().unwrap()), "{what}: {text}");
            let mut files_after = files(dir.path());
            if !before.contains_key(Path::new("CLEAN")) {
                // Left by a store that was already open when the damage was found.
                files_after.remove(Path::new("CLEAN"));
            }
            assert!(files_after == files_now, "{what}: a refusal changed something: {text}");
            return;
        }
    };
    let answers = answers(&store).await;
    let mut failing = false;
    for (answer, expected) in answers.iter().zip(expected) {
        match answer {
            Ok(_) if answer == expected => {}
            Ok(answer) => {
                // Only the end of a journal that was cut, with a line in the log, may be gone.
                assert!(
                    torn && !before.contains_key(Path::new("CLEAN")),
                    "{what}: silently different: {answer}"
                );
            }
            Err(error) => {
                failing = true;
                assert!(error.contains("is damaged at offset"), "{what}: {error}");
            }
        }
    }
    if failing {
        assert!(found, "{what}: a check finds nothing: {checked:?}");
        assert!(matches!(store.health(), Health::Damaged(_)), "{what}: {:?}", store.health());
    }
    let mut taken = 0;
    for number in 0..5 {
        let imported = store.import_group(context(), group(&format!("new-{number}"), &["newcomer"])).await;
        taken += usize::from(imported.is_ok());
    }
    assert!(0 < taken, "{what}: no new group is taken");
    *match (failing, torn) {
        (true, _) => &mut outcomes.failing,
        (false, true) => &mut outcomes.cut,
        (false, false) => &mut outcomes.unharmed,
    } += 1;
}

async fn flips(clean: bool) -> Outcomes {
    let dir = stopped().await;
    let mut before = files(dir.path());
    assert!(before.contains_key(Path::new("CLEAN")));
    if !clean {
        before.remove(Path::new("CLEAN"));
    }
    let expected = answers(&open(dir.path())).await;
    let asked = std::env::var_os("LANDFALL_FLIPS");
    let flips = asked.map_or(FLIPS, |asked| match asked.to_str().unwrap() {
        "all" => usize::MAX,
        number => number.parse().expect("a number, or all"),
    });
    let each = (flips / before.len()).saturating_add(1);
    let mut outcomes = Outcomes::default();
    let lock = Path::new(format::FOLDER).join("lock");
    for (path, content) in before.iter().filter(|(path, _)| **path != lock) {
        let bits = content.len() * 8;
        let step = (bits / each).max(1);
        // Odd, so that every bit of a byte gets its turn.
        for bit in (0..bits).step_by(step | 1).chain(bits.saturating_sub(8)..bits) {
            flip(&before, path, bit, &expected, &mut outcomes).await;
        }
    }
    outcomes
}

#[tokio::test]
async fn a_flipped_bit_of_a_store_that_was_stopped_loses_nothing() {
    let outcomes = flips(true).await;
    println!("{outcomes:?}");
    assert!(0 < outcomes.refused && 0 < outcomes.failing, "{outcomes:?}");
}

#[tokio::test]
async fn a_flipped_bit_of_a_store_that_was_killed_loses_at_most_the_last_batch() {
    let outcomes = flips(false).await;
    println!("{outcomes:?}");
    assert!(0 < outcomes.refused && 0 < outcomes.failing && 0 < outcomes.cut, "{outcomes:?}");
}

/// Flips a bit in a block of groups of the only table.
fn damage_a_table(dir: &Path) -> PathBuf {
    let folder = dir.join(format::FOLDER).join("keyspaces/1/tables");
    let tables: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [table] = tables.try_into().unwrap();
    let mut content = fs::read(&table).unwrap();
    let place = memchr::memmem::find(&content, b"group-300").unwrap();
    content[place] ^= 1;
    fs::write(&table, content).unwrap();
    table
}

#[tokio::test]
async fn a_damaged_table_is_no_longer_merged_and_writes_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    import(&store, 0..10 * GROUPS).await;
    flush(&store);
    let expected = answers(&store).await;
    drop(store);
    let table = damage_a_table(dir.path());

    let store = open(dir.path());
    let engine = store.slot.engine().unwrap();
    // More than the unmerged runs at which the engine delays writes.
    for round in 0..40 {
        store.import_group(context(), group(&format!("later-{round}"), &["ann", "bob"])).await.unwrap();
        flush(&store);
    }
    let Health::Damaged(what) = store.health() else { panic!("{:?}", store.health()) };
    assert!(what.contains(table.to_str().unwrap()) && what.contains("is damaged at offset"), "{what}");
    let answers = answers(&store).await;
    let failing: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(failing.len() < answers.len() / 2, "{} of {}", failing.len(), answers.len());
    store.groups(APP, vec![group_id(&name(300))]).await.unwrap_err();
    for error in &failing {
        assert!(error.contains(table.to_str().unwrap()) && error.contains("is damaged at offset"), "{error}");
    }
    assert!(answers.iter().zip(&expected).filter(|(answer, expected)| answer == expected).count() > GROUPS);
    for round in 0..40 {
        let found = store.groups(APP, vec![group_id(&format!("later-{round}"))]).await.unwrap();
        assert!(found[0].is_some(), "later-{round}");
    }
    assert!(engine.data.table_count() < 20, "nothing is merged: {} tables", engine.data.table_count());
}

pub(super) fn refusal(dir: &Path) -> String {
    match Embedded::open(dir, StoreMetrics::default()) {
        Ok(_) => panic!("{} was opened", dir.display()),
        Err(error) => error.to_string(),
    }
}

/// Whatever batch of the journals is damaged, a repair leaves out that one alone and keeps what was there.
#[tokio::test]
async fn a_repair_leaves_out_what_cannot_be_read_and_keeps_the_originals() {
    let dir = stopped().await;
    let before = files(dir.path());
    let expected = answers(&open(dir.path())).await;
    let journal = Path::new(format::FOLDER).join("0.jnl");
    let mut starts = Vec::new();
    journal::for_each_later(&before[&journal], 0, journal::Order::default(), |batch| {
        starts.push(batch.place.start)
    });
    assert_eq!(starts.len(), GROUPS);
    for number in [0, 1, 19, 20, 39, 40, 41, 58, 59] {
        let start = starts[number];
        // In its sequence number, which no checksum covers, or among its rows.
        for (place, bit) in [(start + 12, 0), (start + 5, 6), (start + 40, 0)] {
            if (number, bit) == (59, 6) {
                continue; // A little higher is as good where nothing follows.
            }
            let dir = tempfile::tempdir().unwrap();
            let mut damaged = before.clone();
            damaged.get_mut(&journal).unwrap()[place] ^= 1 << bit;
            write(dir.path(), &damaged);
            let refused = refusal(dir.path());
            assert!(refused.contains("landfall store repair"), "{number}: {refused}");
            let report = repair(dir.path()).unwrap().unwrap();
            let whole = place != start + 40;
            assert_eq!((report.kept, report.left_out.len()), (60 - u64::from(!whole), usize::from(!whole)));
            assert_eq!(fs::read(report.originals.join("0.jnl")).unwrap(), damaged[&journal]);
            let store = open(dir.path());
            for (other, (answer, expected)) in answers(&store).await.iter().zip(&expected).enumerate() {
                // Two answers a group. Tables hold the batches of the first 40 groups.
                let of_a_group = other < 2 * GROUPS;
                if whole || number < 40 || of_a_group && other / 2 != number {
                    assert_eq!(answer, expected, "batch {number}, answer {other}");
                }
            }
            import(&store, GROUPS..GROUPS + 1).await;
            drop(store);
            assert!(repair(dir.path()).unwrap().is_none());
            drop(open(dir.path()));
        }
    }
}

#[tokio::test]
async fn a_check_names_every_damaged_file() {
    let dir = stopped().await;
    let report = check(dir.path(), |_, _| {}).unwrap();
    assert!(report.damaged.is_empty() && report.journal.is_none(), "{report:?}");
    assert_eq!(report.batches, GROUPS as u64);
    assert!(0 < report.tables && 0 < report.table_bytes, "{report:?}");

    let tables = dir.path().join(format::FOLDER).join("keyspaces/1/tables");
    let mut names = Vec::new();
    for entry in fs::read_dir(tables).unwrap() {
        let path = entry.unwrap().path();
        let mut content = fs::read(&path).unwrap();
        content[50] ^= 4;
        fs::write(&path, content).unwrap();
        names.push(path.display().to_string());
    }
    let journal = dir.path().join(format::FOLDER).join("0.jnl");
    let mut content = fs::read(&journal).unwrap();
    content[50] ^= 4;
    fs::write(&journal, content).unwrap();
    let report = check(dir.path(), |_, _| {}).unwrap();
    for name in &names {
        let named = report.damaged.iter().any(|file| file.contains(name) && file.contains("at offset 0"));
        assert!(named, "{name}: {report:?}");
    }
    let Some(JournalFault::Damaged(what)) = &report.journal else { panic!("{report:?}") };
    assert!(what.contains("at offset 0") && what.contains("59 more batches"), "{what}");
}

#[tokio::test]
async fn a_store_that_is_open_is_neither_checked_nor_repaired() {
    let dir = stopped().await;
    let _store = open(dir.path());
    let checked = check(dir.path(), |_, _| {}).map(drop);
    let repaired = repair(dir.path()).map(drop);
    for refused in [checked, repaired] {
        assert!(matches!(refused, Err(OpenError::Locked(_))), "{refused:?}");
    }
}
