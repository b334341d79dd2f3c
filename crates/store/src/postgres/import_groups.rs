//! Importing and creating groups: all that wait together are one transaction of a handful of statements.

use super::batcher::Batch;
use super::database::{Database, Kind, Tx, Work};
use super::failure::{Failure, first_failure};
use super::layout::Layout;
use super::list_positions::ListPositions;
use super::outbox::NewEntries;
use super::reach::Keys;
use super::rows::{CountLists, NewMembers};
use super::statements;
use super::tables;
use async_trait::async_trait;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::context::Context;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::new_group::{self, CreatedGroup, IdChoice, NewGroup, NewGroupRefusal};
use landfall_domain::outbox::{OutboxEntry, entries_of_created};
use landfall_domain::subscribers::Subscribers;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;

/// One group to make.
pub(super) struct Request {
    context: Context,
    import: NewGroup,
    /// Subscribers of the group's creation. Nothing outside this file can give an import any.
    subscribers: Option<Arc<dyn Subscribers>>,
}

impl Request {
    /// A group that is imported, silently.
    pub(super) fn import(context: Context, import: NewGroup) -> Self {
        Self { context, import, subscribers: None }
    }

    /// A group that is created.
    pub(super) fn create(context: Context, new: NewGroup, subscribers: Arc<dyn Subscribers>) -> Self {
        Self { context, import: new, subscribers: Some(subscribers) }
    }

    /// The id that the app chose.
    pub(super) fn id(&self) -> Option<&GroupId> {
        match &self.import.id {
            IdChoice::Given(id) => Some(id),
            IdChoice::Generated(_) => None,
        }
    }

    pub(super) fn app(&self) -> AppId {
        self.context.app
    }

    /// The group, where the app chose its id, and the accounts that become its members.
    fn keys(&self) -> Keys<'_> {
        let named = self.import.owner.iter().chain(self.import.members.iter().map(|member| &member.account));
        Keys {
            groups: self.id().map(GroupId::as_str).into_iter().collect(),
            accounts: named.map(UserId::as_str).collect(),
        }
    }

    /// The outbox entries of the group that was made of it.
    fn entries(&self, made: &CreatedGroup) -> Vec<OutboxEntry> {
        self.subscribers
            .as_deref()
            .map(|subscribers| entries_of_created(subscribers, made))
            .unwrap_or_default()
    }
}

pub(super) type Reply = Result<GroupId, NewGroupRefusal>;

/// Imports groups.
pub(super) struct ImportGroups {
    pub(super) database: Database,
    pub(super) positions: Arc<ListPositions>,
}

#[async_trait]
impl Batch for ImportGroups {
    type Request = Request;
    type Reply = Reply;
    const DOING: &'static str = "importing groups";

    fn weight(request: &Request) -> usize {
        4 + 2 * request.import.members.len() + 2 * usize::from(request.subscribers.is_some())
    }

    async fn out_of_reach(&self, requests: &[Request]) -> Result<Vec<bool>, Failure> {
        self.database.out_of_reach(requests.iter().map(Request::keys).collect()).await
    }

    async fn perform(&self, app: AppId, requests: &[Request]) -> Result<Vec<Reply>, Failure> {
        // Those that turn out to be taken leave their positions unused.
        let first = self.positions.take(&self.database, app, requests.len() as u64).await?;
        self.database.perform(&Transaction { app, requests, first_position: first }).await
    }
}

struct Transaction<'requests> {
    app: AppId,
    requests: &'requests [Request],
    /// Of the first request; the others follow.
    first_position: u64,
}

/// A group that has no reply yet.
struct Unfinished {
    /// Which of the requests.
    index: usize,
    /// How many ids were tried.
    attempt: u64,
}

#[async_trait]
impl Work for Transaction<'_> {
    type Output = Vec<Reply>;
    const DOING: &'static str = ImportGroups::DOING;
    const KIND: Kind = Kind::Write;

    async fn perform(&self, tx: &Tx) -> Result<Vec<Reply>, Failure> {
        if self.requests.iter().any(|request| request.context.unknown == UnknownAccounts::Refuse) {
            tx.begin(Some(self.app), &[]).await?;
        } else {
            tx.begin_inserting(self.app).await?;
        }
        let mut replies: Vec<Option<Reply>> = self.requests.iter().map(|_| None).collect();
        let mut made = Vec::with_capacity(self.requests.len());
        let mut unfinished: Vec<Unfinished> =
            (0..self.requests.len()).map(|index| Unfinished { index, attempt: 0 }).collect();
        // More than one round only when a generated id is taken.
        while !unfinished.is_empty() {
            unfinished = self.round(tx, unfinished, &mut replies, &mut made).await?;
        }
        if !made.is_empty() {
            self.write_members(tx, &made).await?;
        }
        let replies = replies.into_iter().map(|reply| reply.unwrap_or(Err(NewGroupRefusal::IdTaken)));
        Ok(replies.collect())
    }
}

