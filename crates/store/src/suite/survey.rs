//! Look-ups over a whole app, and what statistics and archives keep about it.

use super::direct::{self, DirectAction, send};
use super::{APP, account, at_once, context, group_id, member, owned_group, user};
use landfall_domain::context::Context;
use landfall_domain::ids::AppId;
use landfall_domain::message::{Body, Conversation};
use landfall_domain::operation::import;
use landfall_domain::operations::import_messages::{ImportMessages, ImportedMessage};
use landfall_domain::people::Subject;
use landfall_domain::people::archive::{ArchiveFile, ArchiveKind, ArchiveProgress, Hour};
use landfall_domain::people::counts::{Day, DayCounts, Online, Sum, Totals, Who};
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::operation::import_people;
use landfall_domain::people::operations::add_counts::AddCounts;
use landfall_domain::people::operations::archive::{ClaimHour, FinishHour, KeepArchive};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::store::Store;
use landfall_domain::survey::{AccountCount, Survey};
use landfall_domain::time::Timestamp;
use std::collections::BTreeSet;

const DAY: u64 = 86_400;

fn at(now: u64) -> Context {
    Context { now: Timestamp(now), ..context() }
}

async fn message_in(store: &dyn Store, context: Context, name: &str) {
    let message = ImportedMessage {
        conversation: Conversation::Group,
        sender: user("ann"),
        sent: Timestamp(context.now.0 - 1),
        random: 1,
        body: Ok(Body { elements: "[]".into(), ..Body::default() }),
    };
    let messages = ImportMessages { group: group_id(name), messages: vec![message], listed: false };
    import(store, context, messages).await.unwrap();
}

pub(crate) async fn accounts_are_counted_by_app_and_age(store: &(impl Store + Survey)) {
    let import_all = async |context: Context, names: &[&str]| {
        let accounts = names.iter().map(|name| account(name, None, None)).collect();
        store.import_accounts(context, accounts).await.unwrap();
    };
    import_all(at(100), &["ann", "bob"]).await;
    import_all(at(200), &["bob", "cy"]).await;
    import_all(Context { app: AppId(7), ..at(200) }, &["dot", "eve", "flo"]).await;
    // These are only named.
    let mut group = owned_group("g", "owner");
    group.members = vec![member("guest"), member("ann")];
    store.import_group(at(300), group).await.unwrap();
    for (since, expected) in [(0, 3), (100, 3), (101, 1), (200, 1), (201, 0)] {
        let count = store.count_accounts(APP, Timestamp(since)).await.unwrap();
        assert_eq!(count, AccountCount { all: 3, since: expected }, "{since}");
    }
    import_all(at(400), &["guest"]).await;
    store.delete_accounts(at(500), vec![user("cy")]).await.unwrap();
    let count = store.count_accounts(APP, Timestamp(300)).await.unwrap();
    assert_eq!(count, AccountCount { all: 3, since: 1 }, "a guest was first seen when it was named");
    assert_eq!(store.count_accounts(AppId(8), Timestamp(0)).await.unwrap(), AccountCount::default());
}

pub(crate) async fn conversations_of_a_day_are_found_in_pages(store: &(impl Store + Survey)) {
    let names: Vec<String> = (0..600).map(|number| format!("u{number:03}")).collect();
    let all = names.iter().map(|name| account(name, None, None)).chain([account("ann", None, None)]);
    store.import_accounts(context(), all.collect()).await.unwrap();
    let receivers: Vec<&str> = names.iter().map(String::as_str).collect();
    for (day, receivers) in [(3, &receivers[..10]), (4, &receivers[..]), (6, &receivers[..1])] {
        for some in receivers.chunks(100) {
            let action = DirectAction::Send(send("ann", some, 7));
            direct::perform(store, at(day * DAY + 5), action).await.unwrap().unwrap();
        }
    }
    let groups: Vec<String> = (0..300).map(|number| format!("g{number:03}")).collect();
    for (number, name) in groups.iter().enumerate() {
        store.import_group(context(), owned_group(name, "ann")).await.unwrap();
        let day = if number == 0 { 3 } else { 4 };
        message_in(store, at(day * DAY + 7), name).await;
    }
    for (day, pairs, of_groups) in [(2, 0, 0), (3, 10, 1), (4, 600, 299), (5, 0, 0), (6, 1, 0)] {
        let mut found = BTreeSet::new();
        let mut after = None;
        while let Some(last) = {
            let page = store.pairs_of_day(APP, day, after.take()).await.unwrap();
            let last = page.last().cloned();
            page.into_iter().for_each(|pair| assert!(found.insert(pair), "a pair comes twice"));
            last
        } {
            after = Some(last);
        }
        assert_eq!(found.len(), pairs, "pairs of day {day}");
        let mut found = BTreeSet::new();
        let mut after = None;
        while let Some(last) = {
            let page = store.groups_of_day(APP, day, after.take()).await.unwrap();
            let last = page.last().cloned();
            page.into_iter().for_each(|place| assert!(found.insert(place), "a group comes twice"));
            last
        } {
            after = Some(last);
        }
        assert_eq!(found.len(), of_groups, "groups of day {day}");
        if day == 3 {
            assert_eq!(found.into_iter().collect::<Vec<_>>(), [(group_id("g000"), Conversation::Group)]);
        }
    }
    assert!(store.pairs_of_day(AppId(7), 4, None).await.unwrap().is_empty());
}

