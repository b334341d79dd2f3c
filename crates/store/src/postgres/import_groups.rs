//! Making groups, imported or created: all that wait together are one transaction of a handful of statements.

use super::batcher::Batch;
use super::columns::{Lists as _, read_all};
use super::database::{Database, Failure, Kind, Tx, Work};
use super::list_positions::Positions;
use super::outbox::NewEntries;
use super::rows::{CountLists, GroupLists, NewMembers};
use super::statements;
use super::tables;
use async_trait::async_trait;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::event::Subscribers;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::new_group::{self, CreatedGroup, NewGroup, NewGroupRefusal};
use landfall_domain::outbox::{OutboxEntry, entries_of_created};
use landfall_domain::store::Context;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;

/// One group to make.
pub(super) struct Ask {
    context: Context,
    import: NewGroup,
    /// Who is told of it. Nothing outside this file can give an import any.
    subscribers: Option<Arc<dyn Subscribers>>,
}

impl Ask {
    /// A group that moves in: nobody is told.
    pub(super) fn import(context: Context, import: NewGroup) -> Self {
        Self { context, import, subscribers: None }
    }

    /// A group that is made now.
    pub(super) fn create(context: Context, new: NewGroup, subscribers: Arc<dyn Subscribers>) -> Self {
        Self { context, import: new, subscribers: Some(subscribers) }
    }

    pub(super) fn app(&self) -> AppId {
        self.context.app
    }

    /// What is told of the group that was made of it.
    fn notes(&self, made: &CreatedGroup) -> Vec<OutboxEntry> {
        self.subscribers
            .as_deref()
            .map(|subscribers| entries_of_created(subscribers, made))
            .unwrap_or_default()
    }
}

/// What becomes of it.
pub(super) type Answer = Result<GroupId, NewGroupRefusal>;

/// Imports groups.
pub(super) struct ImportGroups {
    pub(super) database: Database,
    pub(super) positions: Positions,
}

#[async_trait]
impl Batch for ImportGroups {
    type Ask = Ask;
    type Answer = Answer;
    const DOING: &'static str = "importing groups";

    fn weight(ask: &Ask) -> usize {
        4 + 2 * ask.import.members.len() + 2 * usize::from(ask.subscribers.is_some())
    }

    async fn perform(&self, app: AppId, asks: &[Ask]) -> Result<Vec<Answer>, Failure> {
        // Those that turn out to be taken leave their positions unused.
        let first = self.positions.take(&self.database, app, asks.len() as u64).await?;
        self.database.perform(&Transaction { app, asks, first_position: first }).await
    }
}

struct Transaction<'asks> {
    app: AppId,
    asks: &'asks [Ask],
    /// Of the first ask; the others follow.
    first_position: u64,
}

/// An import that has no answer yet.
struct Open {
    /// Which of the asks.
    index: usize,
    /// How many ids were tried.
    attempt: u64,
}

#[async_trait]
impl Work for Transaction<'_> {
    type Done = Vec<Answer>;
    const DOING: &'static str = ImportGroups::DOING;
    const KIND: Kind = Kind::Write;

    async fn perform(&self, tx: &Tx) -> Result<Vec<Answer>, Failure> {
        if self.asks.iter().any(|ask| ask.context.unknown == UnknownAccounts::Refuse) {
            tx.begin(Some(self.app), &[]).await?;
        } else {
            tx.begin_inserting(self.app).await?;
        }
        let mut answers: Vec<Option<Answer>> = self.asks.iter().map(|_| None).collect();
        let mut made = Vec::with_capacity(self.asks.len());
        let mut open: Vec<Open> = (0..self.asks.len()).map(|index| Open { index, attempt: 0 }).collect();
        // More than one round only when a generated id is taken.
        while !open.is_empty() {
            open = self.round(tx, open, &mut answers, &mut made).await?;
        }
        if !made.is_empty() {
            self.write_members(tx, &made).await?;
        }
        let answers = answers.into_iter().map(|answer| answer.unwrap_or(Err(NewGroupRefusal::IdTaken)));
        Ok(answers.collect())
    }
}

