//! Receipts of what was brought in, in one file.
//!
//! A receipt is on the disk when writing it has returned; receipts that come together share one sync. A program that is
//! killed loses the newest ones only, which an import replaces by asking the server. Undoing and verifying read the receipts.

mod error;
mod header;
mod receipt;
mod tables;
mod writer;

pub use error::JournalError;
pub use receipt::{
    Conversation, ConversationReceipt, GroupReceipt, Made, MessageReceipt, ReadReceipt, Receipt,
};

use crate::format::address::Place;
use redb::{Database, ReadableDatabase as _, ReadableTable as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tables::{
    ACCOUNTS, BLOCKS, CONVERSATIONS, DIRECT, FILES, FRIENDS, GROUPS, JOBS, MEMBERS, MESSAGES, READS, SOURCE,
    TEXTS, TOPICS,
};
use writer::Writer;
use xxhash_rust::xxh3::xxh3_64;

const CACHE_BYTES: usize = 64 << 20;

/// What a journal belongs to. An import into another server or app cannot use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its address, as [`Server::address`](crate::server::Server::address) gives it.
    pub server: String,
    /// `SDKAppID`.
    pub app: u32,
}

/// Receipts of imports of one source, or of newer exports of it, into one app.
pub struct Journal {
    database: Arc<Database>,
    writer: Writer,
    next_group: AtomicU64,
}

/// A short form of a text or of several joined by zero bytes, equal for equal ones.
#[must_use]
pub fn hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

impl Journal {
    /// Opens a journal, or makes a new one where there is none.
    ///
    /// # Errors
    /// The file is no journal, is damaged, in use, or belongs to another server or app.
    pub fn open(path: &Path, owner: &Owner) -> Result<Self, JournalError> {
        header::check(path)?;
        let file = path.to_owned();
        // The engine panics at some damages: in a thread of its own, that is an error.
        let opened = std::thread::spawn(move || Database::builder().set_cache_size(CACHE_BYTES).create(file));
        let opened = opened.join().map_err(|_| JournalError::Damaged(path.to_owned()))?;
        let database = Arc::new(opened.map_err(|error| JournalError::opening(path, error))?);
        let next_group = tables::prepare(&database, path, owner)?;
        let writer = Writer::start(Arc::clone(&database));
        Ok(Self { database, writer, next_group: AtomicU64::new(next_group) })
    }

