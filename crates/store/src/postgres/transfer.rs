//! The PostgreSQL store as the source or the target of a copy.

mod pages;

use super::database::{Database, Kind, Tx, Work};
use super::failure::Failure;
use super::layout::Layout;
use super::rows::{
    AccountLists, CountLists, DayLists, DirectDayLists, DirectLists, FactLists, KickLists, MessageLists,
    NewMembers, OriginLists, PartLists,
};
use super::values::app_column;
use super::{OpenError, Settings, connect, locks, migrations, statements, tables};
use crate::messages::day;
use crate::transfer::{BeginError, Indexed, Page, PageSize, Place, Progress, Row, Transfer, Undelivered};
use async_trait::async_trait;
use landfall_domain::account::Account;
use landfall_domain::error::StoreError;
use landfall_domain::group::Group;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::Member;
use landfall_domain::message::{Conversation, Message};
use landfall_domain::origin::Provenance;
use landfall_domain::part::{Part, PartKey};
use landfall_domain::people::fact::{Fact, FactKey};
use landfall_domain::people::message::DirectMessage;
use landfall_domain::people::{Pair, Subject};
use landfall_domain::time::Timestamp;
use pages::{Counts, ReadPage};
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Client;

/// A database that is copied from or into. No server serves from it while this lives.
pub struct PostgresTransfer {
    name: String,
    database: Database,
    /// Holds the lock that keeps servers away.
    guard: Client,
}

impl PostgresTransfer {
    /// Opens a database to be copied from.
    ///
    /// # Errors
    /// It holds no store or half of one, servers use it, it cannot be opened for a server, or its outbox is not empty.
    pub async fn source(settings: Settings) -> Result<Self, OpenError> {
        let store = Self::open(settings, false).await?;
        if let Some(progress) = migrations::unfinished_copy(&store.guard).await? {
            return Err(OpenError::Unfinished(progress));
        }
        match undelivered(&store.guard).await? {
            Some(what) => Err(OpenError::Undelivered(what)),
            None => Ok(store),
        }
    }

    /// Opens a database to be copied into, making the tables where there are none.
    ///
    /// # Errors
    /// Servers use it, or it cannot be opened for a server.
    pub async fn target(settings: Settings) -> Result<Self, OpenError> {
        Self::open(settings, true).await
    }

    async fn open(settings: Settings, make: bool) -> Result<Self, OpenError> {
        let tls = connect::tls(&settings)?;
        let mut client = connect::client(&settings, &tls).await?;
        if !make && !migrations::is_made(&client).await? {
            return Err(OpenError::Empty);
        }
        migrations::run(&mut client).await?;
        if !locks::take_serving(&client, false).await? {
            return Err(OpenError::Served);
        }
        let name = settings.to_string();
        let layout = Layout::of(&client).await?;
        let database = Database::new(&settings, tls, false, layout);
        Ok(Self { name, database, guard: client })
    }

    async fn perform<W: Work>(&self, work: W) -> Result<W::Output, StoreError> {
        self.database.perform(&work).await.map_err(|failure| failure.while_doing(W::DOING))
    }
}

/// The contents of the outbox, which a copy would leave behind.
async fn undelivered(client: &Client) -> Result<Option<Undelivered>, OpenError> {
    let counts = "SELECT (SELECT count(*) FROM landfall.lanes), (SELECT count(*) FROM landfall.dead_notes)";
    let row = client.query_one(counts, &[]).await?;
    let [lanes, dead] = [row.try_get::<_, i64>(0)?, row.try_get(1)?].map(i64::cast_unsigned);
    Ok(Undelivered::of(lanes, dead))
}

#[async_trait]
impl Transfer for PostgresTransfer {
    fn name(&self) -> &str {
        &self.name
    }

    async fn read(&self, after: Option<&Place>, size: PageSize) -> Result<Option<Page>, StoreError> {
        self.perform(ReadPage { after: after.cloned(), size }).await
    }

    async fn rows(&self) -> Result<u64, StoreError> {
        let counts = self.perform(Counts).await?;
        Ok(counts.rows)
    }

    async fn indexed(&self) -> Result<BTreeMap<AppId, Indexed>, StoreError> {
        let counts = self.perform(Counts).await?;
        Ok(counts.indexed)
    }

    async fn begin(&self, source: &str) -> Result<Progress, BeginError> {
        match self.perform(Begin { source }).await? {
            Some(progress) if progress.source == source => Ok(progress),
            Some(progress) => Err(BeginError::OtherSource(progress.source)),
            None => Err(BeginError::Occupied),
        }
    }

