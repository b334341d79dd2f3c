//! People: loading what an operation or a reader needs, and performing an operation in one transaction.

use super::columns::{Parameters, read_all};
use super::database::{Kind, Tx, Work};
use super::failure::Failure;
use super::locks;
use super::outbox::NewEntries;
use super::rows::{AccountLists, DirectDayLists, DirectLists, FactLists, FactNames, fact_name};
use super::statements;
use super::tables;
use super::values::{app_column, count, time_column};
use crate::messages::day;
use async_trait::async_trait;
use futures_util::future::try_join_all;
use landfall_domain::account::Account;
use landfall_domain::context::Context;
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::people::changes::PeopleChanges;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::message::{DirectMessage, DirectRange, MessageKey};
use landfall_domain::people::operation::{DynPeopleOperation, PeopleOutcome};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::people::{Pair, Subject};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// Performs an operation on people, alone with its subjects.
pub(super) struct ChangePeople {
    pub(super) context: Context,
    pub(super) operation: Arc<dyn DynPeopleOperation>,
}

#[async_trait]
impl Work for ChangePeople {
    type Output = ();
    const DOING: &'static str = "changing people";
    const KIND: Kind = Kind::Write;

    async fn perform(&self, tx: &Tx) -> Result<(), Failure> {
        let Self { context, operation } = self;
        let app = context.app;
        tx.begin(Some(app), &locks::subjects(app, &operation.subjects())).await?;
        let mut snapshot = PeopleSnapshot::default();
        load(tx, app, &operation.needs(context), &mut snapshot).await?;
        load(tx, app, &operation.then_needs(context, &snapshot), &mut snapshot).await?;
        let Some(PeopleOutcome { changes, outbox }) = operation.decide(context, snapshot) else {
            return Ok(());
        };
        let mut entries = NewEntries::new(app);
        outbox.iter().for_each(|(lane, entry)| entries.push(lane.name(), context.now, entry.as_bytes()));
        write(tx, context, &changes, &entries).await
    }
}

/// Reads what is needed of people.
pub(super) struct LoadPeople {
    pub(super) app: AppId,
    pub(super) needs: PeopleNeeds,
}

#[async_trait]
impl Work for LoadPeople {
    type Output = PeopleSnapshot;
    const DOING: &'static str = "reading people";
    const KIND: Kind = Kind::Read;

    async fn perform(&self, tx: &Tx) -> Result<PeopleSnapshot, Failure> {
        tx.begin(None, &[]).await?;
        let mut snapshot = PeopleSnapshot::default();
        load(tx, self.app, &self.needs, &mut snapshot).await?;
        Ok(snapshot)
    }
}

/// Adds what is needed to what was found.
async fn load(tx: &Tx, app: AppId, needs: &PeopleNeeds, found: &mut PeopleSnapshot) -> Result<(), Failure> {
    if *needs == PeopleNeeds::default() {
        return Ok(());
    }
    let reader = PeopleReader { tx, app: app_column(app) };
    // Sent one after the other without waiting for each other's answers.
    let (accounts, facts, ranges, counts, messages) = futures_util::try_join!(
        reader.accounts(app, &needs.accounts),
        reader.facts(&needs.facts),
        try_join_all(needs.ranges.iter().map(|range| reader.range(range))),
        try_join_all(needs.counts.iter().map(|(subject, family)| reader.count(subject, *family))),
        try_join_all(needs.messages.iter().map(|range| reader.messages(range))),
    )?;
    found.accounts.extend(accounts);
    found.facts.extend(facts.into_iter().chain(ranges.into_iter().flatten()));
    found.counts.extend(counts);
    for (range, messages) in needs.messages.iter().zip(messages) {
        if !messages.is_empty() {
            let of_pair = found.messages.entry(range.pair().clone()).or_default();
            of_pair.extend(messages.into_iter().map(|message| (message.seq, message)));
        }
    }
    Ok(())
}

type FoundFact = ((Subject, FactKey), Fact);

struct PeopleReader<'tx> {
    tx: &'tx Tx,
    app: i64,
}

