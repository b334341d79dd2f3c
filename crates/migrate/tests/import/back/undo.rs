use crate::stand_in::source::Source;
use crate::stand_in::{StandIn, Troubles};
use landfall_migrate::import::ImportOptions;
use landfall_migrate::journal::{GroupReceipt, Journal, Made, Owner, Receipt};
use landfall_migrate::undo::{Kept, Mode, Reason, Target, UndoReport, undo};
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

const DISSOLVE: Mode = Mode::Dissolve { force: false };

struct Imported {
    _directory: TempDir,
    options: ImportOptions,
    file: std::path::PathBuf,
    source: Source,
    server: StandIn,
}

async fn imported(troubles: Troubles) -> Imported {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.jsonl");
    let source = Source::new(3, 20);
    source.write(&file);
    let server = StandIn::start(troubles, crate::landfall()).await;
    let options = ImportOptions::beside(&file);
    crate::import(&file, &server, &options).await;
    Imported { _directory: directory, options, file, source, server }
}

impl Imported {
    async fn undo(&self, mode: Mode) -> (UndoReport, Vec<Kept>) {
        let client = super::client(&self.server).await;
        let owner = Owner { server: client.address().to_owned(), app: client.app() };
        let journal = Journal::open(&self.options.journal, &owner).unwrap();
        let mut kept = Vec::new();
        let file: Option<&Path> = Some(&self.file);
        let target = Target::Journal { journal: &journal, file };
        let report = undo(target, &client, mode, &mut |group: &Kept| kept.push(group.clone())).await;
        (report.unwrap(), kept)
    }

    fn groups(&self) -> usize {
        self.server.state().groups.len()
    }

    /// Ids of groups that are no communities.
    fn ids(&self) -> Vec<String> {
        self.server.state().groups.keys().filter(|id| id.starts_with('g')).cloned().collect()
    }
}

#[tokio::test]
async fn an_import_is_undone_whole_and_can_be_made_again() {
    let imported = imported(Troubles::default()).await;
    let (plan, kept) = imported.undo(Mode::Plan).await;
    assert_eq!((plan.dissolved, kept.len(), imported.groups()), (20, 0, 20), "{kept:?}");
    let members: usize = imported.server.state().groups.values().map(|group| group.members.len()).sum();
    assert_eq!(plan.notices, u64::try_from(members).unwrap());
    let (report, _) = imported.undo(DISSOLVE).await;
    assert_eq!((&report, imported.groups()), (&plan, 0));
    assert_eq!(imported.undo(DISSOLVE).await.0, UndoReport::default());
    crate::import(&imported.file, &imported.server, &imported.options).await;
    imported.source.assert_is_in(&imported.server);
}

#[tokio::test]
async fn groups_of_others_and_changed_ones_are_kept() {
    let imported = imported(Troubles::default()).await;
    let ids = imported.ids();
    let [renamed, joined, gone, spoken, ..] = ids.as_slice() else { panic!("{ids:?}") };
    {
        let mut state = imported.server.state();
        let other = crate::stand_in::Group::default();
        state.groups.insert("theirs".to_owned(), other);
        state.groups.remove(gone);
        let profile = &mut state.groups.get_mut(renamed).unwrap().profile;
        profile.insert("Name".to_owned(), "New".into());
        profile.insert("LastInfoTime".to_owned(), 1_600_000_000.into());
        let group = state.groups.get_mut(joined).unwrap();
        let member = [("Role".to_owned(), Value::from("Member"))].into();
        group.members.insert("newcomer".to_owned(), member);
        let talk = state.groups.get_mut(spoken).unwrap().talks.entry(String::new()).or_default();
        let said = crate::stand_in::Said {
            from: "u1".to_owned(),
            time: 1_600_000_000,
            random: 1,
            body: serde_json::json!([{}]),
            custom: String::new(),
        };
        talk.push(said);
    }
    let (report, mut kept) = imported.undo(DISSOLVE).await;
    kept.sort_by(|left, right| left.group.cmp(&right.group));
    assert!(kept.iter().all(|kept| kept.reason == Reason::Changed), "{kept:?}");
    let groups: Vec<_> = kept.iter().map(|kept| &kept.group).collect();
    assert_eq!(groups, [renamed, joined, spoken]);
    assert!(kept[0].text.ends_with(r#"server "New""#), "{kept:?}");
    assert_eq!(kept[1].text, "newcomer has joined since");
    assert!(kept[2].text.ends_with("was sent since"), "{kept:?}");
    assert_eq!((report.dissolved, report.gone, report.changed), (16, 1, 3));
    assert_eq!(imported.groups(), 4);
    let (report, _) = imported.undo(Mode::Dissolve { force: true }).await;
    assert_eq!((report.dissolved, imported.groups()), (3, 1), "theirs stays");
}

#[tokio::test]
async fn groups_that_were_there_before_are_kept() {
    let imported = imported(Troubles::default()).await;
    // Another import of the same groups, with a journal of its own.
    let options =
        ImportOptions { journal: imported.file.with_extension("other"), ..imported.options.clone() };
    crate::import(&imported.file, &imported.server, &options).await;
    let other = Imported { options, ..imported };
    let (report, kept) = other.undo(Mode::Dissolve { force: true }).await;
    assert!(kept.iter().all(|kept| kept.reason == Reason::Before), "{kept:?}");
    assert_eq!((report.before, report.dissolved, other.groups()), (20, 0, 20));
}

#[tokio::test]
async fn a_group_of_another_import_is_not_claimed_by_an_attempt_that_was_broken_off() {
    let imported = imported(Troubles::default()).await;
    let options =
        ImportOptions { journal: imported.file.with_extension("other"), ..imported.options.clone() };
    {
        let client = super::client(&imported.server).await;
        let owner = Owner { server: client.address().to_owned(), app: client.app() };
        let journal = Journal::open(&options.journal, &owner).unwrap();
        let ids: Vec<_> = imported.server.state().groups.keys().cloned().collect();
        let attempt = |id| {
            let group = GroupReceipt { number: journal.new_group(), made: Made::Attempted, profile: 0 };
            Receipt::Group { id, group }
        };
        journal.write(ids.into_iter().map(attempt).collect()).await.unwrap();
    }
    crate::import(&imported.file, &imported.server, &options).await;
    let other = Imported { options, ..imported };
    let (report, kept) = other.undo(Mode::Dissolve { force: true }).await;
    assert!(kept.iter().all(|kept| kept.reason == Reason::Before), "{kept:?}");
    // One has nobody but its owner and no message: it cannot be told from one that the attempt made.
    assert_eq!((report.before, report.dissolved, other.groups()), (19, 1, 19));
}

#[tokio::test]
async fn an_undo_completes_through_all_troubles() {
    let imported = imported(Troubles::new(5, 100)).await;
    let (report, kept) = imported.undo(DISSOLVE).await;
    assert_eq!((report.dissolved, imported.groups()), (20, 0), "{kept:?}");
}
