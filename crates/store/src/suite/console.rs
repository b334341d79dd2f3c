//! Users of the console, their sessions, and the audit list.

use super::{APP, at_once, context, decided};
use landfall_domain::context::Context;
use landfall_domain::people::Subject;
use landfall_domain::people::console::{
    AuditEntry, AuditOutcome, CONSOLE_USERS_MAX, ConsoleName, ConsoleRole, ConsoleSession, ConsoleUser,
    INSTALLATION, PasswordHash, SessionKey,
};
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::operation::import_people;
use landfall_domain::people::operations::audit::{FinishAudit, NoteAudit};
use landfall_domain::people::operations::console_sessions::{
    BeginConsoleSession, EndConsoleSession, NoSuchConsoleUser, SESSIONS_OF_USER_MAX,
};
use landfall_domain::people::operations::console_users::{
    AddConsoleUser, ChangeConsoleUser, ConsoleUserRefusal, RemoveConsoleUser,
};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::store::Store;
use landfall_domain::time::Timestamp;
use std::cmp::Reverse;

fn at(now: u64) -> Context {
    Context { app: INSTALLATION, now: Timestamp(now), ..context() }
}

fn name(of: &str) -> ConsoleName {
    ConsoleName::parse(of).unwrap()
}

fn add(of: &str, role: ConsoleRole) -> AddConsoleUser {
    AddConsoleUser { name: name(of), role, password: PasswordHash(format!("$hash${of}")) }
}

fn session(number: u8) -> SessionKey {
    SessionKey([number; 32])
}

async fn begin(store: &dyn Store, now: u64, number: u8, of: &str) -> Result<(), NoSuchConsoleUser> {
    let begin = BeginConsoleSession { key: session(number), user: name(of), ends: Timestamp(now + 100) };
    decided(import_people(store, at(now), begin).await)
}

/// The facts of a family, at most `limit`, those behind `after`.
async fn of_family(
    store: &dyn Store,
    family: FactFamily,
    after: Option<FactKey>,
    limit: usize,
) -> Vec<(FactKey, Fact)> {
    let range = FactRange { subject: Subject::App, family, after, limit };
    let needs = PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() };
    let found = store.people(INSTALLATION, needs).await.unwrap();
    found.facts.into_iter().map(|((_, key), fact)| (key, fact)).collect()
}

async fn sessions(store: &dyn Store) -> Vec<(FactKey, Fact)> {
    of_family(store, FactFamily::ConsoleSessions, None, usize::MAX).await
}

pub(crate) async fn users_are_added_changed_and_removed(store: &dyn Store) {
    let adding = (0..4).map(|_| import_people(store, at(5), add("root", ConsoleRole::Administrator)));
    let added = at_once(adding).await.into_iter().map(decided).filter(Result::is_ok).count();
    assert_eq!(added, 1, "of those who add the same user at once, one does");
    decided(import_people(store, at(6), add("eve", ConsoleRole::Viewer)).await).unwrap();
    let again = decided(import_people(store, at(7), add("eve", ConsoleRole::Administrator)).await);
    assert_eq!(again, Err(ConsoleUserRefusal::Exists));
    let user = |of: &str, role, password: &str, since| {
        let password = PasswordHash(password.to_owned());
        let user = ConsoleUser { role, password, since: Timestamp(since) };
        (FactKey::ConsoleUser(name(of)), Fact::ConsoleUser(user))
    };
    let root = user("root", ConsoleRole::Administrator, "$hash$root", 5);
    let all = of_family(store, FactFamily::ConsoleUsers, None, 9).await;
    assert_eq!(all, [user("eve", ConsoleRole::Viewer, "$hash$eve", 6), root.clone()]);

    begin(store, 10, 1, "eve").await.unwrap();
    begin(store, 10, 2, "root").await.unwrap();
    let change = |role, password: Option<&str>| {
        let password = password.map(|password| PasswordHash(password.to_owned()));
        import_people(store, at(11), ChangeConsoleUser { name: name("eve"), role, password })
    };
    decided(change(Some(ConsoleRole::Administrator), None).await).unwrap();
    assert_eq!(sessions(store).await.len(), 2, "another role ends no session");
    decided(change(None, Some("$new")).await).unwrap();
    let left: Vec<_> = sessions(store).await.into_iter().map(|(key, _)| key).collect();
    assert_eq!(left, [FactKey::ConsoleSession(session(2))], "another password does");
    let all = of_family(store, FactFamily::ConsoleUsers, None, 9).await;
    assert_eq!(all, [user("eve", ConsoleRole::Administrator, "$new", 6), root]);

    decided(import_people(store, at(12), RemoveConsoleUser(name("root"))).await).unwrap();
    assert_eq!(sessions(store).await, []);
    let gone = decided(import_people(store, at(12), RemoveConsoleUser(name("root"))).await);
    assert_eq!(gone, Err(ConsoleUserRefusal::NoSuchUser));
    assert_eq!(begin(store, 12, 3, "root").await, Err(NoSuchConsoleUser));
    // What belongs to the installation belongs to no app.
    let range = FactRange::all(Subject::App, FactFamily::ConsoleUsers);
    let needs = PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() };
    assert_eq!(store.people(APP, needs).await.unwrap().facts.len(), 0);
}