impl PeopleReader<'_> {
    async fn accounts(&self, app: AppId, ids: &[UserId]) -> Result<BTreeMap<UserId, Account>, Failure> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        tables::accounts(self.tx, app, ids).await
    }

    /// Facts of one subject take one statement, and so does one fact of many subjects.
    async fn facts(&self, asked: &[(Subject, FactKey)]) -> Result<Vec<FoundFact>, Failure> {
        let mut by_subject: BTreeMap<(String, i16), Vec<String>> = BTreeMap::new();
        for (subject, key) in asked {
            let (kind, name) = fact_name(key);
            by_subject.entry((subject.to_string(), kind)).or_default().push(name);
        }
        let mut by_name: BTreeMap<(i16, String), Vec<String>> = BTreeMap::new();
        by_subject.retain(|(subject, kind), names| match names.as_mut_slice() {
            [name] => {
                by_name.entry((*kind, std::mem::take(name))).or_default().push(subject.clone());
                false
            }
            _ => true,
        });
        let of_subjects = by_subject.iter().map(async |((subject, kind), names)| {
            let (lowest, highest) = (names.iter().min(), names.iter().max());
            let parameters: Parameters<'_> = vec![&self.app, subject, kind, names, &lowest, &highest];
            self.tx.query(&statements::FACTS_NAMED, &parameters).await
        });
        let of_names = by_name.iter().map(async |((kind, name), subjects)| {
            self.tx.query(&statements::FACTS_OF_SUBJECTS, &[&self.app, subjects, kind, name]).await
        });
        let (one, other) = futures_util::try_join!(try_join_all(of_subjects), try_join_all(of_names))?;
        let mut found = Vec::with_capacity(asked.len());
        for rows in one.iter().chain(&other) {
            found.append(&mut facts_of(rows)?);
        }
        Ok(found)
    }

    async fn range(&self, range: &FactRange) -> Result<Vec<FoundFact>, Failure> {
        let names = FactNames::of_family(range.family);
        let FactNames { kind, from, to } = match &range.after {
            Some(key) => names.after(key),
            None => names,
        };
        let (subject, limit) = (range.subject.to_string(), count(range.limit));
        let parameters: Parameters<'_> = vec![&self.app, &subject, &kind, &from, &to, &limit];
        facts_of(&self.tx.query(&statements::FACT_RANGE, &parameters).await?)
    }

    async fn count(
        &self,
        subject: &Subject,
        family: FactFamily,
    ) -> Result<((Subject, FactFamily), u64), Failure> {
        let FactNames { kind, from, to } = FactNames::of_family(family);
        let name = subject.to_string();
        let parameters: Parameters<'_> = vec![&self.app, &name, &kind, &from, &to];
        let rows = self.tx.query(&statements::FACT_COUNT, &parameters).await?;
        let counted: Vec<u64> = read_all(&rows)?;
        Ok(((subject.clone(), family), counted.into_iter().sum()))
    }

    async fn messages(&self, range: &DirectRange) -> Result<Vec<DirectMessage>, Failure> {
        let pair = range.pair().to_string();
        let rows = match range {
            DirectRange::Numbered(_, numbers) => {
                let numbers: Vec<i64> = numbers.iter().copied().map(i64::from).collect();
                let (lowest, highest) = (numbers.iter().min(), numbers.iter().max());
                let parameters: Parameters<'_> = vec![&self.app, &pair, &numbers, &lowest, &highest];
                self.tx.query(&statements::DIRECT_NUMBERED, &parameters).await?
            }
            DirectRange::After { seq, limit, .. } => {
                let (seq, limit) = (i64::from(*seq), count(*limit));
                self.tx.query(&statements::DIRECT_AFTER, &[&self.app, &pair, &seq, &limit]).await?
            }
            DirectRange::Keyed(_, keys) => {
                let keyed = keys.iter().map(async |key| {
                    let [sent, number, random] = columns(key);
                    let parameters: Parameters<'_> = vec![&self.app, &pair, &sent, &number, &random];
                    self.tx.query(&statements::DIRECT_KEYED, &parameters).await
                });
                try_join_all(keyed).await?.into_iter().flatten().collect()
            }
            DirectRange::Between { from, to, limit, .. } => {
                let ([sent, number, random], limit) = (columns(from), count(*limit));
                let [sent_to, number_to, random_to] = columns(to);
                let mut parameters: Parameters<'_> = vec![&self.app, &pair, &sent, &number, &random];
                parameters.extend([&sent_to, &number_to, &random_to, &limit] as [&(dyn ToSql + Sync); 4]);
                self.tx.query(&statements::DIRECT_BETWEEN, &parameters).await?
            }
            DirectRange::Repeated { number, random, since, .. } => {
                let (number, random) = (i64::from(*number), i64::from(*random));
                let since = time_column(*since);
                let parameters: Parameters<'_> = vec![&self.app, &pair, &since, &number, &random];
                self.tx.query(&statements::DIRECT_REPEATED, &parameters).await?
            }
        };
        read_all(&rows)
    }
}

