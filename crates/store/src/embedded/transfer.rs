//! The embedded store as the source or the target of a copy.

use super::engine::Engine;
use super::engine_error::EngineError;
use super::existence::Existence;
use super::format::{self, OpenError};
use super::key_range::{EVERYTHING, only};
use super::keys::{self, PeopleKey, RowKey};
use super::message_pages;
use super::opening;
use super::people;
use super::people_records::{decode_direct, decode_fact};
use super::records::{self, GroupRow};
use super::rows::Rows as _;
use super::tx::Tx;
use crate::transfer::{BeginError, Indexed, Page, PageSize, Place, Progress, Row, Transfer, Undelivered};
use async_trait::async_trait;
use landfall_domain::error::StoreError;
use landfall_domain::group::Group;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::message::{Conversation, Message};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

/// A data directory that is copied from or into. It is in use while this lives, as if a server ran on it.
pub struct EmbeddedTransfer {
    name: String,
    engine: Arc<Engine>,
}

impl EmbeddedTransfer {
    /// Opens a directory to be copied from.
    ///
    /// # Errors
    /// There is no data directory, it cannot be opened for a server, or its outbox is not empty.
    pub fn source(dir: &Path) -> Result<Self, OpenError> {
        format::must_exist(dir)?;
        let engine = opening::open(dir)?;
        refuse_unfinished(dir, &engine)?;
        refuse_undelivered(dir, &engine)?;
        Self::new(dir, engine)
    }

    /// Opens a directory to be copied into, or creates it.
    ///
    /// # Errors
    /// Another process has it open, it was written by a newer version, or it cannot be read.
    pub fn target(dir: &Path) -> Result<Self, OpenError> {
        Self::new(dir, opening::open(dir)?)
    }

    fn new(dir: &Path, engine: Engine) -> Result<Self, OpenError> {
        let path = dir.canonicalize().map_err(|cause| OpenError::Io { dir: dir.to_owned(), cause })?;
        Ok(Self { name: Self::name_of(&path), engine: Arc::new(engine) })
    }

    /// The name of the store in the directory at the absolute path `path`.
    #[must_use]
    pub fn name_of(path: &Path) -> String {
        format!("embedded:{}", path.display())
    }

    /// The engine blocks, so its work leaves the async threads.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let engine = Arc::clone(&self.engine);
        tokio::task::spawn_blocking(move || work(&engine))
            .await
            .map_err(|panicked| StoreError::failed("a step of the copy broke off", &panicked))?
    }
}

/// An error when the store is the target of a copy that is not finished: it may hold half of what it should.
pub(super) fn refuse_unfinished(dir: &Path, engine: &Engine) -> Result<(), OpenError> {
    match progress(engine) {
        Ok(None) => Ok(()),
        Ok(Some(progress)) => Err(OpenError::Unfinished { dir: dir.to_owned(), of: progress.source }),
        Err(error) => Err(OpenError::Damaged { dir: dir.to_owned(), why: error.to_string() }),
    }
}

/// An error when the outbox is not empty: a copy would leave its entries behind.
fn refuse_undelivered(dir: &Path, engine: &Engine) -> Result<(), OpenError> {
    let count = |start: [u8; 1]| {
        let mut rows = 0;
        for entry in engine.data.prefix(start) {
            let unreadable =
                |cause| OpenError::Engine { dir: dir.to_owned(), why: EngineError::from(cause).to_string() };
            entry.key().map_err(unreadable)?;
            rows += 1;
        }
        Ok(rows)
    };
    match Undelivered::of(count(keys::ALL_LANES)?, count(keys::ALL_DEAD)?) {
        Some(what) => Err(OpenError::Undelivered { dir: dir.to_owned(), what }),
        None => Ok(()),
    }
}

#[async_trait]
impl Transfer for EmbeddedTransfer {
    fn name(&self) -> &str {
        &self.name
    }

    async fn read(&self, after: Option<&Place>, size: PageSize) -> Result<Option<Page>, StoreError> {
        let after = after.cloned();
        self.work(move |engine| page(engine, after, size)).await
    }

    async fn rows(&self) -> Result<u64, StoreError> {
        self.work(count).await
    }

    async fn indexed(&self) -> Result<BTreeMap<AppId, Indexed>, StoreError> {
        self.work(indexed).await
    }

    async fn begin(&self, source: &str) -> Result<Progress, BeginError> {
        let started = Progress { source: source.to_owned(), place: None, rows: 0 };
        let found = self.work(move |engine| begin(engine, started)).await?;
        match found {
            Some(progress) if progress.source == source => Ok(progress),
            Some(progress) => Err(BeginError::OtherSource(progress.source)),
            None => Err(BeginError::Occupied),
        }
    }