pub(crate) async fn users_have_a_bound(store: &dyn Store) {
    for number in 0..CONSOLE_USERS_MAX {
        let user = add(&format!("u{number}"), ConsoleRole::Viewer);
        decided(import_people(store, at(1), user).await).unwrap();
    }
    let one_more = decided(import_people(store, at(1), add("more", ConsoleRole::Viewer)).await);
    assert_eq!(one_more, Err(ConsoleUserRefusal::TooMany));
}

pub(crate) async fn sessions_end_by_time_by_number_and_by_wish(store: &dyn Store) {
    for of in ["root", "eve"] {
        decided(import_people(store, at(1), add(of, ConsoleRole::Viewer)).await).unwrap();
    }
    begin(store, 10, 200, "root").await.unwrap();
    begin(store, 50, 201, "root").await.unwrap();
    let expected = |number, of: &str, begun| {
        let session =
            ConsoleSession { user: name(of), begun: Timestamp(begun), ends: Timestamp(begun + 100) };
        (FactKey::ConsoleSession(SessionKey([number; 32])), Fact::ConsoleSession(session))
    };
    assert_eq!(sessions(store).await, [expected(200, "root", 10), expected(201, "root", 50)]);
    begin(store, 110, 1, "eve").await.unwrap();
    assert_eq!(
        sessions(store).await,
        [expected(1, "eve", 110), expected(201, "root", 50)],
        "what is over goes when somebody signs in"
    );
    let Ok(()) = decided(import_people(store, at(111), EndConsoleSession(session(201))).await);
    let Ok(()) = decided(import_people(store, at(111), EndConsoleSession(session(201))).await);
    assert_eq!(sessions(store).await, [expected(1, "eve", 110)]);
    for number in 2..=u8::try_from(SESSIONS_OF_USER_MAX).unwrap() + 1 {
        begin(store, 120 + u64::from(number), number, "eve").await.unwrap();
    }
    let left = sessions(store).await;
    assert_eq!((left.len(), left.first()), (SESSIONS_OF_USER_MAX, Some(&expected(2, "eve", 122))));
}

pub(crate) async fn the_audit_list_is_read_from_its_newest_entry_on(store: &dyn Store) {
    let entry = |at: u64| AuditEntry {
        at: Timestamp(at),
        who: "root".to_owned(),
        from: "2001:db8::1".to_owned(),
        what: "group_open_http_svc/create_group".to_owned(),
        on: format!("group é\0{at}"),
        outcome: AuditOutcome::Begun,
    };
    let noting = (0..20).map(|at| import_people(store, self::at(at), NoteAudit(entry(at))));
    let mut numbers: Vec<_> =
        at_once(noting).await.into_iter().map(decided).map(|noted| noted.unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..20).collect::<Vec<_>>(), "each entry has a number of its own");
    for (number, outcome) in [(3, AuditOutcome::Done), (4, AuditOutcome::Failed("10007: no".to_owned()))] {
        let Ok(()) = decided(import_people(store, at(30), FinishAudit { number, outcome }).await);
    }
    let mut found = Vec::new();
    while let page =
        of_family(store, FactFamily::Audit, found.last().map(|(key, _): &(FactKey, Fact)| key.clone()), 7)
            .await
        && !page.is_empty()
    {
        found.extend(page);
    }
    let order: Vec<_> = found.iter().map(|(key, _)| key.clone()).collect();
    assert_eq!(order, (0..20).rev().map(|number| FactKey::Audit(Reverse(number))).collect::<Vec<_>>());
    let outcome = |number: usize| {
        let Fact::Audit(entry) = &found[19 - number].1 else { panic!("no entry: {:?}", found[19 - number]) };
        entry.outcome.clone()
    };
    assert_eq!(outcome(3), AuditOutcome::Done);
    assert_eq!(outcome(4), AuditOutcome::Failed("10007: no".to_owned()));
    assert_eq!(outcome(5), AuditOutcome::Begun);
    let texts = found.iter().filter(|(_, fact)| matches!(fact, Fact::Audit(found) if **found == AuditEntry { outcome: found.outcome.clone(), ..entry(found.at.0) }));
    assert_eq!(texts.count(), 20, "every text reads back");
}