fn columns(key: &MessageKey) -> [i64; 3] {
    [time_column(key.sent), key.number.into(), key.random.into()]
}

fn facts_of(rows: &[Row]) -> Result<Vec<FoundFact>, Failure> {
    let found: Vec<(Subject, (FactKey, Fact))> = read_all(rows)?;
    Ok(found.into_iter().map(|(subject, (key, fact))| ((subject, key), fact)).collect())
}

/// Writes what an operation decided.
async fn write(
    tx: &Tx,
    context: &Context,
    changes: &PeopleChanges,
    entries: &NewEntries<'_>,
) -> Result<(), Failure> {
    let app = context.app;
    let PeopleChanges { accounts, placeholders, facts, new_messages, updated_messages, removed_messages } =
        changes;
    // Of two rows with one key the last counts, as in a store that writes them one by one.
    let accounts: BTreeMap<_, _> = accounts.iter().map(|(id, account)| (id, account)).collect();
    let facts: BTreeMap<_, _> =
        facts.iter().map(|(subject, key, fact)| ((subject, key), fact.as_ref())).collect();
    let updated: BTreeMap<_, _> =
        updated_messages.iter().map(|(pair, message)| ((pair, message.seq), message)).collect();
    let mut account_rows = AccountLists::with_capacity(app, accounts.len());
    accounts.iter().for_each(|(id, account)| account_rows.push(id, account));
    let named = placeholders.iter().map(|account| (account, context.now));
    let placeholder_rows = tables::placeholders(app, named);
    let mut fact_rows = FactLists::with_capacity(app, facts.len());
    for ((subject, key), fact) in &facts {
        fact.iter().for_each(|fact| fact_rows.push(subject, key, fact));
    }
    let mut new = DirectLists::with_capacity(app, new_messages.len());
    new_messages.iter().for_each(|(pair, message)| new.push(pair, message));
    let days: BTreeSet<(&Pair, u32)> =
        new_messages.iter().map(|(pair, message)| (pair, day(message.key.sent))).collect();
    let mut day_rows = DirectDayLists::with_capacity(app, days.len());
    days.iter().for_each(|(pair, day)| day_rows.push(pair, *day));
    let mut changed = DirectLists::with_capacity(app, updated.len());
    updated.iter().for_each(|((pair, _), message)| changed.push(pair, message));
    // Removals come before inserts. Sent one after the other without waiting for each other's answers.
    let removed = facts.iter().filter(|(_, fact)| fact.is_none()).map(|((subject, key), _)| (*subject, *key));
    futures_util::try_join!(
        remove_facts(tx, app, removed),
        remove_messages(tx, app, removed_messages),
        tables::put(tx, &statements::PUT_ACCOUNTS, &account_rows),
        tables::put(tx, &statements::INSERT_PLACEHOLDERS, &placeholder_rows),
        tables::put(tx, &statements::PUT_FACTS, &fact_rows),
        tables::put(tx, &statements::INSERT_DIRECT, &new),
        tables::put(tx, &statements::PUT_DIRECT, &changed),
        tables::put(tx, &statements::INSERT_DIRECT_DAYS, &day_rows),
        entries.append(tx),
    )?;
    Ok(())
}

async fn remove_facts(
    tx: &Tx,
    app: AppId,
    removed: impl Iterator<Item = (&Subject, &FactKey)>,
) -> Result<(), Failure> {
    let app = app_column(app);
    let mut names: BTreeMap<(String, i16), Vec<String>> = BTreeMap::new();
    for (subject, key) in removed {
        let (kind, name) = fact_name(key);
        names.entry((subject.to_string(), kind)).or_default().push(name);
    }
    let removals = names.iter().map(async |((subject, kind), names)| {
        let (lowest, highest) = (names.iter().min(), names.iter().max());
        let parameters: Parameters<'_> = vec![&app, subject, kind, names, &lowest, &highest];
        tx.run(&statements::REMOVE_FACTS, &parameters).await
    });
    try_join_all(removals).await?;
    Ok(())
}

