//! What every pair of stores shows: copies are exact, however often they break off, and a comparison finds what
//! is not equal.

mod faulty;
mod rows;

use super::{
    BeginError, CopyError, Outcome, Page, PageSize, Phase, Place, Progress, Row, Step, Transfer, copy,
};
use crate::{facts, parts, suite};
use async_trait::async_trait;
use faulty::{Faulty, When};
use landfall_domain::error::StoreError;
use landfall_domain::ids::AppId;
use landfall_domain::part::Part;
use landfall_domain::people::fact::Fact;
use landfall_domain::store::Store;
use landfall_domain::time::Timestamp;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, TestRunner};
use std::ops::ControlFlow;

/// Messages that any store keeps in one piece, at most.
const MESSAGES_PER_PIECE: usize = 16;

/// Random contents tried.
const CONTENTS: u32 = 12;

/// Those of them that are also read one row at a time, which takes long. All are copied in pages of a few.
const CONTENTS_IN_SMALL_PAGES: usize = 3;

/// A store on its own, to be opened again and again. An error is the text an operator reads.
#[async_trait]
pub(crate) trait Home: Send + Sync {
    /// An empty one.
    async fn fresh() -> Self
    where
        Self: Sized;

    /// An empty one in place of this, which is not open.
    async fn emptied(self) -> Self
    where
        Self: Sized;

    async fn source(&self) -> Result<Box<dyn Transfer>, String>;

    async fn target(&self) -> Result<Box<dyn Transfer>, String>;

    /// As a server opens it.
    async fn serve(&self) -> Result<Box<dyn Store>, String>;
}

/// Makes a test of each case, from one kind of [`Home`] to another.
macro_rules! copy_suite {
    ($($name:ident: $from:ty => $to:ty;)+) => {
        $(mod $name {
            use super::*;
            $crate::transfer::tests::copy_suite! { $from => $to:
                random_content_is_copied_exactly,
                a_copy_that_fails_at_every_page_goes_on,
                a_copy_that_is_stopped_at_every_page_goes_on,
                a_served_store_answers_the_same_after_the_copy,
                only_an_empty_store_or_the_same_copy_is_a_target,
                half_a_copy_is_neither_served_nor_copied,
                a_changed_row_is_found,
            }
        })+
    };
    ($from:ty => $to:ty: $($case:ident,)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            $crate::transfer::tests::$case::<$from, $to>().await;
        })+
    };
}
pub(crate) use copy_suite;

/// Pages of these many rows.
fn pages_of(rows: usize) -> PageSize {
    PageSize { rows, ..PageSize::DEFAULT }
}

fn go_on(_: Step) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Random contents, one after another.
fn contents(count: u32) -> impl Iterator<Item = Vec<Row>> {
    let mut runner = TestRunner::new(Config::default());
    (0..count).map(move |_| rows::some_rows().new_tree(&mut runner).unwrap().current())
}

/// Content with more rows than a page of a few has, and not so many that tests that begin anew at every page take long.
fn much_content() -> Vec<Row> {
    let pieces = |rows: &Vec<Row>| rows.iter().filter(|row| !matches!(row, Row::Message { .. })).count();
    contents(u32::MAX).find(|rows| 25 <= pieces(rows) && rows.len() < 80).unwrap()
}

/// Writes `rows` into the empty store, as if it had always had them.
async fn fill(home: &dyn Home, rows: Vec<Row>) {
    let store = home.target().await.unwrap();
    let progress = store.begin("elsewhere").await.unwrap();
    store.write(rows, &progress).await.unwrap();
    store.finish().await.unwrap();
}

/// All rows and the place after them, read in pages of `size`.
async fn read_all(store: &dyn Transfer, size: PageSize) -> (Vec<Row>, Option<Place>) {
    let (mut rows, mut place) = (Vec::new(), None);
    while let Some(page) = store.read(place.as_ref(), size).await.unwrap() {
        // Messages that a store keeps in one piece come together.
        assert!(page.rows.len() < size.rows + MESSAGES_PER_PIECE);
        rows.extend(page.rows);
        place = Some(page.place);
    }
    (rows, place)
}

