//! Journals that are torn or damaged, and parts of a store that are missing.

use super::damage::{GROUPS, files, import, name, refusal, stopped};
use super::power::flush;
use super::{APP, context, group, group_id, open};
use crate::embedded::clean_stop::CleanStop;
use crate::embedded::{JournalFault, check, format, guard, journal, opening, repair};
use landfall_domain::store::Store;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The engine takes such a folder for one whose creation was interrupted.
#[tokio::test]
async fn a_store_without_the_marker_of_its_engine_is_not_created_again() {
    let dir = stopped().await;
    let marker = dir.path().join(format::FOLDER).join("version");
    for gone in [true, false] {
        if gone {
            fs::remove_file(&marker).unwrap();
        } else {
            fs::write(&marker, "").unwrap();
        }
        let before = files(dir.path());
        let refused = refusal(dir.path());
        assert!(refused.contains("engine/version is missing or empty, and there are data"), "{refused}");
        assert!(files(dir.path()) == before);
        assert_eq!(check(dir.path(), |_, _| {}).unwrap().damaged.len(), 1);
    }
}

/// A store of a few groups that are all in the journal, with the offset of the batch of each.
async fn young() -> (TempDir, PathBuf, Vec<usize>) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    import(&store, 0..10).await;
    drop(store);
    drop(opening::open(dir.path()).unwrap());
    let journal = dir.path().join(format::FOLDER).join("0.jnl");
    let mut starts = Vec::new();
    let content = fs::read(&journal).unwrap();
    journal::for_each_later(&content, 0, journal::Order::default(), |batch| starts.push(batch.place.start));
    assert_eq!(starts.len(), 10);
    (dir, journal, starts)
}

async fn there(dir: &Path) -> Vec<usize> {
    let store = open(dir);
    let ids = (0..10).map(|number| group_id(&name(number))).collect();
    let found = store.groups(APP, ids).await.unwrap();
    (0..10).filter(|number| found[*number].is_some()).collect()
}

fn flip_byte(file: &Path, place: usize) {
    let mut content = fs::read(file).unwrap();
    content[place] ^= 1;
    fs::write(file, content).unwrap();
}

