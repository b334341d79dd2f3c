//! The tables of a journal, and whom it belongs to.

use super::{JournalError, Owner, Receipt};
use crate::format::address::Place;
use redb::{Database, ReadableTable as _, TableDefinition, WriteTransaction};
use reqwest::Url;
use std::net::IpAddr;
use std::path::Path;

/// First line of what a journal says about itself.
const FORMAT: &str = "landfall journal 1";

pub(super) const TEXTS: TableDefinition<'_, &str, &str> = TableDefinition::new("texts");
const COUNTERS: TableDefinition<'_, &str, u64> = TableDefinition::new("counters");
pub(super) const ACCOUNTS: TableDefinition<'_, &str, u64> = TableDefinition::new("accounts");
/// Number, how it was made, profile.
pub(super) const GROUPS: TableDefinition<'_, &str, (u64, u8, u64)> = TableDefinition::new("groups");
pub(super) const TOPICS: TableDefinition<'_, (u64, u64), u64> = TableDefinition::new("topics");
pub(super) const MEMBERS: TableDefinition<'_, (u64, u64), u64> = TableDefinition::new("members");
/// Group, topic, identity: content, number.
pub(super) const MESSAGES: TableDefinition<'_, (u64, u64, u64), (u64, u32)> =
    TableDefinition::new("messages");
/// Newest number, its time, count.
pub(super) const CONVERSATIONS: TableDefinition<'_, (u64, u64), (u32, u64, u64)> =
    TableDefinition::new("conversations");
/// Group, topic, account: unread, messages then.
pub(super) const READS: TableDefinition<'_, (u64, u64, u64), (u32, u64)> = TableDefinition::new("reads");

/// File: content, bytes, whether the text is an address, text.
pub(super) const FILES: TableDefinition<'_, u64, (u64, u64, bool, &str)> = TableDefinition::new("files");
/// Fingerprint of the file: the job on the server that brings it in.
pub(super) const JOBS: TableDefinition<'_, &str, &str> = TableDefinition::new("jobs");

/// An account, a tab, a friend or an account on its blocklist: content.
pub(super) const BLOCKS: TableDefinition<'_, &str, u64> = TableDefinition::new("blocks");
pub(super) const FRIENDS: TableDefinition<'_, &str, u64> = TableDefinition::new("friends");
/// Two accounts, identity: content of a message between them.
pub(super) const DIRECT: TableDefinition<'_, (u64, u64), u64> = TableDefinition::new("direct");

const NEXT_GROUP: &str = "next_group";
pub(super) const SOURCE: &str = "source";
const LOCAL: &str = "localhost";

/// Makes what a new journal has, or refuses one of another server; the number of the next group.
pub(super) fn prepare(database: &Database, path: &Path, owner: &Owner) -> Result<u64, JournalError> {
    let transaction = database.begin_write()?;
    let is_new = transaction.list_tables()?.next().is_none();
    let next_group = {
        let mut texts = transaction.open_table(TEXTS)?;
        let app = owner.app.to_string();
        if is_new {
            for (name, text) in [("format", FORMAT), ("server", &owner.server), ("app", &app)] {
                texts.insert(name, text)?;
            }
        }
        let text = |name| -> Result<String, JournalError> {
            Ok(texts.get(name)?.map(|text| text.value().to_owned()).unwrap_or_default())
        };
        if text("format")? != FORMAT {
            return Err(JournalError::NotAJournal(path.to_owned()));
        }
        if same_machine(&text("server")?) != same_machine(&owner.server) || text("app")? != app {
            let (path, server, app) = (path.to_owned(), text("server")?, text("app")?);
            return Err(JournalError::OtherServer { path, server, app });
        }
        open_all(&transaction)?;
        let counters = transaction.open_table(COUNTERS)?;
        counters.get(NEXT_GROUP)?.map_or(0, |number| number.value())
    };
    transaction.commit()?;
    Ok(next_group)
}

/// An address in which all names of this machine for itself are one.
fn same_machine(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else { return address.to_owned() };
    let own = url.host_str().is_some_and(|host| {
        let number = host.trim_matches(['[', ']']).parse::<IpAddr>();
        number.map_or(host == LOCAL || host.ends_with(".localhost"), |number| number.is_loopback())
    });
    if own && url.set_host(Some(LOCAL)).is_err() { address.to_owned() } else { url.into() }
}

