//! The keys of facts, and of messages between two accounts.

use super::{ACCOUNT, APP, END, GROUP, HEAD, app, is_group, ordered, scattered};
use crate::facts::{self, FactName};
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::people::fact::FactKey;
use landfall_domain::people::message::MessageKey;
use landfall_domain::people::{Pair, Subject};
use landfall_domain::time::Timestamp;

pub(super) const FACT: u8 = b'b';
pub(super) const DIRECT: u8 = b'd';
const NAMING: u8 = b'o';
const DIRECT_KEY: u8 = b'r';
const DIRECT_DAY: u8 = b'u';

/// All facts of one kind about a subject whose names begin with a family's, or one fact.
pub(in crate::embedded) fn fact(
    app: AppId,
    subject: &Subject,
    FactName { kind, name }: &FactName,
) -> Vec<u8> {
    scattered(FACT, app, &[subject.to_string().as_bytes(), &[END, *kind], name.as_bytes()])
}

/// Start of the keys of all facts about a subject.
pub(in crate::embedded) fn all_facts(app: AppId, subject: &Subject) -> Vec<u8> {
    scattered(FACT, app, &[subject.to_string().as_bytes(), &[END]])
}

/// The subject of a fact, and its key, in the end of a key.
fn subject_and_fact(end: &[u8]) -> Option<(Subject, FactKey)> {
    let (subject, rest) = std::str::from_utf8(end).ok()?.split_once(char::from(END))?;
    let (kind, name) = rest.as_bytes().split_first()?;
    Some((Subject::named(subject)?, facts::key(*kind, std::str::from_utf8(name).ok()?)?))
}

/// The subject of a fact, and its key.
pub(in crate::embedded) fn fact_of(key: &[u8]) -> Option<(Subject, FactKey)> {
    subject_and_fact(key.get(HEAD..)?)
}

/// The scattering bytes of a key, as a number.
pub(in crate::embedded) fn scatter_of(key: &[u8]) -> u32 {
    let bytes = key.get(1..APP).unwrap_or_default();
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Whether rows with keys of this kind are [cached](super::super::row_cache).
pub(in crate::embedded) fn is_cached(key: &[u8]) -> bool {
    match key.first() {
        Some(&ACCOUNT) => true,
        Some(&GROUP) => is_group(key),
        Some(&FACT) => {
            let mut parts = key.get(HEAD..).unwrap_or_default().splitn(2, |byte| *byte == END);
            parts.nth(1).and_then(<[u8]>::first).is_some_and(|kind| facts::is_cached(*kind))
        }
        Some(_) | None => false,
    }
}

/// Records that a fact names an account.
pub(in crate::embedded) fn naming(
    app: AppId,
    peer: &UserId,
    subject: &Subject,
    FactName { kind, name }: &FactName,
) -> Vec<u8> {
    let subject = subject.to_string();
    let fact: [&[u8]; 3] = [subject.as_bytes(), &[END, *kind], name.as_bytes()];
    scattered(NAMING, app, &[peer.as_str().as_bytes(), &[END], &fact.concat()])
}

/// Start of the keys of all facts that name an account.
pub(in crate::embedded) fn all_naming(app: AppId, peer: &UserId) -> Vec<u8> {
    scattered(NAMING, app, &[peer.as_str().as_bytes(), &[END]])
}

/// The subject of a fact that names an account, and its key.
pub(in crate::embedded) fn named_in(key: &[u8], peer: &UserId) -> Option<(Subject, FactKey)> {
    subject_and_fact(key.get(HEAD + peer.as_str().len() + 1..)?)
}

/// A message between two accounts.
pub(in crate::embedded) fn direct(app: AppId, pair: &Pair, seq: u32) -> Vec<u8> {
    scattered(DIRECT, app, &[pair.to_string().as_bytes(), &[END], &seq.to_be_bytes()])
}

/// Start of the keys of all messages of a pair, in the order of their arrival.
pub(in crate::embedded) fn all_direct(app: AppId, pair: &Pair) -> Vec<u8> {
    scattered(DIRECT, app, &[pair.to_string().as_bytes(), &[END]])
}

/// Pair and place in a key of [`direct`].
pub(in crate::embedded) fn direct_of(key: &[u8]) -> Option<(Pair, u32)> {
    let (pair, seq) = key.get(HEAD..)?.split_last_chunk()?;
    let pair = std::str::from_utf8(pair.strip_suffix(&[END])?).ok()?;
    Some((Pair::named(pair)?, u32::from_be_bytes(*seq)))
}

/// Records the place of a message by its key. The newest comes first, so every part of the key is turned around.
pub(in crate::embedded) fn direct_key(app: AppId, pair: &Pair, key: MessageKey) -> Vec<u8> {
    let MessageKey { sent, number, random } = key;
    let (sent, number, random) = ((!sent.0).to_be_bytes(), (!number).to_be_bytes(), (!random).to_be_bytes());
    scattered(DIRECT_KEY, app, &[pair.to_string().as_bytes(), &[END], &sent, &number, &random])
}

/// Start of the records of all messages of a pair.
pub(in crate::embedded) fn all_direct_keys(app: AppId, pair: &Pair) -> Vec<u8> {
    scattered(DIRECT_KEY, app, &[pair.to_string().as_bytes(), &[END]])
}

/// The key of a message in one of [`direct_key`].
pub(in crate::embedded) fn message_key(key: &[u8]) -> Option<MessageKey> {
    let (rest, random) = key.split_last_chunk()?;
    let (rest, number) = rest.split_last_chunk()?;
    let (_, sent) = rest.split_last_chunk()?;
    Some(MessageKey {
        sent: Timestamp(!u64::from_be_bytes(*sent)),
        number: !u32::from_be_bytes(*number),
        random: !u32::from_be_bytes(*random),
    })
}

/// Records that a pair has messages of a day.
pub(in crate::embedded) fn direct_day(app: AppId, day: u32, pair: &Pair) -> Vec<u8> {
    ordered(DIRECT_DAY, app, &[&day.to_be_bytes(), pair.to_string().as_bytes()])
}

/// Start of the keys of all such days of an app.
pub(in crate::embedded) fn all_direct_days(app: AppId) -> Vec<u8> {
    ordered(DIRECT_DAY, app, &[])
}

/// Start of the keys of one such day of an app.
pub(in crate::embedded) fn direct_days(app: AppId, day: u32) -> Vec<u8> {
    ordered(DIRECT_DAY, app, &[&day.to_be_bytes()])
}

/// Day and pair in a key of [`direct_day`].
pub(in crate::embedded) fn direct_day_of(key: &[u8]) -> Option<(u32, Pair)> {
    let (day, pair) = key.get(HEAD..)?.split_first_chunk()?;
    Some((u32::from_be_bytes(*day), Pair::named(std::str::from_utf8(pair).ok()?)?))
}

/// What the key of a fact or of a message between two accounts names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::embedded) enum PeopleKey {
    Fact(AppId, Subject, FactKey),
    Direct(AppId, Pair, u32),
}

impl PeopleKey {
    pub(super) fn parse(key: &[u8]) -> Option<Self> {
        let owner = app(key)?;
        match *key.first()? {
            FACT => fact_of(key).map(|(subject, key)| Self::Fact(owner, subject, key)),
            DIRECT => direct_of(key).map(|(pair, seq)| Self::Direct(owner, pair, seq)),
            _ => None,
        }
    }
}