#[tokio::test]
async fn the_first_batch_of_a_store_without_tables_can_be_left_out() {
    let (dir, journal, _) = young().await;
    flip_byte(&journal, 0);
    refusal(dir.path());
    assert_eq!(repair(dir.path()).unwrap().unwrap().kept, 9);
    assert_eq!(there(dir.path()).await, (1..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_damaged_batch_that_tables_hold_costs_nothing() {
    let (dir, journal, starts) = young().await;
    let store = open(dir.path());
    flush(&store);
    drop(store);
    flip_byte(&journal, starts[4]);
    refusal(dir.path());
    repair(dir.path()).unwrap().unwrap();
    assert_eq!(there(dir.path()).await, (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_missing_end_after_a_clean_stop_is_refused() {
    let (dir, journal, starts) = young().await;
    let whole = fs::read(&journal).unwrap();
    let mut zeroed = whole.clone();
    zeroed[starts[5]..].fill(0);
    for content in [whole[..starts[5]].to_vec(), zeroed] {
        fs::write(&journal, &content).unwrap();
        let refused = refusal(dir.path());
        assert!(
            refused.contains("stopped with batch 10") && refused.contains("ends with batch 5"),
            "{refused}"
        );
        assert!(fs::read(&journal).unwrap() == content);
    }
    repair(dir.path()).unwrap().unwrap();
    assert_eq!(there(dir.path()).await, (0..5).collect::<Vec<_>>());
}

/// A journal is synced before the next one is started, so only the newest can have a torn end.
#[tokio::test]
async fn a_torn_end_before_the_newest_journal_is_damage() {
    let (dir, journal, starts) = young().await;
    fs::remove_file(dir.path().join("CLEAN")).unwrap();
    let whole = fs::read(&journal).unwrap();
    let next = journal.with_file_name("1.jnl");
    for (end, behind) in [(starts[9], &whole[starts[9]..]), (whole.len(), &[0_u8; 4096][..])] {
        let mut first = whole[..end].to_vec();
        fs::write(&next, behind).unwrap();
        fs::write(&journal, &first).unwrap();
        assert_eq!(there(dir.path()).await.len(), 10, "a journal in two files");
        fs::remove_file(dir.path().join("CLEAN")).unwrap();

        first[starts[8] + 40] ^= 1;
        fs::write(&journal, &first).unwrap();
        fs::write(&next, behind).unwrap();
        let refused = refusal(dir.path());
        assert!(refused.contains("0.jnl") && refused.contains("landfall store repair"), "{refused}");
        assert!(fs::read(&journal).unwrap() == first);
    }
}

#[tokio::test]
async fn a_torn_end_of_the_newest_journal_is_cut() {
    let (dir, journal, _) = young().await;
    fs::remove_file(dir.path().join("CLEAN")).unwrap();
    let whole = fs::read(&journal).unwrap();
    fs::write(&journal, &whole[..whole.len() - 3]).unwrap();
    let Some(JournalFault::Torn(what)) = check(dir.path(), |_, _| {}).unwrap().journal else {
        panic!("no torn end")
    };
    assert!(what.contains("it is cut off"), "{what}");
    assert_eq!(there(dir.path()).await, (0..9).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_value_that_looks_like_a_batch_is_not_taken_for_one() {
    let (dir, journal, starts) = young().await;
    fs::remove_file(dir.path().join("CLEAN")).unwrap();
    let mut content = fs::read(&journal).unwrap();
    // The last batch is torn, and holds the bytes of an older one.
    let older = content[starts[2]..starts[3]].to_vec();
    content.truncate(starts[9] + 30);
    content.extend(older);
    fs::write(&journal, content).unwrap();
    assert_eq!(there(dir.path()).await, (0..9).collect::<Vec<_>>());
}

/// A crash leaves tables and lists that are named nowhere. A check and a refused start leave them too.
#[tokio::test]
async fn a_check_and_a_refused_start_remove_nothing() {
    let dir = stopped().await;
    let tree = dir.path().join(format::FOLDER).join("keyspaces/1");
    fs::write(tree.join("tables/99"), "left by a crash").unwrap();
    fs::write(tree.join("v99"), "left by a crash").unwrap();
    fs::remove_file(dir.path().join(format::FOLDER).join("lock")).unwrap();
    let before = files(dir.path());
    assert!(check(dir.path(), |_, _| {}).unwrap().damaged.is_empty());
    assert!(files(dir.path()) == before, "a check changed something");
    flip_byte(&dir.path().join(format::FOLDER).join("0.jnl"), 0);
    let before = files(dir.path());
    refusal(dir.path());
    let mut after = files(dir.path());
    after.remove(&Path::new(format::FOLDER).join("lock"));
    assert!(after == before, "a refusal changed something");
}

#[tokio::test]
async fn a_part_of_the_engine_that_is_missing_is_refused() {
    for part in [
        "",
        "keyspaces",
        "keyspaces/0",
        "keyspaces/0/current",
        "keyspaces/1",
        "keyspaces/1/current",
        "keyspaces/1/tables",
    ] {
        let dir = stopped().await;
        let path = dir.path().join(format::FOLDER).join(part);
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        let before = files(dir.path());
        let refused = refusal(dir.path());
        assert!(refused.contains("is missing"), "{part}: {refused}");
        assert!(files(dir.path()) == before, "{part}: a refusal changed something");
        assert!(!check(dir.path(), |_, _| {}).unwrap().damaged.is_empty(), "{part}");
        assert!(files(dir.path()) == before, "{part}: a check changed something");
        repair(dir.path()).unwrap_err();
    }
}

/// Without any journal the engine ignores its tables.
#[tokio::test]
async fn tables_without_a_journal_are_refused_and_repaired() {
    for clean in [true, false] {
        let dir = stopped().await;
        for journal in journal::files(&dir.path().join(format::FOLDER)).unwrap() {
            fs::remove_file(journal).unwrap();
        }
        if !clean {
            fs::remove_file(dir.path().join("CLEAN")).unwrap();
        }
        let refused = refusal(dir.path());
        assert!(refused.contains("there is no journal"), "{refused}");
        repair(dir.path()).unwrap().unwrap();
        for _ in 0..2 {
            let store = open(dir.path());
            let ids = (0..GROUPS).map(|number| group_id(&name(number))).collect();
            let found = store.groups(APP, ids).await.unwrap();
            assert!(found[..40].iter().all(Option::is_some) && found[40..].iter().all(Option::is_none));
            store.import_group(context(), group("after", &["ann"])).await.ok();
        }
    }
}

#[tokio::test]
async fn a_journal_that_is_missing_is_refused() {
    let dir = stopped().await;
    for journal in journal::files(&dir.path().join(format::FOLDER)).unwrap() {
        fs::remove_file(journal).unwrap();
    }
    let refused = refusal(dir.path());
    assert!(refused.contains("there is no journal"), "{refused}");
}

/// In such a store only the file of the clean stop names the number of the last batch.
#[tokio::test]
async fn batch_numbers_continue_after_a_clean_stop_although_the_stamp_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    import(&store, 0..10).await;
    flush(&store);
    drop(store);
    let stop = CleanStop::read(dir.path()).unwrap().unwrap();
    assert_eq!(stop.number, 10);
    for journal in journal::files(&dir.path().join(format::FOLDER)).unwrap() {
        fs::write(journal, []).unwrap();
    }
    let tables = dir.path().join(format::FOLDER).join("keyspaces/1/tables");
    let [table] = fs::read_dir(tables)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let content = fs::read(&table).unwrap();
    let is_damaged = |place: &usize| {
        let mut damaged = content.clone();
        damaged[*place] ^= 1;
        fs::write(&table, damaged).unwrap();
        guard::inspect(dir.path()).is_ok_and(|found| found.tables.number.is_none())
    };
    assert!((0..content.len()).step_by(16).any(|place| is_damaged(&place)), "no damage reaches the stamp");

    let engine = opening::open(dir.path()).unwrap();
    assert_eq!(engine.next_stamp().number, 11);
}
