//! Friends, blocklists, and messages between two accounts, compared with the server's; and profiles of accounts.

use super::feed::{BETWEEN, GroupFeed};
use super::{Difference, GroupResult, Outcome, Part, VerifyError};
use crate::direct::Places;
use crate::format::{Block, FieldValue, Friend, Message, Read, Reader, Record, TagValue, custom};
use crate::journal::hash;
use crate::ordered::Entry;
use crate::reading::{ACCOUNTS_PER_CALL, BlockRow, DirectPlace, DirectRow, FriendRow, Profile, Reading};
use crate::rules::{Checker, ServerLimits, Verdict};
use landfall_domain::element;
use landfall_domain::people::message::MessageKey;
use landfall_domain::time::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A message of the file: its line, and a hash of what it says.
type Expected = BTreeMap<MessageKey, (u64, u64)>;

fn says(from: &str, body: &str, custom: &str) -> u64 {
    hash(&format!("{from}\0{body}\0{custom}"))
}

fn different(part: Part, text: String) -> Difference {
    Difference { part, text }
}

/// Compares the friends and the blocklist of an account, or what passed between two.
pub(super) async fn compare(reading: &Reading<'_>, feed: GroupFeed) -> Result<GroupResult, VerifyError> {
    let GroupFeed { id, mut records, message_bytes } = feed;
    let (one, other) = id.split_once(BETWEEN).unwrap_or_default();
    let mut result = GroupResult {
        group: match other {
            "" => format!("people of {one}"),
            other => format!("{one} with {other}"),
        },
        outcome: Outcome::Missing,
        differences: Vec::new(),
        messages: super::Both::default(),
        members: super::Both::default(),
        shortened: 0,
        hashes: super::Hashes::default(),
    };
    let (mut friends, mut blocks) = (Vec::new(), Vec::new());
    let (mut expected, mut places, mut reads) = (Expected::new(), Places::default(), Vec::new());
    while let Some(item) = records.recv().await {
        let Some(Entry { line, record, .. }) = item else { continue };
        match record {
            Record::Friend(friend) => friends.push(friend),
            Record::Block(block) => blocks.push(block),
            Record::Message(message) => {
                if let Some(key) = places.add(&message) {
                    expected.insert(key, (line, said(&message, message_bytes)));
                }
            }
            Record::Read(read) => reads.push(read),
            Record::Account(_)
            | Record::File(_)
            | Record::Group(_)
            | Record::Topic(_)
            | Record::Member(_) => {}
        }
    }
    if other.is_empty() {
        of_ties(reading, one, (friends, blocks), &mut result).await?;
    } else {
        of_messages(reading, (one, other), expected, &mut result).await?;
        if result.outcome != Outcome::Missing {
            of_reads(reading, &places, reads, &mut result).await?;
        }
    }
    if result.outcome != Outcome::Missing && !result.differences.is_empty() {
        result.outcome = Outcome::Different;
    }
    Ok(result)
}

/// As it was imported.
fn said(message: &Message, bytes_max: usize) -> u64 {
    let room = bytes_max.saturating_sub(element::size(message.msg_body.as_str()));
    let custom = custom::fold(message, room).text.unwrap_or_default();
    says(&message.from, &message.msg_body.canonical(), &custom)
}

async fn of_messages(
    reading: &Reading<'_>,
    (one, other): (&str, &str),
    mut expected: Expected,
    result: &mut GroupResult,
) -> Result<(), VerifyError> {
    result.messages.file = expected.len() as u64;
    let (mut place, mut first): (Option<DirectPlace>, Option<String>) = (None, None);
    while let Some(page) = reading.direct_page(one, other, place.as_ref()).await? {
        for row in page.rows.iter().filter(|row| !row.is_recalled()) {
            result.messages.server += 1;
            let Some((line, said)) = expected.remove(&key(row)) else {
                first.get_or_insert_with(|| format!("the message {} is not in the file", row.msg_key));
                continue;
            };
            if said != says(&row.from, &row.body().canonical(), &row.cloud_custom_data) {
                first.get_or_insert_with(|| format!("the message of line {line} differs"));
            }
        }
        place = page.next;
        if place.is_none() {
            break;
        }
    }
    if result.messages.server == 0 && result.messages.file != 0 {
        return Ok(());
    }
    result.outcome = Outcome::Equal;
    if let Some((line, _)) = expected.values().min() {
        first.get_or_insert_with(|| format!("the message of line {line} is missing"));
    }
    result.differences.extend(first.map(|text| different(Part::Messages, text)));
    Ok(())
}

