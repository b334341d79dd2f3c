//! The comparison of two stores: both are read once in full, and nothing is kept but sums for each app.

use super::digest::Sum;
use super::{CopyError, Indexed, PageSize, Place, Row, Transfer};
use landfall_domain::error::StoreError;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::member::Member;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;

/// How many rows of one kind an app has, and their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    pub count: u64,
    sum: Sum,
}

/// The contents of one app in one store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppTally {
    pub accounts: Rows,
    /// The kicks of accounts that were deleted since.
    pub kicks: Rows,
    /// Facts about accounts, pairs of them and the app.
    pub facts: Rows,
    /// Messages between accounts.
    pub directs: Rows,
    /// Where groups came from that jobs brought in.
    pub origins: Rows,
    /// Its groups by type, in the order of `GroupType::ALL`.
    pub groups: [Rows; 5],
    /// Those of owners included.
    pub members: Rows,
    pub parts: Rows,
    pub messages: Rows,
    pub indexed: Indexed,
}

impl AppTally {
    /// Groups of all types.
    #[must_use]
    pub fn groups_of_all_types(&self) -> u64 {
        self.groups.iter().map(|rows| rows.count).sum()
    }

    fn add_member(&mut self, group: &GroupId, member: &Member) {
        self.members.count += 1;
        self.members.sum.add_member(group, member);
    }

    /// Everything there is to compare, in an order that is always the same.
    fn figures(&self) -> Vec<Figure> {
        let Self { accounts, kicks, facts, directs, origins, groups, members, parts, messages, indexed } =
            *self;
        let Indexed { totals, listed, last_position, joined } = indexed;
        let rows = |what: String, rows: Rows| Figure { what, count: rows.count, sum: rows.sum };
        let number = |what: String, count| Figure { what, count, sum: Sum::default() };
        let mut figures = vec![
            rows("accounts".to_owned(), accounts),
            rows("kicks of deleted accounts".to_owned(), kicks),
            rows("facts about people".to_owned(), facts),
            rows("messages between accounts".to_owned(), directs),
            rows("origins of groups".to_owned(), origins),
            rows("members".to_owned(), members),
            rows("parts of groups".to_owned(), parts),
            rows("messages".to_owned(), messages),
            number("groups in the list".to_owned(), listed),
            number("last place in the list".to_owned(), last_position),
            number("memberships found by account".to_owned(), joined),
        ];
        for (kind, (groups, total)) in GroupType::ALL.iter().zip(groups.into_iter().zip(totals)) {
            figures.push(rows(format!("groups of type {}", kind.as_str()), groups));
            figures.push(number(format!("total of the list of type {}", kind.as_str()), total));
        }
        figures
    }
}

/// One figure of an app; the sum is that of nothing where it is only a number.
#[derive(PartialEq)]
struct Figure {
    what: String,
    count: u64,
    sum: Sum,
}

/// A figure that differs between the stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub app: AppId,
    /// The figure, such as "groups of type Public".
    pub what: String,
    /// The figure of the source.
    pub source: u64,
    /// The figure of the target. Equal numbers of rows can differ in their contents.
    pub target: u64,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { app, what, source, target } = self;
        if source == target {
            write!(f, "app {app}: {what}: {source} in both, but not with the same content")
        } else {
            write!(f, "app {app}: {what}: {source} in the source, {target} in the target")
        }
    }
}

/// The contents of both stores, by app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Each app of either store, with its tally in the source and in the target.
    pub apps: BTreeMap<AppId, [AppTally; 2]>,
}

impl Comparison {
    /// All differences; empty when the stores are equal.
    #[must_use]
    pub fn differences(&self) -> Vec<Difference> {
        let mut found = Vec::new();
        for (app, [source, target]) in &self.apps {
            for (source, target) in source.figures().into_iter().zip(target.figures()) {
                if source != target {
                    let Figure { what, count, sum: _ } = source;
                    found.push(Difference { app: *app, what, source: count, target: target.count });
                }
            }
        }
        found
    }
}