impl Transaction<'_> {
    /// Tries one id for each open import. Those whose id was taken, and have another to try, come back.
    async fn round(
        &self,
        tx: &Tx,
        open: Vec<Open>,
        answers: &mut [Option<Answer>],
        made: &mut Vec<(usize, CreatedGroup)>,
    ) -> Result<Vec<Open>, Failure> {
        let mut tried: Vec<(Open, GroupId)> = Vec::with_capacity(open.len());
        for Open { index, attempt } in open {
            let import = &self.asks[index].import;
            match import.id.candidate(import.kind, attempt) {
                Some(id) => tried.push((Open { index, attempt: attempt + 1 }, id)),
                None => answers[index] = Some(Err(NewGroupRefusal::IdTaken)),
            }
        }
        // Writers of several servers that want the same ids take them in the same order.
        tried.sort_by(|(_, one), (_, other)| one.cmp(other));
        let known = self.known_beforehand(tx, &tried).await?;
        let mut again = Vec::new();
        let mut imported = Vec::with_capacity(tried.len());
        for (open, id) in tried {
            if known.taken.contains(&id) {
                again.push(open);
                continue;
            }
            let Ask { context, import, .. } = &self.asks[open.index];
            let position = self.first_position + open.index as u64;
            let is_known = |account: &UserId| Ok::<_, Infallible>(known.accounts.contains(account));
            let Ok(result) =
                new_group::new_group(import.clone(), id, position, context.unknown, context.now, is_known);
            match result {
                Ok(group) => imported.push((open, group)),
                Err(refusal) => answers[open.index] = Some(Err(refusal)),
            }
        }
        let won = self.insert(tx, &imported).await?;
        for (open, group) in imported {
            if won.contains(&group.group.list_position) {
                answers[open.index] = Some(Ok(group.group.id.clone()));
                made.push((open.index, group));
            } else {
                again.push(open);
            }
        }
        Ok(again)
    }

    /// What an import that refuses unknown accounts has to know before anything is written. The others find out by
    /// writing, which spares them the question.
    async fn known_beforehand(&self, tx: &Tx, tried: &[(Open, GroupId)]) -> Result<Known, Failure> {
        let mut names = BTreeSet::new();
        let mut ids = Vec::new();
        for (open, id) in tried {
            let Ask { context, import, .. } = &self.asks[open.index];
            if context.unknown == UnknownAccounts::Refuse {
                ids.push(id);
                names.extend(import.owner.iter().chain(import.members.iter().map(|member| &member.account)));
            }
        }
        if ids.is_empty() {
            return Ok(Known::default());
        }
        Ok(Known {
            taken: tables::taken_groups(tx, self.app, &ids).await?,
            accounts: tables::known_accounts(tx, self.app, names).await?,
        })
    }

    /// Writes groups whose id is free; the list positions of those that were written come out.
    async fn insert(&self, tx: &Tx, imported: &[(Open, CreatedGroup)]) -> Result<BTreeSet<u64>, Failure> {
        if imported.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut groups = GroupLists::with_capacity(self.app, imported.len());
        imported.iter().for_each(|(_, imported)| groups.push(&imported.group));
        let rows = tx.query(&statements::INSERT_GROUPS, &groups.parameters()).await?;
        read_all(&rows)
    }

    /// Members of groups that were just made, their other side, the accounts they need, the app's figures, and what is
    /// told of them.
    async fn write_members(&self, tx: &Tx, made: &[(usize, CreatedGroup)]) -> Result<(), Failure> {
        let mut new = NewMembers::with_capacity(self.app, made.len());
        for (_, CreatedGroup { group, members, .. }) in made {
            members.iter().for_each(|member| new.push(group, member));
        }
        let placeholders = tables::placeholders(
            self.app,
            made.iter().flat_map(|(index, made)| {
                let now = self.asks[*index].context.now;
                made.placeholders.iter().map(move |account| (account, now))
            }),
        );
        let counts = CountLists::of(self.app, made.iter().map(|(_, made)| (made.group.kind, 1)));
        let counts = counts.parameters();
        let told: Vec<Vec<OutboxEntry>> =
            made.iter().map(|(index, made)| self.asks[*index].notes(made)).collect();
        let mut notes = NewEntries::new(self.app);
        for ((index, made), told) in made.iter().zip(&told) {
            let now = self.asks[*index].context.now;
            told.iter().for_each(|note| notes.push(made.group.id.as_str(), now, note.as_bytes()));
        }
        let (accounts, members, counted, appended) = futures_util::join!(
            tables::put(tx, &statements::INSERT_PLACEHOLDERS, &placeholders),
            tables::insert_members(tx, &new),
            tx.run(&statements::COUNT_GROUPS, &counts),
            notes.append(tx),
        );
        accounts?;
        members?;
        counted?;
        appended
    }
}

/// What was read before the rules were asked.
#[derive(Default)]
struct Known {
    taken: BTreeSet<GroupId>,
    accounts: BTreeSet<UserId>,
}