/// In an order that is not the store's.
fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_cached_key(|row| match row {
        Row::Account { app, id, .. } => (*app, id.to_string(), None, String::new()),
        Row::Kick { app, id, .. } => (*app, format!("{id}\t"), None, String::new()),
        Row::Fact { app, subject, key, .. } => {
            (*app, format!("{subject}\n{:?}", facts::name(key)), None, String::new())
        }
        Row::Direct { app, pair, message } => {
            (*app, format!("{pair}\r{:010}", message.seq), None, String::new())
        }
        Row::Origin { app, group, .. } => (*app, String::new(), Some(group.clone()), "0".to_owned()),
        Row::Group { app, group, .. } => (*app, String::new(), Some(group.id.clone()), String::new()),
        Row::Member { app, group, member } => {
            (*app, String::new(), Some(group.clone()), format!("a{}", member.account))
        }
        Row::Part { app, group, key, .. } => {
            (*app, String::new(), Some(group.clone()), format!("b{:?}", parts::name(key)))
        }
        Row::Message { app, group, conversation, message } => {
            (*app, String::new(), Some(group.clone()), format!("c{conversation:?}{:010}", message.seq))
        }
    });
    rows
}

/// Reading says the same in pages of any size.
async fn check_pages(store: &dyn Transfer) {
    let (whole, _) = read_all(store, PageSize::DEFAULT).await;
    assert_eq!(read_all(store, pages_of(1)).await.0, whole);
    assert_eq!(read_all(store, PageSize { bytes: 1, ..PageSize::DEFAULT }).await.0, whole);
}

/// The store holds these rows, and groups come before their members.
async fn check_rows(store: &dyn Transfer, expected: &[Row]) {
    let (whole, _) = read_all(store, PageSize::DEFAULT).await;
    for (index, row) in whole.iter().enumerate() {
        if let Row::Member { app, group: id, .. } = row {
            let is_group =
                |row: &Row| matches!(row, Row::Group { app: of, group, .. } if of == app && group.id == *id);
            assert!(whole[..index].iter().any(is_group), "{id} comes after a member");
        }
    }
    assert_eq!(store.rows().await.unwrap(), whole.len() as u64);
    assert_eq!(sorted(whole), sorted(expected.to_vec()));
}

pub(crate) async fn random_content_is_copied_exactly<From: Home, To: Home>() {
    let (mut from, mut to) = (From::fresh().await, To::fresh().await);
    for (number, rows) in contents(CONTENTS).enumerate() {
        (from, to) = (from.emptied().await, to.emptied().await);
        fill(&from, rows.clone()).await;
        let (source, target) = (from.source().await.unwrap(), to.target().await.unwrap());
        check_rows(&*source, &rows).await;
        if number < CONTENTS_IN_SMALL_PAGES {
            check_pages(&*source).await;
        }
        let mut steps = Vec::new();
        let on_step = &mut |step| {
            steps.push(step);
            ControlFlow::Continue(())
        };
        let outcome = copy(&*source, &*target, pages_of(1 + number % 7), on_step).await.unwrap();
        let Outcome::Equal(comparison) = outcome else { panic!("{outcome:?}") };
        check_rows(&*target, &rows).await;
        assert_eq!(target.indexed().await.unwrap(), source.indexed().await.unwrap());
        let total = rows.len() as u64;
        let counted = |tally: &super::AppTally| {
            tally.accounts.count
                + tally.kicks.count
                + tally.origins.count
                + tally.facts.count
                + tally.directs.count
                + tally.groups_of_all_types()
                + tally.members.count
                + tally.parts.count
                + tally.messages.count
        };
        let owners =
            rows.iter().filter(|row| matches!(row, Row::Group { owner: Some(_), .. })).count() as u64;
        assert_eq!(comparison.apps.values().map(|[source, _]| counted(source)).sum::<u64>(), total + owners);
        let last = |phase| steps.iter().rfind(|step| step.phase == phase).copied();
        for phase in [Phase::Copying, Phase::Comparing] {
            assert_eq!(last(phase), Some(Step { phase, rows: total, total }));
        }
    }
}