impl Transaction<'_> {
    /// Tries one id for each unfinished group. Those whose id was taken, and have another to try, come back.
    async fn round(
        &self,
        tx: &Tx,
        unfinished: Vec<Unfinished>,
        replies: &mut [Option<Reply>],
        made: &mut Vec<(usize, CreatedGroup)>,
    ) -> Result<Vec<Unfinished>, Failure> {
        let mut tried: Vec<(Unfinished, GroupId)> = Vec::with_capacity(unfinished.len());
        for Unfinished { index, attempt } in unfinished {
            let import = &self.requests[index].import;
            match import.id.candidate(import.kind, attempt) {
                Some(id) => tried.push((Unfinished { index, attempt: attempt + 1 }, id)),
                None => replies[index] = Some(Err(NewGroupRefusal::IdTaken)),
            }
        }
        // Writers of several servers that want the same ids take them in the same order.
        tried.sort_by(|(_, one), (_, other)| one.cmp(other));
        let preloaded = self.preload(tx, &tried).await?;
        let mut again = Vec::new();
        let mut imported = Vec::with_capacity(tried.len());
        for (unfinished, id) in tried {
            if preloaded.taken.contains(&id) {
                again.push(unfinished);
                continue;
            }
            let Request { context, import, .. } = &self.requests[unfinished.index];
            let position = self.first_position + unfinished.index as u64;
            let is_known = |account: &UserId| Ok::<_, Infallible>(preloaded.accounts.contains(account));
            let Ok(result) =
                new_group::new_group(import.clone(), id, position, context.unknown, context.now, is_known);
            match result {
                Ok(group) => imported.push((unfinished, group)),
                Err(refusal) => replies[unfinished.index] = Some(Err(refusal)),
            }
        }
        let won = self.insert(tx, &imported).await?;
        for (unfinished, group) in imported {
            if won.contains(&group.group.list_position) {
                replies[unfinished.index] = Some(Ok(group.group.id.clone()));
                made.push((unfinished.index, group));
            } else {
                again.push(unfinished);
            }
        }
        Ok(again)
    }

    /// Loads what an import that refuses unknown accounts needs before anything is written. The others find out by
    /// writing, which saves them the query.
    async fn preload(&self, tx: &Tx, tried: &[(Unfinished, GroupId)]) -> Result<Preloaded, Failure> {
        let mut names = BTreeSet::new();
        let mut ids = Vec::new();
        for (unfinished, id) in tried {
            let Request { context, import, .. } = &self.requests[unfinished.index];
            if context.unknown == UnknownAccounts::Refuse {
                ids.push(id);
                names.extend(import.owner.iter().chain(import.members.iter().map(|member| &member.account)));
            }
        }
        if ids.is_empty() {
            return Ok(Preloaded::default());
        }
        Ok(Preloaded {
            taken: tables::taken_groups(tx, self.app, &ids).await?,
            accounts: tables::known_accounts(tx, self.app, names).await?,
        })
    }

    /// Writes groups whose id is free; returns the list positions of those that were written.
    async fn insert(
        &self,
        tx: &Tx,
        imported: &[(Unfinished, CreatedGroup)],
    ) -> Result<BTreeSet<u64>, Failure> {
        tables::insert_groups(tx, self.app, imported.iter().map(|(_, made)| &made.group)).await
    }

    /// Writes the members of new groups, seen from both sides, the accounts they need, the app's figures, and the outbox
    /// entries.
    async fn write_members(&self, tx: &Tx, made: &[(usize, CreatedGroup)]) -> Result<(), Failure> {
        let mut new = NewMembers::with_capacity(self.app, made.len());
        for (_, CreatedGroup { group, members, .. }) in made {
            members.iter().for_each(|member| new.push(group, member));
        }
        let placeholders = tables::placeholders(
            self.app,
            made.iter().flat_map(|(index, made)| {
                let now = self.requests[*index].context.now;
                made.placeholders.iter().map(move |account| (account, now))
            }),
        );
        let counts = CountLists::of(self.app, made.iter().map(|(_, made)| (made.group.kind, 1)));
        let entries: Vec<Vec<OutboxEntry>> =
            made.iter().map(|(index, made)| self.requests[*index].entries(made)).collect();
        let mut new_entries = NewEntries::new(self.app);
        for ((index, made), entries) in made.iter().zip(&entries) {
            let now = self.requests[*index].context.now;
            entries.iter().for_each(|entry| new_entries.push(made.group.id.as_str(), now, entry.as_bytes()));
        }
        if tx.layout() == Layout::Spread {
            // Before accounts are read, so that they can be copied.
            tables::insert_members(tx, &new).await?;
            new = NewMembers::with_capacity(self.app, 0);
        }
        let (accounts, members, counted, appended) = futures_util::join!(
            tables::put_placeholders(tx, self.app, placeholders),
            tables::insert_members(tx, &new),
            tables::put(tx, &statements::COUNT_GROUPS, &counts),
            new_entries.append(tx),
        );
        first_failure([accounts, members, counted, appended])
    }
}

/// State read before the rules are applied.
#[derive(Default)]
struct Preloaded {
    taken: BTreeSet<GroupId>,
    accounts: BTreeSet<UserId>,
}
