//! People: loading what an operation or a reader needs, and performing an operation within a batch.

use super::key_range::{Keys, beginning};
use super::keys;
use super::outbox;
use super::people_records::{decode_direct, decode_fact, decode_seq, encode_direct, encode_fact, encode_seq};
use super::recent::Mark;
use super::records::Damaged;
use super::rows::Rows;
use super::tx::Tx;
use crate::facts;
use crate::messages::day;
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::ids::AppId;
use landfall_domain::people::changes::PeopleChanges;
use landfall_domain::people::fact::{Fact, FactKey, FactRange};
use landfall_domain::people::message::{DirectMessage, DirectRange, MessageKey};
use landfall_domain::people::operation::{DynPeopleOperation, PeopleOutcome};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::people::{Pair, Subject};
use landfall_domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, ControlFlow};

/// The most facts of a snapshot that are looked through for those that name an account.
const NAMED_MAX: usize = 16;

/// Performs an operation on people within a batch.
pub(super) fn change(
    tx: &mut Tx<'_>,
    context: Context,
    operation: &dyn DynPeopleOperation,
) -> Result<(), StoreError> {
    let mut snapshot = read(tx, context.app, operation.needs(&context))?;
    load(tx, context.app, operation.then_needs(&context, &snapshot), &mut snapshot)?;
    let named = named_facts(&snapshot);
    let Some(PeopleOutcome { changes, outbox: entries }) = operation.decide(&context, snapshot) else {
        return Ok(());
    };
    write(tx, context, changes, named)?;
    let mut lanes = BTreeMap::new();
    for (lane, entry) in entries {
        lanes.entry(lane).or_insert_with(Vec::new).push(entry);
    }
    lanes.into_iter().try_for_each(|(lane, entries)| outbox::append(tx, context, &lane, entries))
}

/// Facts of a snapshot that name an account and are there, so that their places among those that name it are, too. A large
/// snapshot is not looked through: writing such a place again does no harm.
fn named_facts(snapshot: &PeopleSnapshot) -> BTreeSet<(Subject, FactKey)> {
    let few = if snapshot.facts.len() <= NAMED_MAX { Some(&snapshot.facts) } else { None };
    few.into_iter().flat_map(BTreeMap::keys).filter(|(_, key)| key.peer().is_some()).cloned().collect()
}

/// What `needs` names of people.
pub(super) fn read(rows: &impl Rows, app: AppId, needs: PeopleNeeds) -> Result<PeopleSnapshot, StoreError> {
    let mut found = PeopleSnapshot::default();
    load(rows, app, needs, &mut found)?;
    Ok(found)
}

