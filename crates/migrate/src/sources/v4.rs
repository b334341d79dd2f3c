//! A running server that speaks the v4 API, pulled by its calls.
//!
//! Every record has `src` `v4:APP`. The `key` of a message between two accounts is its `MsgKey`, that of a friend
//! `ACCOUNT:FRIEND`, that of an entry of a blocklist `ACCOUNT:OTHER`. The `key` of a group, topic or account is its id, that of a member `GROUP:ACCOUNT`, that
//! of a message `GROUP:MsgSeq` or `TOPIC:MsgSeq`. A message that carries the record that it was imported from is that one, and
//! so is everything in a group that a job of Landfall brought in.
//!
//! [choice] A pull writes how far a member has read only where it has unread messages: an import leaves everybody with none.
//! Counts leave out deleted messages and tips, which do not come along.

mod accounts;
mod convert;
mod group;
mod names;
mod people;
mod report;

pub use report::{Named, PullReport};

use crate::format::Record;
use crate::reading::{GROUPS_PER_CALL, GroupRow, Reading, group_refusal, is_gone};
use crate::server::{CallError, Server};
use accounts::Accounts;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use names::Names;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Groups that are read at the same time.
const GROUPS_AT_ONCE: usize = 8;
/// Calls for profiles of groups that are followed up at the same time.
const BATCHES_AT_ONCE: usize = 2;

/// Takes records, in any order.
pub type Sink<'a> = dyn FnMut(Record) -> io::Result<()> + Send + 'a;

/// Why a pull ended before everything was read.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("a record cannot be written")]
    Write(#[from] io::Error),
}

/// Reads all groups of a server, and hands their records to `sink` as they come.
///
/// Memory holds a few pages of messages and the members of a few groups, whatever the server has; and 16 bytes for each
/// account and run of deleted messages.
///
/// # Errors
/// The server refuses or does not answer for a minute, or `sink` fails. What was handed out until then is right.
pub async fn pull(server: &Server, sink: &mut Sink<'_>) -> Result<PullReport, PullError> {
    let is_landfall = server.limits().await?.landfall.is_some();
    let (reading, src) = (Reading::new(server), format!("v4:{}", server.app()));
    let puller = Puller { reading, src, is_landfall, state: Mutex::new(State::new(sink)) };
    let mut next = Some(0);
    while let Some(from) = next {
        let page = puller.reading.group_ids(from).await?;
        let mut seen = BTreeSet::new();
        let ids: Vec<_> = page.ids.into_iter().filter(|id| seen.insert(id.clone())).collect();
        stream::iter(ids.chunks(GROUPS_PER_CALL))
            .map(|ids| puller.groups(ids))
            .buffer_unordered(BATCHES_AT_ONCE)
            .try_collect::<()>()
            .await?;
        next = page.next;
    }
    puller.list_accounts().await?;
    puller.people().await?;
    Ok(puller.state.into_inner().unwrap_or_else(PoisonError::into_inner).report)
}

struct Puller<'a, 'b> {
    reading: Reading<'a>,
    src: String,
    /// Whether the server can say what its API has no call for.
    is_landfall: bool,
    state: Mutex<State<'b>>,
}

struct State<'b> {
    sink: &'b mut Sink<'b>,
    report: PullReport,
    accounts: Accounts,
    /// Custom fields of groups that were seen, for groups that are too large to be read whole.
    fields: BTreeSet<String>,
}

impl<'b> State<'b> {
    fn new(sink: &'b mut Sink<'b>) -> Self {
        Self { sink, report: PullReport::default(), accounts: Accounts::default(), fields: BTreeSet::new() }
    }
}

impl<'b> Puller<'_, 'b> {
    fn state(&self) -> MutexGuard<'_, State<'b>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the groups of one call, and looks at the end whether they have changed.
    async fn groups(&self, ids: &[String]) -> Result<(), PullError> {
        let fields: Vec<_> = self.state().fields.iter().cloned().collect();
        let rows = self.reading.whole_groups(ids, &fields).await?;
        let (there, gone): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.error_code == 0);
        for row in gone {
            let report = &mut self.state().report;
            match row.refusal() {
                Some(refusal) => report.refused.add(&format!("{}: {refusal}", row.group_id)),
                None => report.gone.add(&row.group_id),
            }
        }
        let before: Vec<_> = there.iter().map(Stand::of).collect();
        let ids: Vec<_> = before.iter().map(|stand| stand.group_id.clone()).collect();
        let named = self.named(&ids, there).await?;
        stream::iter(named)
            .map(|(row, names)| self.group_or_refusal(row, names))
            .buffer_unordered(GROUPS_AT_ONCE)
            .try_collect::<()>()
            .await?;
        let after = self.reading.profiles(&ids, &[]).await?;
        for (before, after) in before.iter().zip(&after) {
            if *before != Stand::of(after) {
                self.state().report.changed.add(&before.group_id);
            }
        }
        Ok(())
    }

    /// The groups with what their records are called, and with what only Landfall says of them.
    async fn named(
        &self,
        ids: &[String],
        mut rows: Vec<GroupRow>,
    ) -> Result<Vec<(GroupRow, Names)>, PullError> {
        let mut origins = BTreeMap::new();
        if self.is_landfall {
            origins = self.reading.origins(ids).await?.unwrap_or_default();
            // Groups with their members come without it.
            for (row, profile) in rows.iter_mut().zip(self.reading.profiles(ids, &[]).await?) {
                row.history_msg_before_join = profile.history_msg_before_join;
            }
        }
        let named = rows.into_iter().map(|row| {
            let origin = origins.remove(&row.group_id);
            (row, Names { src: self.src.clone(), origin })
        });
        Ok(named.collect())
    }

    /// A group that is dissolved or closed while it is read does not end the pull.
    async fn group_or_refusal(&self, row: GroupRow, names: Names) -> Result<(), PullError> {
        let id = row.group_id.clone();
        match self.group(row, &names).await {
            Err(PullError::Call(error)) => {
                let (code, text) = group_refusal(&error).ok_or(error)?;
                let report = &mut self.state().report;
                if is_gone(code) {
                    report.gone.add(&id);
                } else {
                    report.refused.add(&format!("{id}: {text}"));
                }
                Ok(())
            }
            read => read,
        }
    }

    /// Hands out the accounts that are waiting, if there are at least `least`.
    async fn accounts(&self, least: usize) -> Result<(), PullError> {
        loop {
            let waiting = self.state().accounts.take(least);
            if waiting.is_empty() {
                return Ok(());
            }
            let asks = self.state().accounts.profiles_are_given();
            let profiles = match (asks, self.is_landfall) {
                (true, true) => self.reading.imported_profiles(&waiting).await?,
                (true, false) => self.reading.account_profiles(&waiting).await?,
                (false, _) => None,
            };
            let mut state = self.state();
            let State { sink, report, accounts, .. } = &mut *state;
            for account in accounts.records(&self.src, waiting.clone(), profiles) {
                report.accounts += 1;
                sink(Record::Account(account))?;
            }
            report.without_profiles = !accounts.profiles_are_given();
            accounts.done(waiting);
        }
    }
}

/// What tells whether a group has changed while it was read.
#[derive(Debug, PartialEq)]
struct Stand {
    group_id: String,
    next_msg_seq: u32,
    last_info_time: u64,
    member_num: u32,
}

impl Stand {
    fn of(row: &GroupRow) -> Self {
        Self {
            group_id: row.group_id.clone(),
            next_msg_seq: row.next_msg_seq,
            last_info_time: row.last_info_time,
            member_num: row.member_num,
        }
    }
}