    /// Writes receipts; they are on the disk when this returns.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn write(&self, receipts: Vec<Receipt>) -> Result<(), JournalError> {
        if receipts.is_empty() { Ok(()) } else { self.writer.write(receipts).await }
    }

    /// The jobs on the server that brought files in: fingerprint of the file, and job.
    ///
    /// # Errors
    /// The disk fails.
    pub fn jobs(&self) -> Result<Vec<(String, String)>, JournalError> {
        let table = self.database.begin_read()?.open_table(JOBS)?;
        let row =
            |row: Result<(redb::AccessGuard<'_, &str>, redb::AccessGuard<'_, &str>), redb::StorageError>| {
                let (fingerprint, job) = row?;
                Ok((fingerprint.value().to_owned(), job.value().to_owned()))
            };
        table.iter()?.map(row).collect()
    }

    /// The file that was imported last.
    ///
    /// # Errors
    /// The disk fails.
    pub fn source(&self) -> Result<Option<String>, JournalError> {
        let table = self.database.begin_read()?.open_table(TEXTS)?;
        Ok(table.get(SOURCE)?.map(|source| source.value().to_owned()))
    }

    /// A number for a group that has no receipt yet.
    #[must_use]
    pub fn new_group(&self) -> u64 {
        self.next_group.fetch_add(1, Ordering::Relaxed)
    }

    /// The hash of an account's content.
    ///
    /// # Errors
    /// The disk fails, as for all that follow.
    pub fn account(&self, account: &str) -> Result<Option<u64>, JournalError> {
        let table = self.database.begin_read()?.open_table(ACCOUNTS)?;
        Ok(table.get(account)?.map(|hash| hash.value()))
    }

    /// The hash of what an account keeps of a friend. `name`: the account, a tab, and the friend.
    ///
    /// # Errors
    /// The disk fails.
    pub fn friend(&self, name: &str) -> Result<Option<u64>, JournalError> {
        let table = self.database.begin_read()?.open_table(FRIENDS)?;
        Ok(table.get(name)?.map(|hash| hash.value()))
    }

    /// The hash of an entry of a blocklist. `name`: the account, a tab, and the account on its blocklist.
    ///
    /// # Errors
    /// The disk fails.
    pub fn block(&self, name: &str) -> Result<Option<u64>, JournalError> {
        let table = self.database.begin_read()?.open_table(BLOCKS)?;
        Ok(table.get(name)?.map(|hash| hash.value()))
    }

    /// The hash of a message between two accounts, by the hash of their names.
    ///
    /// # Errors
    /// The disk fails.
    pub fn direct(&self, pair: u64, identity: u64) -> Result<Option<u64>, JournalError> {
        let table = self.database.begin_read()?.open_table(DIRECT)?;
        Ok(table.get((pair, identity))?.map(|hash| hash.value()))
    }

    /// The receipt of a group.
    ///
    /// # Errors
    /// The disk fails.
    pub fn group(&self, id: &str) -> Result<Option<GroupReceipt>, JournalError> {
        let table = self.database.begin_read()?.open_table(GROUPS)?;
        Ok(table.get(id)?.map(|row| GroupReceipt::from_row(row.value())))
    }

    /// The groups that have receipts, behind `after`, in order of their ids, at most `limit`.
    ///
    /// # Errors
    /// The disk fails.
    pub fn groups(&self, after: &str, limit: usize) -> Result<Vec<(String, GroupReceipt)>, JournalError> {
        let table = self.database.begin_read()?.open_table(GROUPS)?;
        let rows = table.range(after..)?.filter(|row| !matches!(row, Ok((id, _)) if id.value() == after));
        rows.take(limit)
            .map(|row| {
                let (id, row) = row?;
                Ok((id.value().to_owned(), GroupReceipt::from_row(row.value())))
            })
            .collect()
    }

    /// The hash of a topic's profile.
    ///
    /// # Errors
    /// The disk fails.
    pub fn topic(&self, group: u64, topic: &str) -> Result<Option<u64>, JournalError> {
        let table = self.database.begin_read()?.open_table(TOPICS)?;
        Ok(table.get((group, hash(topic)))?.map(|hash| hash.value()))
    }

    /// The hash of a member's content.
    ///
    /// # Errors
    /// The disk fails.
    pub fn member(&self, group: u64, account: &str) -> Result<Option<u64>, JournalError> {
        let table = self.database.begin_read()?.open_table(MEMBERS)?;
        Ok(table.get((group, hash(account)))?.map(|hash| hash.value()))
    }

    /// How far the history of a conversation is.
    ///
    /// # Errors
    /// The disk fails.
    pub fn conversation(&self, of: Conversation) -> Result<ConversationReceipt, JournalError> {
        let table = self.database.begin_read()?.open_table(CONVERSATIONS)?;
        let row = table.get((of.group, of.topic))?;
        Ok(row.map(|row| ConversationReceipt::from_row(row.value())).unwrap_or_default())
    }

    /// The first receipt of a message that has one of these identities.
    ///
    /// # Errors
    /// The disk fails.
    pub fn message(
        &self,
        of: Conversation,
        identities: &[u64],
    ) -> Result<Option<MessageReceipt>, JournalError> {
        let table = self.database.begin_read()?.open_table(MESSAGES)?;
        for identity in identities {
            if let Some(row) = table.get((of.group, of.topic, *identity))? {
                let (content, seq) = row.value();
                return Ok(Some(MessageReceipt { content, seq }));
            }
        }
        Ok(None)
    }

    /// What stands for the content of a file, by the hash of its name, and what messages have in its place.
    ///
    /// # Errors
    /// The disk fails.
    pub fn file(&self, file: u64) -> Result<Option<(u64, Place)>, JournalError> {
        let table = self.database.begin_read()?.open_table(FILES)?;
        Ok(table.get(file)?.map(|row| {
            let (content, bytes, is_address, text) = row.value();
            let text = text.to_owned();
            (content, if is_address { Place::At(text, bytes) } else { Place::Gone(text) })
        }))
    }

    /// What the unread count of a member was set to.
    ///
    /// # Errors
    /// The disk fails.
    pub fn read(&self, of: Conversation, account: &str) -> Result<Option<ReadReceipt>, JournalError> {
        let table = self.database.begin_read()?.open_table(READS)?;
        let row = table.get((of.group, of.topic, hash(account)))?;
        Ok(row.map(|row| {
            let (unread, messages) = row.value();
            ReadReceipt { unread, messages }
        }))
    }
}

#[cfg(test)]
mod tests;