/// Adds what is needed to what was found.
fn load(
    rows: &impl Rows,
    app: AppId,
    needs: PeopleNeeds,
    found: &mut PeopleSnapshot,
) -> Result<(), StoreError> {
    let PeopleNeeds { accounts, facts, ranges, counts, messages } = needs;
    for id in accounts {
        if let Some(account) = rows.account(app, &id)? {
            found.accounts.insert(id, account);
        }
    }
    for (subject, key) in facts {
        let name = facts::name(&key);
        let place = keys::fact(app, &subject, &name);
        let decode = |value: &[u8]| decode_fact(&key, value);
        let cached = facts::is_cached(name.kind);
        let fact = if cached { rows.read_cached(&place, decode)? } else { rows.read(&place, decode)? };
        if let Some(fact) = fact {
            found.facts.insert((subject, key), fact);
        }
    }
    for range in ranges {
        load_range(rows, app, &range, &mut found.facts)?;
    }
    for (subject, family) in counts {
        let mut count = 0;
        rows.scan(beginning(keys::fact(app, &subject, &facts::family(family))), &mut |_, _| {
            count += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        found.counts.insert((subject, family), count);
    }
    for range in messages {
        let messages = load_messages(rows, app, &range)?;
        if !messages.is_empty() {
            let of_pair = found.messages.entry(range.pair().clone()).or_default();
            of_pair.extend(messages.into_iter().map(|message| (message.seq, message)));
        }
    }
    Ok(())
}

fn load_range(
    rows: &impl Rows,
    app: AppId,
    range: &FactRange,
    found: &mut BTreeMap<(Subject, FactKey), Fact>,
) -> Result<(), StoreError> {
    let (mut start, end) = beginning(keys::fact(app, &range.subject, &facts::family(range.family)));
    if let Some(after) = &range.after {
        start = Bound::Excluded(keys::fact(app, &range.subject, &facts::name(after)));
    }
    let mut left = range.limit;
    rows.scan((start, end), &mut |key, value| {
        if left == 0 {
            return Ok(ControlFlow::Break(()));
        }
        left -= 1;
        let (subject, key) = keys::fact_of(key).ok_or(Damaged("name of a fact"))?;
        let fact = decode_fact(&key, value)?;
        found.insert((subject, key), fact);
        Ok(ControlFlow::Continue(()))
    })
}

fn load_messages(
    rows: &impl Rows,
    app: AppId,
    range: &DirectRange,
) -> Result<Vec<DirectMessage>, StoreError> {
    let pair = range.pair();
    let mut found = Vec::new();
    let mut places = Vec::new();
    match range {
        DirectRange::Numbered(_, numbers) => places.extend(numbers),
        DirectRange::After { seq, limit, .. } => {
            let (_, end) = beginning(keys::all_direct(app, pair));
            let mut left = *limit;
            rows.scan((Bound::Excluded(keys::direct(app, pair, *seq)), end), &mut |key, value| {
                if left == 0 {
                    return Ok(ControlFlow::Break(()));
                }
                left -= 1;
                let seq = keys::page_of(key).ok_or(Damaged("key of a message"))?;
                found.push(decode_direct(seq, value)?);
                Ok(ControlFlow::Continue(()))
            })?;
        }
        DirectRange::Keyed(_, keys) => {
            for key in keys {
                places.extend(rows.read(&keys::direct_key(app, pair, *key), decode_seq)?);
            }
        }
        DirectRange::Between { from, to, limit, .. } => {
            for_each_key(rows, app, pair, *from, Some(*to), &mut |_, seq| {
                if places.len() < *limit {
                    places.push(seq);
                }
                places.len() < *limit
            })?;
        }
        DirectRange::Repeated { number, random, since, .. } => {
            if let Some(latest) = rows.latest_message(Mark::direct(app, pair, *number, *random), *since) {
                let to = latest.0.checked_add(1).map(|after| MessageKey::first_of(Timestamp(after)));
                for_each_key(rows, app, pair, MessageKey::first_of(*since), to, &mut |key, seq| {
                    if (key.number, key.random) == (*number, *random) {
                        places.push(seq);
                    }
                    true
                })?;
            }
        }
    }
    for seq in places {
        found.extend(rows.read(&keys::direct(app, pair, seq), |value| decode_direct(seq, value))?);
    }
    Ok(found)
}

/// Visits the keys of messages from `from` on that come before `to`, each with the message's place, the last one first. The
/// answer of `visit` says whether to go on.
fn for_each_key(
    rows: &impl Rows,
    app: AppId,
    pair: &Pair,
    from: MessageKey,
    to: Option<MessageKey>,
    visit: &mut dyn FnMut(MessageKey, u32) -> bool,
) -> Result<(), StoreError> {
    let first = match to {
        // The engine takes no range that ends before it starts.
        Some(to) if to <= from => return Ok(()),
        Some(to) => Bound::Excluded(keys::direct_key(app, pair, to)),
        None => Bound::Included(keys::all_direct_keys(app, pair)),
    };
    let range: Keys = (first, Bound::Included(keys::direct_key(app, pair, from)));
    rows.scan(range, &mut |key, value| {
        let key = keys::message_key(key).ok_or(Damaged("key of a message"))?;
        let go_on = visit(key, decode_seq(value)?);
        Ok(if go_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })
}

/// Writes the changes that an operation decided on.
fn write(
    tx: &mut Tx<'_>,
    context: Context,
    changes: PeopleChanges,
    mut named: BTreeSet<(Subject, FactKey)>,
) -> Result<(), StoreError> {
    let app = context.app;
    let PeopleChanges { accounts, placeholders, facts, new_messages, updated_messages, removed_messages } =
        changes;
    // All reads come before the first write, so that a failure leaves nothing behind.
    let days = new_days(tx, app, &new_messages)?;
    let absent = placeholders.into_iter().map(|id| Ok((tx.account_exists(app, &id)?, id)));
    let absent = absent.collect::<Result<Vec<_>, StoreError>>()?.into_iter();
    let absent: Vec<_> = absent.filter(|(exists, _)| !exists).map(|(_, id)| id).collect();
    tx.put_placeholders(app, &absent, context.now);
    for (id, account) in &accounts {
        tx.put_account(app, id, account);
    }
    for (subject, key, fact) in facts {
        let place = (subject, key);
        let (subject, key) = &place;
        match &fact {
            Some(fact) if named.contains(&place) => {
                tx.put_row(keys::fact(app, subject, &facts::name(key)), encode_fact(fact));
            }
            Some(_) | None => {
                named.remove(&place);
                put_fact(tx, app, subject, key, fact.as_ref());
            }
        }
    }
    for (pair, message) in &removed_messages {
        tx.remove_row(keys::direct(app, pair, message.seq));
        tx.remove_row(keys::direct_key(app, pair, message.key));
    }
    for (pair, message) in &new_messages {
        let key = message.key;
        let mark = Mark::direct(app, pair, key.number, key.random);
        tx.existence().messages.add(mark, key.sent, context.now);
        put_new_message(tx, app, pair, message);
    }
    for (pair, message) in &updated_messages {
        tx.put_row(keys::direct(app, pair, message.seq), encode_direct(message));
    }
    days.into_iter().for_each(|key| tx.put_row(key, Vec::new()));
    Ok(())
}

/// The rows of days on which conversations get their first message.
fn new_days(tx: &Tx<'_>, app: AppId, sent: &[(Pair, DirectMessage)]) -> Result<Vec<Vec<u8>>, StoreError> {
    let days: BTreeSet<_> = sent.iter().map(|(pair, message)| (pair, day(message.key.sent))).collect();
    let mut new = Vec::new();
    for (pair, day) in days {
        let key = keys::direct_day(app, day, pair);
        if tx.read(&key, |_| Ok(()))?.is_none() {
            new.push(key);
        }
    }
    Ok(new)
}

/// Writes a fact, or removes it, and its place among those that name the same account.
pub(super) fn put_fact(tx: &mut Tx<'_>, app: AppId, subject: &Subject, key: &FactKey, fact: Option<&Fact>) {
    let name = facts::name(key);
    let place = keys::fact(app, subject, &name);
    let naming = key.peer().map(|peer| keys::naming(app, peer, subject, &name));
    match fact {
        Some(fact) => {
            tx.put_row(place, encode_fact(fact));
            naming.into_iter().for_each(|key| tx.put_row(key, Vec::new()));
        }
        None => {
            tx.remove_row(place);
            naming.into_iter().for_each(|key| tx.remove_row(key));
        }
    }
}

/// Makes a count of an account less by 1, if it is there.
pub(super) fn count_down(
    tx: &mut Tx<'_>,
    app: AppId,
    subject: &Subject,
    key: &FactKey,
) -> Result<(), StoreError> {
    let place = keys::fact(app, subject, &facts::name(key));
    if let Some(count) = tx.read(&place, |value| decode_fact(key, value))? {
        put_fact(tx, app, subject, key, count.less(1).as_ref());
    }
    Ok(())
}

/// Writes a new message and its place in the history, but not its day.
fn put_new_message(tx: &mut Tx<'_>, app: AppId, pair: &Pair, message: &DirectMessage) {
    tx.put_row(keys::direct(app, pair, message.seq), encode_direct(message));
    tx.put_row(keys::direct_key(app, pair, message.key), encode_seq(message.seq));
}

/// Writes a message of a copy.
pub(super) fn put_copied(tx: &mut Tx<'_>, app: AppId, pair: &Pair, message: &DirectMessage) {
    tx.existence().messages.skip(message.key.sent);
    put_new_message(tx, app, pair, message);
    tx.put_row(keys::direct_day(app, day(message.key.sent), pair), Vec::new());
}

/// Removes messages of a pair sent before `before`, at most `limit`; how many were removed, and whether no such message is
/// left.
pub(super) fn expire(
    tx: &mut Tx<'_>,
    app: AppId,
    pair: &Pair,
    before: Timestamp,
    limit: usize,
) -> Result<(usize, bool), StoreError> {
    let (_, end) = beginning(keys::all_direct_keys(app, pair));
    // The newest comes first: what follows was sent before.
    let start = Bound::Excluded(keys::direct_key(app, pair, MessageKey::first_of(before)));
    let (mut found, mut complete) = (Vec::new(), true);
    tx.scan((start, end), &mut |key, value| {
        if limit <= found.len() {
            complete = false;
            return Ok(ControlFlow::Break(()));
        }
        found.push((key.to_vec(), decode_seq(value)?));
        Ok(ControlFlow::Continue(()))
    })?;
    // At most one fact has the extensions of a message.
    let subject = Subject::Pair(pair.clone());
    let first = keys::fact(app, &subject, &facts::all_extensions());
    let young = keys::fact(app, &subject, &facts::extensions_before(before));
    let mut old = Vec::new();
    tx.scan((Bound::Included(first), Bound::Excluded(young)), &mut |key, _| {
        if limit <= old.len() {
            complete = false;
            return Ok(ControlFlow::Break(()));
        }
        old.push(key.to_vec());
        Ok(ControlFlow::Continue(()))
    })?;
    old.into_iter().for_each(|key| tx.remove_row(key));
    let removed = found.len();
    for (key, seq) in found {
        tx.remove_row(key);
        tx.remove_row(keys::direct(app, pair, seq));
    }
    Ok((removed, complete))
}