fn key(row: &DirectRow) -> MessageKey {
    MessageKey { sent: Timestamp(row.msg_time_stamp), number: row.msg_seq, random: row.msg_random }
}

async fn of_reads(
    reading: &Reading<'_>,
    places: &Places,
    reads: Vec<Read>,
    result: &mut GroupResult,
) -> Result<(), VerifyError> {
    for read in reads {
        let (Some((_, expected)), Some(peer)) = (places.mark(&read), read.peer()) else { continue };
        let there = reading.unread_of(&read.account, &[peer.to_owned()]).await?;
        let there = there.first().map_or(0, |(_, unread)| *unread);
        if there != expected {
            let text = format!("{} has {there} unread messages, and {expected} in the file", read.account);
            result.differences.push(different(Part::Reads, text));
            return Ok(());
        }
    }
    Ok(())
}

/// Friends and a blocklist. They are missing where the server has none of either.
async fn of_ties(
    reading: &Reading<'_>,
    account: &str,
    (friends, blocks): (Vec<Friend>, Vec<Block>),
    result: &mut GroupResult,
) -> Result<(), VerifyError> {
    let (has_friends, has_blocks) = (!friends.is_empty(), !blocks.is_empty());
    result.group = match (has_friends, has_blocks) {
        (true, true) => format!("friends and blocklist of {account}"),
        (false, true) => format!("blocklist of {account}"),
        (_, false) => format!("friends of {account}"),
    };
    let there = if has_friends { reading.friends(account).await? } else { Some(Vec::new()) };
    let blocked = if has_blocks { reading.blocklist(account).await? } else { Some(Vec::new()) };
    let (Some(there), Some(blocked)) = (there, blocked) else { return Ok(()) };
    let count = |ones: usize, others: usize| (ones + others) as u64;
    result.members =
        super::Both { file: count(friends.len(), blocks.len()), server: count(there.len(), blocked.len()) };
    if result.members.server == 0 && (has_friends || has_blocks) {
        return Ok(());
    }
    result.outcome = Outcome::Equal;
    of_friends(&friends, there, result);
    of_blocks(&blocks, blocked, result);
    Ok(())
}

/// Since when is not compared: `black_list_add` does not take it.
fn of_blocks(blocks: &[Block], rows: Vec<BlockRow>, result: &mut GroupResult) {
    let there: BTreeSet<_> = rows.into_iter().map(|row| row.blocked).collect();
    let first = blocks.iter().find(|block| !there.contains(&block.blocked));
    let text = |block: &Block| format!("{} is not on the blocklist", block.blocked);
    result.differences.extend(first.map(|block| different(Part::Members, text(block))));
}

fn of_friends(friends: &[Friend], rows: Vec<FriendRow>, result: &mut GroupResult) {
    let mut rows: BTreeMap<_, _> = rows.into_iter().map(|row| (row.friend.clone(), row)).collect();
    let first = friends.iter().find_map(|friend| match rows.remove(&friend.friend) {
        None => Some(format!("the friend {} is missing", friend.friend)),
        Some(row) => friend_difference(friend, &row),
    });
    result.differences.extend(first.map(|text| different(Part::Members, text)));
}

/// What the record says and the server does not.
fn friend_difference(friend: &Friend, row: &FriendRow) -> Option<String> {
    let there = |tag: &str| row.fields.iter().find(|(of, _)| of == tag).map(|(_, value)| value);
    let text = |tag: &str, wanted: &Option<String>| {
        let wanted = wanted.as_deref().filter(|text| !text.is_empty());
        wanted.is_none_or(|wanted| there(tag).and_then(Value::as_str) == Some(wanted))
    };
    let lists = || {
        let there = there("Tag_SNS_IM_Group").and_then(Value::as_array);
        let there: Vec<_> = there.into_iter().flatten().filter_map(Value::as_str).collect();
        friend.lists.iter().all(|list| there.contains(&list.as_str()))
    };
    let added = friend.add_time.filter(|time| *time != 0);
    let custom =
        || friend.custom_item.iter().all(|item| there(&item.tag).is_some_and(|value| same(item, value)));
    let field = [
        ("Remark", text("Tag_SNS_IM_Remark", &friend.remark)),
        ("AddSource", text("Tag_SNS_IM_AddSource", &friend.add_source)),
        ("AddWording", text("Tag_SNS_IM_AddWording", &friend.add_wording)),
        (
            "AddTime",
            added.is_none_or(|added| there("Tag_SNS_IM_AddTime").and_then(Value::as_u64) == Some(added)),
        ),
        ("GroupName", lists()),
        ("CustomItem", custom()),
    ];
    let (name, _) = field.into_iter().find(|(_, is_same)| !is_same)?;
    Some(format!("{name} of the friend {} differs", friend.friend))
}