    async fn write(&self, rows: Vec<Row>, progress: &Progress) -> Result<(), StoreError> {
        self.perform(WriteRows { rows, progress }).await
    }

    async fn finish(&self) -> Result<(), StoreError> {
        self.perform(Finish).await
    }
}

/// The progress of the copy into this store, begun just now if it was empty; `None` when it holds something else.
struct Begin<'source> {
    source: &'source str,
}

#[async_trait]
impl Work for Begin<'_> {
    type Output = Option<Progress>;
    const DOING: &'static str = "beginning a copy";
    const KIND: Kind = Kind::Copy;

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure> {
        tx.begin(None, &[]).await?;
        if let Some(row) = tx.query(&statements::COPY_PROGRESS, &[]).await?.first() {
            let place: Option<Vec<u8>> = row.try_get(1)?;
            let rows = u64::try_from(row.try_get::<_, i64>(2)?).map_err(|_| Failure::Damaged("progress"))?;
            return Ok(Some(Progress { source: row.try_get(0)?, place: place.map(Place), rows }));
        }
        let occupied = tx.query(&statements::IS_OCCUPIED, &[]).await?;
        if occupied.iter().any(|row| row.try_get(0).unwrap_or(true)) {
            return Ok(None);
        }
        let progress = Progress { source: self.source.to_owned(), place: None, rows: 0 };
        put_progress(tx, &progress).await?;
        Ok(Some(progress))
    }
}

async fn put_progress(tx: &Tx, progress: &Progress) -> Result<(), Failure> {
    let place = progress.place.as_ref().map(|place| place.0.as_slice());
    tx.run(&statements::PUT_COPY_PROGRESS, &[&progress.source, &place, &progress.rows.cast_signed()]).await?;
    Ok(())
}

/// One page, with all that follows from it.
struct WriteRows<'progress> {
    rows: Vec<Row>,
    progress: &'progress Progress,
}