/// Reads both stores at the same time. `on_step` is called with how many rows of the source were read, and may end the
/// comparison, which gives `None`.
pub(super) async fn compare(
    source: &dyn Transfer,
    target: &dyn Transfer,
    size: PageSize,
    on_step: &mut (dyn FnMut(u64) -> ControlFlow<()> + Send),
) -> Result<Option<Comparison>, CopyError> {
    let (mut here, mut there) = (Side::new(source), Side::new(target));
    while !(here.ended && there.ended) {
        let (source_read, target_read) = tokio::join!(here.step(size), there.step(size));
        source_read.map_err(|cause| CopyError::source(source, cause))?;
        target_read.map_err(|cause| CopyError::target(target, cause))?;
        if on_step(here.rows).is_break() {
            return Ok(None);
        }
    }
    let source_apps = here.apps().await.map_err(|cause| CopyError::source(source, cause))?;
    let target_apps = there.apps().await.map_err(|cause| CopyError::target(target, cause))?;
    let mut comparison = Comparison::default();
    for (side, apps) in [source_apps, target_apps].into_iter().enumerate() {
        for (app, tally) in apps {
            comparison.apps.entry(app).or_default()[side] = tally;
        }
    }
    Ok(Some(comparison))
}

/// One of the stores, being read.
struct Side<'store> {
    store: &'store dyn Transfer,
    place: Option<Place>,
    ended: bool,
    rows: u64,
    apps: BTreeMap<AppId, AppTally>,
}

impl<'store> Side<'store> {
    fn new(store: &'store dyn Transfer) -> Self {
        Self { store, place: None, ended: false, rows: 0, apps: BTreeMap::new() }
    }

    /// Adds up one page, if one is left.
    async fn step(&mut self, size: PageSize) -> Result<(), StoreError> {
        if self.ended {
            return Ok(());
        }
        match self.store.read(self.place.as_ref(), size).await? {
            Some(page) => {
                self.rows += page.rows.len() as u64;
                page.rows.iter().for_each(|row| self.add(row));
                self.place = Some(page.place);
            }
            None => self.ended = true,
        }
        Ok(())
    }

    fn add(&mut self, row: &Row) {
        match row {
            Row::Account { app, id, account } => {
                let accounts = &mut self.apps.entry(*app).or_default().accounts;
                accounts.count += 1;
                accounts.sum.add_account(id, account);
            }
            Row::Kick { app, id, from } => {
                let kicks = &mut self.apps.entry(*app).or_default().kicks;
                kicks.count += 1;
                kicks.sum.add_kick(id, *from);
            }
            Row::Fact { app, subject, key, fact } => {
                let facts = &mut self.apps.entry(*app).or_default().facts;
                facts.count += 1;
                facts.sum.add_fact(subject, key, fact);
            }
            Row::Direct { app, pair, message } => {
                let directs = &mut self.apps.entry(*app).or_default().directs;
                directs.count += 1;
                directs.sum.add_direct(pair, message);
            }
            Row::Origin { app, group, provenance } => {
                let origins = &mut self.apps.entry(*app).or_default().origins;
                origins.count += 1;
                origins.sum.add_origin(group, provenance);
            }
            Row::Group { app, group, owner } => {
                let tally = self.apps.entry(*app).or_default();
                let groups = &mut tally.groups[group.kind as usize];
                groups.count += 1;
                groups.sum.add_group(group);
                if let Some(owner) = owner {
                    tally.add_member(&group.id, owner);
                }
            }
            Row::Member { app, group, member } => {
                self.apps.entry(*app).or_default().add_member(group, member);
            }
            Row::Part { app, group, key, part } => {
                let parts = &mut self.apps.entry(*app).or_default().parts;
                parts.count += 1;
                parts.sum.add_part(group, key, part);
            }
            Row::Message { app, group, conversation, message } => {
                let messages = &mut self.apps.entry(*app).or_default().messages;
                messages.count += 1;
                messages.sum.add_message(group, conversation, message);
            }
        }
    }

    /// The tallies, with the figures of indexes.
    async fn apps(mut self) -> Result<BTreeMap<AppId, AppTally>, StoreError> {
        for (app, indexed) in self.store.indexed().await? {
            self.apps.entry(app).or_default().indexed = indexed;
        }
        Ok(self.apps)
    }
}