pub(crate) async fn a_copy_that_fails_at_every_page_goes_on<From: Home, To: Home>() {
    let (from, to) = (From::fresh().await, To::fresh().await);
    let rows = much_content();
    fill(&from, rows.clone()).await;
    // The first write of each attempt works and the second breaks off, by turns before and after the page is
    // written.
    let mut attempts = 0;
    let outcome = loop {
        let source = from.source().await.unwrap();
        let when = if attempts % 2 == 0 { When::Before } else { When::After };
        let target = Faulty::new(to.target().await.unwrap(), 1, when);
        match copy(&*source, &target, pages_of(4), &mut go_on).await {
            Ok(outcome) => break outcome,
            Err(CopyError::Target { .. }) => attempts += 1,
            Err(other) => panic!("{other}"),
        }
        assert!(attempts < rows.len(), "the copy does not get on");
    };
    assert!(matches!(outcome, Outcome::Equal(_)), "{outcome:?}");
    assert!(3 < attempts);
    check_rows(&*to.target().await.unwrap(), &rows).await;
    assert_eq!(
        to.source().await.unwrap().indexed().await.unwrap(),
        from.source().await.unwrap().indexed().await.unwrap()
    );
}

pub(crate) async fn a_copy_that_is_stopped_at_every_page_goes_on<From: Home, To: Home>() {
    let (from, to) = (From::fresh().await, To::fresh().await);
    let rows = much_content();
    fill(&from, rows.clone()).await;
    let mut written = 0;
    loop {
        let (source, target) = (from.source().await.unwrap(), to.target().await.unwrap());
        let before = written;
        let mut calls = 0;
        let on_step = &mut |step: Step| {
            calls += 1;
            if step.phase == Phase::Copying {
                assert!(written <= step.rows, "the copy began anew");
                written = step.rows;
            }
            if calls == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        assert_eq!(copy(&*source, &*target, pages_of(4), on_step).await.unwrap(), Outcome::Stopped);
        if before == rows.len() as u64 {
            break; // Stopped while comparing.
        }
        assert!(before < written, "the copy does not get on");
    }
    let (source, target) = (from.source().await.unwrap(), to.target().await.unwrap());
    let outcome = copy(&*source, &*target, pages_of(4), &mut go_on).await.unwrap();
    assert!(matches!(outcome, Outcome::Equal(_)), "{outcome:?}");
    check_rows(&*target, &rows).await;
}

pub(crate) async fn a_served_store_answers_the_same_after_the_copy<From: Home, To: Home>() {
    let (from, to) = (From::fresh().await, To::fresh().await);
    let store = from.serve().await.unwrap();
    let seen = suite::copied::fill(&*store).await;
    drop(store);
    let (source, target) = (from.source().await.unwrap(), to.target().await.unwrap());
    let outcome = copy(&*source, &*target, pages_of(50), &mut go_on).await.unwrap();
    assert!(matches!(outcome, Outcome::Equal(_)), "{outcome:?}");
    drop((source, target));
    suite::copied::check(&*to.serve().await.unwrap(), seen).await;
}

pub(crate) async fn only_an_empty_store_or_the_same_copy_is_a_target<From: Home, To: Home>() {
    let (from, other, to) = (From::fresh().await, From::fresh().await, To::fresh().await);
    let rows = much_content();
    fill(&from, rows.clone()).await;
    fill(&other, rows.clone()).await;
    let begun = {
        let (source, target) = (from.source().await.unwrap(), to.target().await.unwrap());
        let stop =
            &mut |step: Step| if step.rows == 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        assert_eq!(copy(&*source, &*target, pages_of(4), stop).await.unwrap(), Outcome::Stopped);
        read_all(&*target, PageSize::DEFAULT).await
    };
    let attempt = async |from: &From| {
        let (source, target) = (from.source().await.unwrap(), to.target().await.unwrap());
        let result = copy(&*source, &*target, pages_of(4), &mut go_on).await;
        (result, source.name().to_owned(), read_all(&*target, PageSize::DEFAULT).await)
    };
    let (refused, _, left) = attempt(&other).await;
    let first = from.source().await.unwrap().name().to_owned();
    assert!(matches!(&refused, Err(CopyError::OtherSource { of, .. }) if *of == first), "{refused:?}");
    assert_eq!(left, begun, "a refused copy changed the target");
    let (finished, ..) = attempt(&from).await;
    assert!(matches!(finished, Ok(Outcome::Equal(_))), "{finished:?}");
    for from in [&from, &other] {
        let (refused, _, left) = attempt(from).await;
        assert!(matches!(refused, Err(CopyError::Occupied(_))), "{refused:?}");
        assert_eq!(sorted(left.0), sorted(rows.clone()));
    }
}

pub(crate) async fn half_a_copy_is_neither_served_nor_copied<From: Home, To: Home>() {
    let (from, to) = (From::fresh().await, To::fresh().await);
    fill(&from, much_content()).await;
    let name = {
        let (source, target) = (from.source().await.unwrap(), to.target().await.unwrap());
        let stop = &mut |step: Step| {
            if step.phase == Phase::Copying { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        // All is written, but not compared.
        assert_eq!(copy(&*source, &*target, pages_of(4), stop).await.unwrap(), Outcome::Stopped);
        source.name().to_owned()
    };
    for refused in [to.serve().await.map(drop), to.source().await.map(drop)] {
        let text = refused.unwrap_err();
        assert!(text.contains(&name) && text.contains("landfall store copy"), "{text}");
    }
    let (source, target) = (from.source().await.unwrap(), to.target().await.unwrap());
    copy(&*source, &*target, pages_of(4), &mut go_on).await.unwrap();
    drop(target);
    to.serve().await.unwrap();
}

pub(crate) async fn a_changed_row_is_found<From: Home, To: Home>() {
    let app = AppId(7);
    let of = |row: &Row| match row {
        Row::Account { app, .. }
        | Row::Kick { app, .. }
        | Row::Origin { app, .. }
        | Row::Group { app, .. }
        | Row::Member { app, .. }
        | Row::Part { app, .. }
        | Row::Fact { app, .. }
        | Row::Direct { app, .. }
        | Row::Message { app, .. } => *app,
    };
    let rows = contents(u32::MAX)
        .find(|rows| {
            let has = |wanted: fn(&Row) -> bool| rows.iter().any(|row| of(row) == app && wanted(row));
            has(|row| matches!(row, Row::Account { .. }))
                && has(|row| matches!(row, Row::Kick { .. }))
                && has(|row| matches!(row, Row::Origin { .. }))
                && has(|row| matches!(row, Row::Member { .. }))
                && has(|row| matches!(row, Row::Part { .. }))
                && has(|row| matches!(row, Row::Message { .. }))
                && has(|row| matches!(row, Row::Direct { .. }))
        })
        .unwrap();
    let (mut from, mut to) = (From::fresh().await, To::fresh().await);
    let sorts = [
        "accounts",
        "kicks",
        "facts about people",
        "messages between accounts",
        "origins",
        "groups of type",
        "members",
        "parts of groups",
        "messages",
    ];
    for what in sorts {
        (from, to) = (from.emptied().await, to.emptied().await);
        fill(&from, rows.clone()).await;
        let (source, target) = (from.source().await.unwrap(), to.target().await.unwrap());
        let mut changed = rows.clone();
        assert!(changed.iter_mut().any(|row| of(row) == app && change(row, what)));
        // As if the copy had written it so.
        let begun = target.begin(source.name()).await.unwrap();
        let (_, place) = read_all(&*source, PageSize::DEFAULT).await;
        target.write(changed, &Progress { place, rows: rows.len() as u64, ..begun }).await.unwrap();
        for _ in 0..2 {
            let outcome = copy(&*source, &*target, PageSize::DEFAULT, &mut go_on).await.unwrap();
            let Outcome::Different(comparison) = outcome else { panic!("{outcome:?}") };
            let [difference] = &comparison.differences()[..] else {
                panic!("{:?}", comparison.differences())
            };
            assert_eq!(difference.app, app);
            assert!(difference.what.starts_with(what), "{difference}");
            assert!(difference.to_string().contains("not with the same content"), "{difference}");
        }
        drop((source, target));
        assert!(to.serve().await.is_err(), "a store that is not equal is served");
    }
}

/// Changes one field of the row when it is of this sort.
fn change(row: &mut Row, what: &str) -> bool {
    match (row, what) {
        (Row::Account { account, .. }, "accounts") => account.signatures_from.0 ^= 1,
        (Row::Kick { from, .. }, "kicks") => from.0 += 1,
        (Row::Fact { fact, .. }, "facts about people") => {
            let Fact::Mute(mute) = &mut **fact else { return false };
            mute.direct.0 += 1;
        }
        (Row::Direct { message, .. }, "messages between accounts") => message.read ^= true,
        (Row::Origin { provenance, .. }, "origins") => provenance.origin.carried.push(0),
        (Row::Group { group, .. }, "groups of type") => group.info_seq ^= 1,
        (Row::Member { member, .. }, "members") => member.name_card.push('\u{0}'),
        (Row::Part { part, .. }, "parts of groups") => **part = Part::Ban(Timestamp(u64::MAX >> 2)),
        (Row::Message { message, .. }, "messages") => message.random ^= 1,
        _ => return false,
    }
    true
}
