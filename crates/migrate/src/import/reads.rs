//! How far members have read: as unread counts, set when all messages are there.

use super::ImportError;
use super::desk::{End, fault};
use super::group::GroupWork;
use super::talk::Talk;
use crate::fault::FaultCode;
use crate::format::{Kind, Message, Read, Record, identity};
use crate::journal::{ReadReceipt, Receipt, hash};
use crate::rules::defaults::{ReadUpTo, read_up_to};
use serde_json::json;

impl GroupWork<'_> {
    /// Brings in what comes before read marks and has not been sent yet.
    pub(super) async fn end_of_messages(&mut self) -> Result<(), ImportError> {
        self.flush_members().await?;
        self.leave().await?;
        self.make_changes().await
    }

    pub(super) async fn read(&mut self, line: u64, read: &Read) -> Result<(), ImportError> {
        let topic = read.topic_id.as_deref().filter(|topic| !topic.is_empty());
        let name = topic.unwrap_or_default();
        if !self.talks.contains_key(name) {
            let talk = self.open(topic)?;
            self.talks.insert(name.to_owned(), talk);
        }
        let Some(talk) = self.talks.get(name) else { return Ok(()) };
        let Some(unread) = self.unread(talk, read)? else {
            let fault =
                fault(FaultCode::NoSuchMessage, "the message is not among those that were brought in");
            return Ok(self.run.desk.fail(line, &Record::Read(read.clone()), fault)?);
        };
        let known = self.run.journal.read(talk.of, &read.account)?;
        // Bringing in messages sets the counts of all members to 0.
        let has = known.filter(|known| known.messages == talk.at.messages).map_or(0, |known| known.unread);
        if has == unread {
            self.run.desk.count(Kind::Read, End::Unchanged);
            return Ok(());
        }
        if topic.is_some() {
            let fault = fault(FaultCode::NotSupported, "the API has no call for unread counts of topics");
            return Ok(self.run.desk.fail(line, &Record::Read(read.clone()), fault)?);
        }
        let body = json!({ "GroupId": self.id, "Member_Account": read.account, "UnreadMsgNum": unread });
        match self.run.ask("group_open_http_svc/set_unread_msg_num", &body).await? {
            Ok(_) => {
                let (of, account) = (talk.of, hash(&read.account));
                let read = ReadReceipt { unread, messages: talk.at.messages };
                self.run.write(vec![Receipt::Read { of, account, read }]).await?;
                self.run.desk.count(Kind::Read, End::Imported);
            }
            Err(refusal) => {
                let fault = fault(FaultCode::Refused, refusal.text());
                self.run.desk.fail(line, &Record::Read(read.clone()), fault)?;
            }
        }
        Ok(())
    }

    /// Messages behind the mark; `None` where its message is not in the server.
    fn unread(&self, talk: &Talk, read: &Read) -> Result<Option<u32>, ImportError> {
        Ok(match read_up_to(read) {
            None => None,
            Some(ReadUpTo::Unread(unread)) => Some(unread.saturating_sub(talk.missing)),
            Some(ReadUpTo::Ms(ms)) => {
                let read = talk.times.partition_point(|sent| *sent <= ms);
                u32::try_from(talk.times.len() - read).ok()
            }
            Some(ReadUpTo::Key(key)) => {
                let (src, key) = (read.src.clone(), key.to_owned());
                let identity = hash(&identity::identity(&Message { src, key, ..Message::default() }));
                let message = self.run.journal.message(talk.of, &[identity])?;
                message.map(|message| talk.at.last_seq.saturating_sub(message.seq))
            }
        })
    }
}
