//! What the server has of a conversation.

use super::ImportError;
use super::group::{GroupWork, Place};
use super::message::{Prepared, Stored};
use super::talk::Talk;
use crate::journal::{Conversation, MessageReceipt, Receipt, hash};
use serde_json::{Value, json};

/// Messages of one page.
const PAGE: u32 = 20;

impl GroupWork<'_> {
    /// Makes the conversation of a topic, or the group's own, the one whose messages come.
    pub(super) async fn enter(&mut self, topic: Option<&str>) -> Result<(), ImportError> {
        let topic = topic.filter(|topic| !topic.is_empty());
        if self.talk.as_ref().is_some_and(|talk| talk.topic.as_deref() == topic) {
            return Ok(());
        }
        self.leave().await?;
        self.talk = Some(self.open(topic)?);
        Ok(())
    }

    /// Brings in the messages that wait, and puts their conversation aside for its read marks.
    pub(super) async fn leave(&mut self) -> Result<(), ImportError> {
        self.flush().await?;
        if let Some(talk) = self.talk.take() {
            self.talks.insert(talk.topic.clone().unwrap_or_default(), talk);
        }
        Ok(())
    }

    /// A conversation as the journal knows it.
    pub(super) fn open(&self, topic: Option<&str>) -> Result<Talk, ImportError> {
        let (number, fresh) = match self.place {
            Place::There { number, fresh } => (number, fresh),
            Place::Unknown | Place::Out => (u64::MAX, false),
        };
        let of = Conversation { group: number, topic: topic.map(hash).unwrap_or_default() };
        Ok(Talk {
            topic: topic.map(str::to_owned),
            of,
            at: self.run.journal.conversation(of)?,
            looked: fresh,
            batch: Vec::new(),
            stopped: None,
            times: Vec::new(),
            missing: 0,
        })
    }

    /// Asks the server for messages that the journal does not have, and writes receipts for them. Returns which of `sent` are
    /// among them.
    pub(super) async fn look(&self, talk: &mut Talk, sent: &[Prepared]) -> Result<Vec<bool>, ImportError> {
        let known = talk.at.last_seq;
        let (mut newest, mut at) = (None, talk.at);
        let mut found = vec![false; sent.len()];
        let mut up_to = None;
        let app = self.run.server.app();
        loop {
            let page = self.page(talk, up_to).await?;
            let rows = page.get("RspMsgList").and_then(Value::as_array);
            let rows: Vec<_> = rows.into_iter().flatten().map(|row| Stored::of(row, app)).collect();
            let Some(last) = rows.iter().map(|row| row.seq).min() else { break };
            let mut receipts = Vec::new();
            for row in rows.iter().filter(|row| known < row.seq) {
                newest = newest.max(Some(row.seq));
                let Some(said) = &row.said else { continue };
                at.messages += 1;
                at.last_ms = at.last_ms.max(said.sent_ms);
                let place = sent.iter().position(|message| message.identities[1] == said.number);
                let (mut identity, mut content) = (said.identity, said.content);
                if let Some((message, found)) = place.and_then(|at| sent.get(at).zip(found.get_mut(at))) {
                    *found = true;
                    (identity, content) = (message.identities[0], message.content);
                    at.last_ms = at.last_ms.max(message.sent_ms);
                }
                let message = MessageReceipt { content, seq: row.seq };
                receipts.push(Receipt::Message { of: talk.of, identity, message });
            }
            self.run.write(receipts).await?;
            // 1 may also say that the page is whole; 2, that all of it is expired.
            let is_expired = page.get("IsFinished").and_then(Value::as_u64) == Some(2);
            if is_expired || last <= known.saturating_add(1) {
                break;
            }
            up_to = Some(last - 1);
        }
        // Last, so that a stop before asks again for all of it.
        at.last_seq = newest.unwrap_or(known);
        if at != talk.at {
            self.run.write(vec![Receipt::Conversation { of: talk.of, conversation: at }]).await?;
        }
        (talk.at, talk.looked) = (at, true);
        Ok(found)
    }

    async fn page(&self, talk: &Talk, up_to: Option<u32>) -> Result<Value, ImportError> {
        let mut question = json!({ "GroupId": self.id, "ReqMsgNumber": PAGE });
        if let Some(members) = question.as_object_mut() {
            if let Some(topic) = &talk.topic {
                members.insert("TopicId".to_owned(), topic.as_str().into());
            }
            if let Some(up_to) = up_to {
                members.insert("ReqMsgSeq".to_owned(), up_to.into());
            }
        }
        // A topic that is not there has no messages; sending to it says why.
        Ok(self.run.ask("group_open_http_svc/group_msg_get_simple", &question).await?.unwrap_or_default())
    }
}