/// The rows of one app.
#[derive(Default)]
struct AppRows<'row> {
    accounts: Vec<(&'row UserId, &'row Account)>,
    kicks: Vec<(&'row UserId, Timestamp)>,
    facts: Vec<(&'row Subject, &'row FactKey, &'row Fact)>,
    directs: Vec<(&'row Pair, &'row DirectMessage)>,
    origins: Vec<(&'row GroupId, &'row Provenance)>,
    groups: Vec<&'row Group>,
    members: Vec<(&'row GroupId, &'row Member)>,
    parts: Vec<(&'row GroupId, &'row PartKey, &'row Part)>,
    messages: Vec<(&'row GroupId, &'row Conversation, &'row Message)>,
}

#[async_trait]
impl Work for WriteRows<'_> {
    type Output = ();
    const DOING: &'static str = "writing a page of a copy";
    const KIND: Kind = Kind::Copy;

    async fn perform(&self, tx: &Tx) -> Result<(), Failure> {
        tx.begin(None, &[]).await?;
        let mut apps: BTreeMap<AppId, AppRows<'_>> = BTreeMap::new();
        for row in &self.rows {
            match row {
                Row::Account { app, id, account } => {
                    apps.entry(*app).or_default().accounts.push((id, account));
                }
                Row::Kick { app, id, from } => apps.entry(*app).or_default().kicks.push((id, *from)),
                Row::Origin { app, group, provenance } => {
                    apps.entry(*app).or_default().origins.push((group, provenance));
                }
                Row::Group { app, group, owner } => {
                    let of_app = apps.entry(*app).or_default();
                    of_app.groups.push(group);
                    of_app.members.extend(owner.iter().map(|owner| (&group.id, owner)));
                }
                Row::Member { app, group, member } => {
                    apps.entry(*app).or_default().members.push((group, member));
                }
                Row::Part { app, group, key, part } => {
                    apps.entry(*app).or_default().parts.push((group, key, part));
                }
                Row::Fact { app, subject, key, fact } => {
                    apps.entry(*app).or_default().facts.push((subject, key, fact));
                }
                Row::Direct { app, pair, message } => {
                    apps.entry(*app).or_default().directs.push((pair, message));
                }
                Row::Message { app, group, conversation, message } => {
                    apps.entry(*app).or_default().messages.push((group, conversation, message));
                }
            }
        }
        for (app, rows) in apps {
            write(tx, app, rows).await?;
        }
        put_progress(tx, self.progress).await
    }
}

async fn write(tx: &Tx, app: AppId, rows: AppRows<'_>) -> Result<(), Failure> {
    if !rows.accounts.is_empty() {
        let mut lists = AccountLists::with_capacity(app, rows.accounts.len());
        rows.accounts.iter().for_each(|(id, account)| lists.push(id, account));
        tables::put(tx, &statements::PUT_ACCOUNTS, &lists).await?;
    }
    let mut kicks = KickLists::with_capacity(app, rows.kicks.len());
    rows.kicks.iter().for_each(|(id, from)| kicks.push(id, *from));
    tables::put(tx, &statements::PUT_KICKS, &kicks).await?;
    let mut origins = OriginLists::with_capacity(app, rows.origins.len());
    rows.origins.iter().for_each(|(group, provenance)| origins.push(group, provenance));
    tables::put(tx, &statements::INSERT_ORIGINS, &origins).await?;
    if let Some(last) = rows.groups.iter().map(|group| group.list_position).max() {
        let inserted = tables::insert_groups(tx, app, rows.groups.iter().copied()).await?;
        if inserted.len() != rows.groups.len() {
            return Err(Failure::Damaged("page of a copy: a group of it was there already, and"));
        }
        let counts = CountLists::of(app, rows.groups.iter().map(|group| (group.kind, 1)));
        tables::put(tx, &statements::COUNT_GROUPS, &counts).await?;
        tx.run(&statements::RAISE_POSITION, &[&app_column(app), &last.cast_signed()]).await?;
    }
    // Groups come before their members, in this page or in one before it.
    let of: BTreeSet<&GroupId> = rows.members.iter().map(|(group, _)| *group).collect();
    let groups = tables::groups(tx, app, of).await?;
    let mut new = NewMembers::with_capacity(app, rows.members.len());
    for (group, member) in &rows.members {
        let group =
            groups.get(*group).ok_or(Failure::Damaged("page of a copy: a member without its group"))?;
        new.push(group, member);
    }
    tables::insert_members(tx, &new).await?;
    write_people(tx, app, &rows).await?;
    write_parts_and_messages(tx, app, &rows).await
}

/// Writes facts and messages between accounts, and the days on which pairs have messages.
async fn write_people(tx: &Tx, app: AppId, rows: &AppRows<'_>) -> Result<(), Failure> {
    let mut facts = FactLists::with_capacity(app, rows.facts.len());
    rows.facts.iter().for_each(|(subject, key, fact)| facts.push(subject, key, fact));
    tables::put(tx, &statements::PUT_FACTS, &facts).await?;
    let mut directs = DirectLists::with_capacity(app, rows.directs.len());
    rows.directs.iter().for_each(|(pair, message)| directs.push(pair, message));
    tables::put(tx, &statements::INSERT_DIRECT, &directs).await?;
    let days: BTreeSet<_> =
        rows.directs.iter().map(|(pair, message)| (*pair, day(message.key.sent))).collect();
    let mut lists = DirectDayLists::with_capacity(app, days.len());
    days.into_iter().for_each(|(pair, day)| lists.push(pair, day));
    tables::put(tx, &statements::INSERT_DIRECT_DAYS, &lists).await
}

/// Writes parts and messages, and the days on which conversations have messages.
async fn write_parts_and_messages(tx: &Tx, app: AppId, rows: &AppRows<'_>) -> Result<(), Failure> {
    let mut parts = PartLists::with_capacity(app, rows.parts.len());
    rows.parts.iter().for_each(|(group, key, part)| parts.push(group, key, part));
    tables::put(tx, &statements::PUT_PARTS, &parts).await?;
    let mut messages = MessageLists::with_capacity(app, rows.messages.len());
    rows.messages.iter().for_each(|(group, place, message)| messages.push(group, place, message));
    tables::put(tx, &statements::INSERT_MESSAGES, &messages).await?;
    let days: BTreeSet<_> =
        rows.messages.iter().map(|(group, place, message)| (*group, *place, day(message.sent))).collect();
    let mut lists = DayLists::with_capacity(app, days.len());
    days.into_iter().for_each(|(group, place, day)| lists.push(group, place, day));
    tables::put(tx, &statements::INSERT_DAYS, &lists).await
}

/// Takes the mark away, and lets the planner look at the tables.
struct Finish;

#[async_trait]
impl Work for Finish {
    type Output = ();
    const DOING: &'static str = "finishing a copy";
    const KIND: Kind = Kind::Copy;

    async fn perform(&self, tx: &Tx) -> Result<(), Failure> {
        tx.begin(None, &[]).await?;
        tx.run(&statements::REMOVE_COPY_PROGRESS, &[]).await?;
        tx.run(&statements::ANALYZE, &[]).await?;
        Ok(())
    }
}