async fn remove_messages(tx: &Tx, app: AppId, removed: &[(Pair, DirectMessage)]) -> Result<(), Failure> {
    let app = app_column(app);
    let mut places: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (pair, message) in removed {
        places.entry(pair.to_string()).or_default().push(message.seq.into());
    }
    let removals = places.iter().map(async |(pair, numbers)| {
        let (lowest, highest) = (numbers.iter().min(), numbers.iter().max());
        let parameters: Parameters<'_> = vec![&app, pair, numbers, &lowest, &highest];
        tx.run(&statements::REMOVE_DIRECT_NUMBERED, &parameters).await
    });
    try_join_all(removals).await?;
    Ok(())
}

/// Names of facts read by one statement.
const CHUNK: usize = 1_000;

/// Makes the counts less to which the facts of deleted accounts added.
async fn count_down(tx: &Tx, app: AppId, accounts: &[&UserId]) -> Result<(), Failure> {
    let reader = PeopleReader { tx, app: app_column(app) };
    let mut counted: BTreeMap<(Subject, FactKey), u64> = BTreeMap::new();
    for account in accounts {
        for family in FactFamily::COUNTED {
            let subject = Subject::Account((*account).clone());
            let mut range = FactRange { subject, family, after: None, limit: CHUNK };
            loop {
                let found = reader.range(&range).await?;
                for (peer, count) in found.iter().filter_map(|((_, key), _)| key.counted_in()) {
                    *counted.entry((Subject::Account(peer.clone()), count)).or_default() += 1;
                }
                let Some(((_, last), _)) = found.last().filter(|_| found.len() == CHUNK) else { break };
                range.after = Some(last.clone());
            }
        }
    }
    let places: Vec<_> = counted.keys().cloned().collect();
    let found = reader.facts(&places).await?;
    let mut rows = FactLists::with_capacity(app, found.len());
    let mut gone = Vec::new();
    for ((subject, key), fact) in &found {
        let by = counted.get(&(subject.clone(), key.clone())).copied().unwrap_or_default();
        match fact.less(by) {
            Some(less) => rows.push(subject, key, &less),
            None => gone.push((subject, key)),
        }
    }
    futures_util::try_join!(
        remove_facts(tx, app, gone.into_iter()),
        tables::put(tx, &statements::PUT_FACTS, &rows),
    )?;
    Ok(())
}

/// Removes the facts about deleted accounts with their conversations, and the facts that name them. The lock of the app is
/// held.
pub(super) async fn forget(tx: &Tx, app: AppId, accounts: &[&UserId]) -> Result<(), Failure> {
    count_down(tx, app, accounts).await?;
    let (app, limit) = (app_column(app), count(CHUNK));
    for account in accounts {
        let own = account.as_str();
        let FactNames { kind, mut from, to } = FactNames::of_direct_chats();
        loop {
            let parameters: Parameters<'_> = vec![&app, &own, &kind, &from, &to, &limit];
            let chats = facts_of(&tx.query(&statements::FACT_RANGE, &parameters).await?)?;
            let Some(((_, last), _)) = chats.last() else { break };
            from = FactNames { kind, from, to: String::new() }.after(last).from;
            let pairs: Vec<String> = chats
                .iter()
                .filter_map(|((_, key), _)| crate::facts::pair_of(account, key))
                .map(|pair| pair.to_string())
                .collect();
            for statement in
                [&statements::REMOVE_DIRECT, &statements::REMOVE_DIRECT_DAYS, &statements::REMOVE_FACTS_OF]
            {
                tx.run(statement, &[&app, &pairs]).await?;
            }
        }
    }
    let names: Vec<&str> = accounts.iter().map(|account| account.as_str()).collect();
    tx.run(&statements::REMOVE_FACTS_OF, &[&app, &names]).await?;
    tx.run(&statements::REMOVE_FACTS_NAMING, &[&app, &names]).await?;
    Ok(())
}