/// Makes the tables that are missing.
fn open_all(transaction: &WriteTransaction) -> Result<(), JournalError> {
    transaction.open_table(ACCOUNTS)?;
    transaction.open_table(FRIENDS)?;
    transaction.open_table(BLOCKS)?;
    transaction.open_table(DIRECT)?;
    transaction.open_table(GROUPS)?;
    transaction.open_table(TOPICS)?;
    transaction.open_table(MEMBERS)?;
    transaction.open_table(MESSAGES)?;
    transaction.open_table(CONVERSATIONS)?;
    transaction.open_table(READS)?;
    transaction.open_table(JOBS)?;
    transaction.open_table(FILES)?;
    Ok(())
}

fn put_file(
    transaction: &WriteTransaction,
    file: u64,
    content: u64,
    place: &Place,
) -> Result<(), JournalError> {
    let (bytes, is_address, text) = match place {
        Place::At(address, bytes) => (*bytes, true, address),
        Place::Gone(name) => (0, false, name),
    };
    transaction.open_table(FILES)?.insert(file, (content, bytes, is_address, text.as_str()))?;
    Ok(())
}

/// Puts receipts into their tables.
pub(super) fn put(transaction: &WriteTransaction, receipts: &[Receipt]) -> Result<(), JournalError> {
    let mut accounts = transaction.open_table(ACCOUNTS)?;
    let mut groups = transaction.open_table(GROUPS)?;
    let mut topics = transaction.open_table(TOPICS)?;
    let mut members = transaction.open_table(MEMBERS)?;
    let mut messages = transaction.open_table(MESSAGES)?;
    let mut conversations = transaction.open_table(CONVERSATIONS)?;
    let mut reads = transaction.open_table(READS)?;
    let mut next_group = 0;
    for receipt in receipts {
        match receipt {
            Receipt::Account { account, content } => drop(accounts.insert(account.as_str(), content)?),
            Receipt::Group { id, group } => {
                next_group = next_group.max(group.number + 1);
                groups.insert(id.as_str(), group.row())?;
            }
            Receipt::Topic { group, topic, profile } => drop(topics.insert((*group, *topic), profile)?),
            Receipt::Member { group, account, content } => {
                members.insert((*group, *account), content)?;
            }
            Receipt::Message { of, identity, message } => {
                messages.insert((of.group, of.topic, *identity), (message.content, message.seq))?;
            }
            Receipt::Conversation { of, conversation } => {
                let row = (conversation.last_seq, conversation.last_ms, conversation.messages);
                conversations.insert((of.group, of.topic), row)?;
            }
            Receipt::Read { of, account, read } => {
                reads.insert((of.group, of.topic, *account), (read.unread, read.messages))?;
            }
            Receipt::Job { fingerprint, job } => {
                transaction.open_table(JOBS)?.insert(fingerprint.as_str(), job.as_str())?;
            }
            Receipt::JobUndone { fingerprint } => {
                transaction.open_table(JOBS)?.remove(fingerprint.as_str())?;
            }
            Receipt::Undone { id } => drop(groups.remove(id.as_str())?),
            Receipt::File { file, content, place } => put_file(transaction, *file, *content, place)?,
            Receipt::Friend { name, content } => {
                transaction.open_table(FRIENDS)?.insert(name.as_str(), content)?;
            }
            Receipt::Block { name, content } => {
                transaction.open_table(BLOCKS)?.insert(name.as_str(), content)?;
            }
            Receipt::Direct { pair, identity, content } => {
                transaction.open_table(DIRECT)?.insert((*pair, *identity), content)?;
            }
            Receipt::Source(source) => {
                transaction.open_table(TEXTS)?.insert(SOURCE, source.as_str())?;
            }
        }
    }
    let mut counters = transaction.open_table(COUNTERS)?;
    let known = counters.get(NEXT_GROUP)?.map_or(0, |number| number.value());
    if known < next_group {
        counters.insert(NEXT_GROUP, next_group)?;
    }
    Ok(())
}