/// All days of the app that are kept.
async fn days(store: &dyn Store) -> Vec<(FactKey, Fact)> {
    let needs = PeopleNeeds {
        ranges: vec![FactRange::all(Subject::App, FactFamily::Days)],
        ..PeopleNeeds::default()
    };
    let found = store.people(APP, needs).await.unwrap();
    found.facts.into_iter().map(|((_, key), fact)| (key, fact)).collect()
}

pub(crate) async fn what_servers_count_at_the_same_time_adds_up(store: &(impl Store + Survey)) {
    let now = at(100 * DAY);
    let day = Day::of(now.now);
    let counted = |server: u64| {
        let mut counts = DayCounts::default();
        for number in 0..20 {
            counts.add(Sum::GroupUp, 1);
            counts.note(Who::Senders, &format!("u{}", server * 10 + number));
        }
        counts.online.push(Online { server, accounts: 3, at: now.now });
        counts.totals = Some(Totals { accounts: 9, new_accounts: 1, groups: 2 });
        counts
    };
    let adding = (0..8).map(|server| import_people(store, now, AddCounts { day, counts: counted(server) }));
    for added in at_once(adding).await {
        added.unwrap();
    }
    let mut expected = DayCounts::default();
    (0..8).for_each(|server| expected.merge(&counted(server), now.now));
    assert_eq!((expected.sum(Sum::GroupUp), expected.different(Who::Senders)), (160, 90));
    assert_eq!(expected.online_max, 24);
    let [(key, Fact::Day(found))] = &days(store).await[..] else { panic!("there must be one day") };
    let by_server = |counts: &DayCounts| {
        let mut counts = counts.clone();
        counts.online.sort_by_key(|online| online.server);
        counts
    };
    assert_eq!((key, by_server(found)), (&FactKey::Day(day), by_server(&expected)));
    let later = at(140 * DAY);
    let next = AddCounts { day: Day::of(later.now), counts: counted(1) };
    import_people(store, later, next).await.unwrap();
    let kept: Vec<_> = days(store).await.into_iter().map(|(key, _)| key).collect();
    assert_eq!(kept, [FactKey::Day(Day::of(later.now))], "a day of long ago goes");
}

pub(crate) async fn files_of_an_hour_are_made_once(store: &(impl Store + Survey)) {
    let begin = Hour(1_000).begin().0;
    assert_eq!(import_people(store, at(begin), ClaimHour).await.unwrap(), None);
    let claims = (0..4).map(|_| import_people(store, at(begin + 3_600), ClaimHour));
    let claimed: Vec<_> = at_once(claims).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(claimed, [Hour(1_000)]);
    let file = |id: &str| ArchiveFile {
        id: id.into(),
        bytes: u64::MAX,
        md5: "ab".into(),
        compressed_bytes: 7,
        compressed_md5: "cd".into(),
    };
    let keep = |kind, id: &str| KeepArchive { kind, hour: Hour(1_000), files: vec![file(id), file("rest")] };
    let both = [(ArchiveKind::Direct, "a"), (ArchiveKind::Group, "b"), (ArchiveKind::Group, "c")];
    for ((kind, id), kept) in both.into_iter().zip([true, true, false]) {
        assert_eq!(import_people(store, at(begin + 3_601), keep(kind, id)).await.unwrap(), kept, "{id}");
    }
    import_people(store, at(begin + 3_602), FinishHour(Hour(1_000))).await.unwrap();
    let archives = FactRange::all(Subject::App, FactFamily::Archives(ArchiveKind::Group));
    let needs = PeopleNeeds {
        facts: vec![
            (Subject::App, FactKey::ArchiveProgress),
            (Subject::App, FactKey::Archive(ArchiveKind::Direct, Hour(1_000))),
        ],
        ranges: vec![archives],
        ..PeopleNeeds::default()
    };
    let found: Vec<_> = store.people(APP, needs).await.unwrap().facts.into_iter().collect();
    let progress = ArchiveProgress { next: Hour(1_001), claimed_until: Timestamp(begin + 3_602) };
    let expected = [
        (FactKey::ArchiveProgress, Fact::ArchiveProgress(progress)),
        (FactKey::Archive(ArchiveKind::Direct, Hour(1_000)), Fact::Archive(vec![file("a"), file("rest")])),
        (FactKey::Archive(ArchiveKind::Group, Hour(1_000)), Fact::Archive(vec![file("b"), file("rest")])),
    ];
    assert_eq!(found, expected.map(|(key, fact)| ((Subject::App, key), fact)));
}