    async fn write(&self, rows: Vec<Row>, progress: &Progress) -> Result<(), StoreError> {
        let progress = progress.clone();
        self.work(move |engine| write(engine, rows, Some(&progress))).await
    }

    async fn finish(&self) -> Result<(), StoreError> {
        self.work(|engine| write(engine, Vec::new(), None)).await
    }
}

/// The progress of the copy into this store; `None` when no copy is running.
fn progress(engine: &Engine) -> Result<Option<Progress>, StoreError> {
    let unreadable = engine.unreadable("reading the progress of the copy", only(&keys::PROGRESS));
    match engine.data.get(keys::PROGRESS).map_err(unreadable)? {
        Some(value) => Ok(Some(records::decode_progress(&value)?)),
        None => Ok(None),
    }
}

/// The stored progress; that of a copy just `started` when the store is empty.
fn begin(engine: &Engine, started: Progress) -> Result<Option<Progress>, StoreError> {
    if let Some(progress) = progress(engine)? {
        return Ok(Some(progress));
    }
    if !engine.data.is_empty().map_err(engine.unreadable("looking whether the store is empty", EVERYTHING))? {
        return Ok(None);
    }
    write(engine, Vec::new(), Some(&started))?;
    Ok(Some(started))
}

/// Writes one batch. Without `progress` the copy is finished.
fn write(engine: &Engine, rows: Vec<Row>, progress: Option<&Progress>) -> Result<(), StoreError> {
    let existence = Existence::unknown();
    let mut tx = Tx::new(engine, &existence);
    let mut last_group = None;
    let mut messages = Vec::new();
    for row in rows {
        put(&mut tx, row, &mut last_group, &mut messages)?;
    }
    for of_group in messages.chunk_by(|one, next| (one.0, &one.1) == (next.0, &next.1)) {
        if let Some((app, group, _)) = of_group.first() {
            let messages: Vec<_> = of_group.iter().map(|(_, _, message)| message.clone()).collect();
            let pages = message_pages::pages(&tx, *app, group, &[], &messages)?;
            pages.into_iter().for_each(|(key, page)| tx.put_row(key, page));
            message_pages::record_days(*app, group, None, &messages, |key| tx.put_row(key, Vec::new()));
        }
    }
    tx.put_progress(progress);
    // A copy removes nothing, so no removal is left to finish.
    tx.commit().map(drop)
}

/// A message and the group it was sent to.
type GroupMessage = (AppId, GroupId, (Conversation, Message));

/// Writes a row, but leaves messages to be written together with those that follow. `last_group` is the group of the
/// row before, so that it is not read again for each of its members.
fn put(
    tx: &mut Tx<'_>,
    row: Row,
    last_group: &mut Option<(AppId, Group)>,
    messages: &mut Vec<GroupMessage>,
) -> Result<(), StoreError> {
    match row {
        Row::Account { app, id, account } => tx.put_account(app, &id, &account),
        Row::Kick { app, id, from } => tx.put_left_behind(app, &id, from),
        Row::Origin { app, group, provenance } => tx.put_provenance(app, &group, &provenance),
        Row::Group { app, group, owner } => {
            let counters = tx.counters(app)?;
            // The copy does not know later positions, of groups that were dissolved.
            counters.last_position = counters.last_position.max(group.list_position);
            counters.groups[usize::from(group.kind.code())] += 1;
            let row = GroupRow { group: *group, owner };
            tx.put_group(app, &row);
            tx.put_listed(app, &row.group);
            if let Some(owner) = &row.owner {
                tx.put_joined(app, &row.group, &owner.account);
            }
            *last_group = Some((app, row.group));
        }
        Row::Member { app, group, member } => {
            if last_group.as_ref().is_none_or(|(of, last)| *of != app || last.id != group) {
                *last_group = tx.group_row(app, &group)?.map(|row| (app, row.group));
            }
            let (_, group) = last_group.as_ref().ok_or(records::Damaged("group of a member"))?;
            tx.put_member(app, group, &member);
        }
        Row::Part { app, group, key, part } => tx.put_part(app, &group, &key, Some(&part)),
        Row::Fact { app, subject, key, fact } => people::put_fact(tx, app, &subject, &key, Some(&fact)),
        Row::Direct { app, pair, message } => people::put_copied(tx, app, &pair, &message),
        Row::Message { app, group, conversation, message } => {
            messages.push((app, group, (conversation, *message)));
        }
    }
    Ok(())
}