fn same(item: &TagValue, value: &Value) -> bool {
    match &item.value {
        FieldValue::Text(text) => value.as_str() == Some(text),
        FieldValue::Number(number) => value.as_u64() == Some(*number),
    }
}

/// How many profiles of the file were compared, and what differs.
#[derive(Default)]
pub(super) struct Profiles {
    pub(super) count: u64,
    pub(super) different: Vec<GroupResult>,
}

/// Compares the profiles that the file has.
pub(super) async fn profiles(
    file: &Path,
    rules: &ServerLimits,
    reading: &Reading<'_>,
) -> Result<Profiles, VerifyError> {
    let mut profiles = Profiles::default();
    let mut checker = Checker::new(rules.clone());
    let (mut waiting, is_landfall) = (BTreeMap::new(), reading.server().limits().await?.landfall.is_some());
    // Lines that cannot be read were counted with the groups.
    for line in Reader::open(file)?.flatten().filter(|line| line.text.contains("\"account\"")) {
        let Ok(record @ Record::Account(_)) = Record::parse(&line.text) else { continue };
        let entry = Entry { line: line.number, record, outline: crate::ordered::Outline::default() };
        let is_fine = checker.check(&entry) == Verdict::Fine;
        if let Record::Account(account) = entry.record
            && is_fine
            && (account.nick.is_some() || account.face_url.is_some() || !account.profile.is_empty())
        {
            waiting.entry(account.user_id.clone()).or_insert(account);
        }
        if waiting.len() == ACCOUNTS_PER_CALL {
            profiles.compare(reading, is_landfall, std::mem::take(&mut waiting)).await?;
        }
    }
    profiles.compare(reading, is_landfall, waiting).await?;
    Ok(profiles)
}

impl Profiles {
    async fn compare(
        &mut self,
        reading: &Reading<'_>,
        is_landfall: bool,
        accounts: BTreeMap<String, crate::format::Account>,
    ) -> Result<(), VerifyError> {
        let names: Vec<_> = accounts.keys().cloned().collect();
        if names.is_empty() {
            return Ok(());
        }
        let there = if is_landfall {
            reading.imported_profiles(&names).await?
        } else {
            reading.account_profiles(&names).await?
        };
        // A server that does not say it cannot differ.
        let Some(there) = there else { return Ok(()) };
        let there: BTreeMap<_, _> = there.into_iter().map(|row| (row.account.clone(), row)).collect();
        for (name, account) in accounts {
            self.count += 1;
            let found = there.get(&name);
            let text = match found {
                None => None,
                Some(profile) => match profile_difference(&account, profile) {
                    None => continue,
                    text => text,
                },
            };
            self.different.push(GroupResult {
                group: format!("profile of {name}"),
                outcome: if found.is_none() { Outcome::Missing } else { Outcome::Different },
                differences: text.into_iter().map(|text| different(Part::Profile, text)).collect(),
                messages: super::Both::default(),
                members: super::Both::default(),
                shortened: 0,
                hashes: super::Hashes::default(),
            });
        }
        Ok(())
    }
}

fn profile_difference(account: &crate::format::Account, profile: &Profile) -> Option<String> {
    let given = |wanted: &Option<String>| wanted.clone().filter(|text| !text.is_empty());
    for (name, wanted, there) in
        [("Nick", &account.nick, &profile.nick), ("FaceUrl", &account.face_url, &profile.face_url)]
    {
        if let Some(wanted) = given(wanted)
            && there.as_deref() != Some(&wanted)
        {
            return Some(format!(
                "{name} differs: file {wanted:?}, server {:?}",
                there.as_deref().unwrap_or_default()
            ));
        }
    }
    let wanted = account.profile.iter().filter(|field| field.value != FieldValue::default());
    let missing = wanted.into_iter().find(|field| !profile.fields.contains(field))?;
    Some(format!("{} differs", missing.tag))
}