/// Rows in the order of their keys, in which a group's members follow it.
fn page(engine: &Engine, after: Option<Place>, size: PageSize) -> Result<Option<Page>, StoreError> {
    let start = match after {
        // The engine takes no range that ends before it starts.
        Some(place) if keys::ROWS.end.as_slice() <= place.0.as_slice() => return Ok(None),
        Some(place) => Bound::Excluded(place.0),
        None => Bound::Included(keys::ROWS.start.to_vec()),
    };
    let (mut rows, mut bytes, mut last) = (Vec::new(), 0, None);
    for entry in engine.data.range((start, Bound::Excluded(keys::ROWS.end.to_vec()))) {
        let unreadable = engine.unreadable("reading rows to copy", EVERYTHING);
        let (key, value) = entry.into_inner().map_err(unreadable)?;
        if keys::is_counters(&key) {
            continue; // Counted again from the groups.
        }
        rows_of(&key, &value, &mut rows)?;
        bytes += key.len() + value.len();
        last = Some(key);
        if size.rows <= rows.len() || size.bytes <= bytes {
            break;
        }
    }
    Ok(last.map(|key| Page { rows, place: Place(key.to_vec()) }))
}

fn rows_of(key: &[u8], value: &[u8], rows: &mut Vec<Row>) -> Result<(), records::Damaged> {
    rows.push(match RowKey::parse(key).ok_or(records::Damaged("key"))? {
        RowKey::Account(app, id) => Row::Account { app, id, account: records::decode_account(value)? },
        RowKey::LeftBehind(app, id) => Row::Kick { app, id, from: records::decode_left_behind(value)? },
        RowKey::Origin(app, group) => {
            Row::Origin { app, group, provenance: Box::new(records::decode_origin(value)?) }
        }
        RowKey::Group(app, id) => {
            let GroupRow { group, owner } = records::decode_group(id, value)?;
            Row::Group { app, group: Box::new(group), owner }
        }
        RowKey::Member(app, group, account) => {
            Row::Member { app, group, member: records::decode_member(account.as_str().as_bytes(), value)? }
        }
        RowKey::Part(app, group, key) => {
            let part = Box::new(records::decode_part(&key, value)?);
            Row::Part { app, group, key, part }
        }
        RowKey::People(PeopleKey::Fact(app, subject, key)) => {
            let fact = Box::new(decode_fact(&key, value)?);
            Row::Fact { app, subject, key, fact }
        }
        RowKey::People(PeopleKey::Direct(app, pair, seq)) => {
            Row::Direct { app, pair, message: Box::new(decode_direct(seq, value)?) }
        }
        RowKey::Messages(app, group, conversation, page) => {
            let messages = records::read_page(page, value)?.into_iter().map(Box::new);
            rows.extend(messages.map(|message| Row::Message {
                app,
                group: group.clone(),
                conversation: conversation.clone(),
                message,
            }));
            return Ok(());
        }
    });
    Ok(())
}

fn count(engine: &Engine) -> Result<u64, StoreError> {
    let mut rows = 0;
    for entry in engine.data.range(keys::ROWS) {
        let (key, value) = entry.into_inner().map_err(engine.unreadable("counting the rows", EVERYTHING))?;
        rows += if keys::is_messages(&key) {
            records::count_messages(&value)?
        } else {
            u64::from(!keys::is_counters(&key))
        };
    }
    Ok(rows)
}

fn indexed(engine: &Engine) -> Result<BTreeMap<AppId, Indexed>, StoreError> {
    let mut apps: BTreeMap<AppId, Indexed> = BTreeMap::new();
    let app = |key: &[u8]| keys::app(key).ok_or(records::Damaged("key"));
    for entry in engine.data.prefix(keys::ALL_COUNTERS) {
        let (key, value) =
            entry.into_inner().map_err(engine.unreadable("reading the counters", EVERYTHING))?;
        // Counted by `GroupType::code`, which is the order of `GroupType::ALL`.
        apps.entry(app(&key)?).or_default().totals = records::decode_counters(&value)?.groups;
    }
    for entry in engine.data.prefix(keys::ALL_LISTED) {
        let key = entry.key().map_err(engine.unreadable("reading the list of groups", EVERYTHING))?;
        let indexed = apps.entry(app(&key)?).or_default();
        indexed.listed += 1;
        indexed.last_position = keys::list_position(&key).ok_or(records::Damaged("key"))?;
    }
    for entry in engine.data.prefix(keys::ALL_JOINED) {
        let key =
            entry.key().map_err(engine.unreadable("reading the memberships of accounts", EVERYTHING))?;
        apps.entry(app(&key)?).or_default().joined += 1;
    }
    Ok(apps)
}
