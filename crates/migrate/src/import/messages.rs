//! Messages: each conversation grows at its end, and a message is sent only when the one before it is known to be stored.

use super::desk::{End, fault};
use super::group::GroupWork;
use super::message::{Prepared, Row};
use super::run::Refusal;
use super::talk::Talk;
use super::{ImportError, OnChange, files};
use crate::fault::{Fault, FaultCode};
use crate::format::{Kind, Message, Record};
use crate::journal::{MessageReceipt, Receipt};
use serde::Serialize;
use serde_json::Value;

const COMMAND: &str = "group_open_http_svc/import_group_msg";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    group_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic_id: Option<&'a str>,
    /// 1: members find the group among their conversations, as after a job. Nobody is notified.
    recent_contact_flag: u8,
    msg_list: Vec<&'a Row>,
}

impl GroupWork<'_> {
    fn messages_per_call(&self) -> usize {
        let takes = self.run.calls.messages_per_call;
        let default = if self.run.calls.landfall.is_some() { takes } else { 1 };
        self.run.options.messages_per_call.unwrap_or(default).clamp(1, takes)
    }

    /// Ends the history of the current conversation at a message.
    pub(super) fn stop_history(&mut self, line: u64) {
        if let Some(talk) = &mut self.talk
            && talk.stopped.is_none()
        {
            talk.stopped = Some(line);
            talk.missing += 1;
            self.run.desk.history_stopped();
        }
    }

    fn fail_message(&self, line: u64, message: &Message, fault: Fault) -> Result<(), ImportError> {
        Ok(self.run.desk.fail(line, &Record::Message(message.clone()), fault)?)
    }

    fn after_stop(&self, line: u64, message: &Message, stopped: u64) -> Result<(), ImportError> {
        let reason =
            format!("the history stopped at the message of line {stopped}; mend that and import again");
        self.fail_message(line, message, fault(FaultCode::AfterRefused, reason))
    }

    pub(super) async fn message(&mut self, line: u64, message: &Message) -> Result<(), ImportError> {
        if message.topic_id.as_ref().is_some_and(|topic| self.lost_topics.contains(topic)) {
            let fault = fault(FaultCode::NoSuchTopic, "its topic was not brought in");
            return self.fail_message(line, message, fault);
        }
        self.enter(message.topic_id.as_deref()).await?;
        let placed = files::placed(self.run.journal, message)?;
        let prepared = Prepared::new(line, message, placed, self.run.rules.limits.messages.bytes);
        let Some(mut talk) = self.talk.take() else { return Ok(()) };
        let mut known = self.run.journal.message(talk.of, &prepared.identities)?;
        if known.is_none() && !talk.looked && talk.stopped.is_none() {
            self.look(&mut talk, &[]).await?;
            known = self.run.journal.message(talk.of, &prepared.identities)?;
        }
        let place = (talk.stopped, prepared.sent_ms < talk.at.last_ms);
        let per_call = self.messages_per_call();
        let talk = self.talk.insert(talk);
        match (known, place) {
            (Some(receipt), _) => {
                talk.times.push(prepared.sent_ms);
                self.known(prepared, receipt).await
            }
            (None, (Some(stopped), _)) => {
                talk.missing += 1;
                self.after_stop(line, message, stopped)
            }
            (None, (None, true)) => {
                let reason = "later messages are in the history already, and it grows at its end only";
                self.fail_message(line, message, fault(FaultCode::Behind, reason))
            }
            (None, (None, false)) => {
                let bytes: usize = talk.batch.iter().map(Prepared::bytes).sum();
                // Half of it, because escapes make texts longer.
                if self.run.calls.request_bytes / 2 < bytes + prepared.bytes() {
                    self.flush().await?;
                }
                let Some(talk) = &mut self.talk else { return Ok(()) };
                talk.batch.push(prepared);
                if per_call <= talk.batch.len() { self.flush().await } else { Ok(()) }
            }
        }
    }

    /// A message that was brought in before.
    async fn known(&mut self, message: Prepared, receipt: MessageReceipt) -> Result<(), ImportError> {
        if receipt.content == message.content {
            self.run.desk.count(Kind::Message, End::Unchanged);
            return Ok(());
        }
        match self.run.options.on_change {
            OnChange::Skip => self.run.desk.count(Kind::Message, End::Skipped),
            OnChange::Fail => {
                let fault = fault(FaultCode::Changed, "the server has it with another content");
                self.fail_message(message.line, &message.record, fault)?;
            }
            OnChange::Update => {
                let body = message.change(&self.id, receipt.seq);
                match self.run.ask("openim/modify_group_msg", &body).await? {
                    Ok(_) => {
                        let of = self.talk.as_ref().map(|talk| talk.of).unwrap_or_default();
                        let receipt = MessageReceipt { content: message.content, ..receipt };
                        let identity = message.identities[0];
                        self.run.write(vec![Receipt::Message { of, identity, message: receipt }]).await?;
                        self.run.desk.count(Kind::Message, End::Updated);
                    }
                    Err(refusal) => {
                        let fault = fault(FaultCode::Refused, refusal.text());
                        self.fail_message(message.line, &message.record, fault)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Brings in the messages that wait.
    pub(super) async fn flush(&mut self) -> Result<(), ImportError> {
        let Some(mut talk) = self.talk.take() else { return Ok(()) };
        let batch = std::mem::take(&mut talk.batch);
        let sent = if batch.is_empty() { Ok(()) } else { self.send(&mut talk, batch).await };
        self.talk = Some(talk);
        sent
    }

    async fn send(&mut self, talk: &mut Talk, mut batch: Vec<Prepared>) -> Result<(), ImportError> {
        self.run.know(batch.iter().map(|message| message.row.from.as_str())).await?;
        let mut backoff = self.run.server.backoff();
        let mut per_call = batch.len();
        while !batch.is_empty() && talk.stopped.is_none() {
            let rows: Vec<_> = batch.iter().take(per_call).map(|message| &message.row).collect();
            let sent = rows.len();
            let topic_id = talk.topic.as_deref();
            let body = Body { group_id: &self.id, topic_id, recent_contact_flag: 1, msg_list: rows };
            match self.run.server.call(COMMAND, &body).await {
                Ok(reply) => batch = self.answered(talk, batch, sent, &reply).await?,
                Err(error) if error.passes() => {
                    let unsure = !error.had_no_effect();
                    backoff.wait(self.run.server, COMMAND, error).await?;
                    if unsure {
                        // Landfall notices a message that comes again.
                        if self.run.calls.landfall.is_none() {
                            self.run.server.settle(COMMAND).await?;
                        }
                        batch = self.find_out(talk, batch).await?;
                    }
                }
                Err(error) => {
                    let refusal = Refusal::of(error)?;
                    if 1 < sent {
                        per_call = 1; // One message of it may be why.
                    } else if !batch.is_empty() {
                        let refused = batch.remove(0);
                        self.refuse(talk, &refused, refusal.text())?;
                    }
                }
            }
        }
        for message in batch {
            talk.missing += 1;
            self.after_stop(message.line, &message.record, talk.stopped.unwrap_or_default())?;
        }
        Ok(())
    }

    fn refuse(&self, talk: &mut Talk, message: &Prepared, reason: String) -> Result<(), ImportError> {
        if talk.stopped.is_none() {
            talk.stopped = Some(message.line);
            self.run.desk.history_stopped();
        }
        talk.missing += 1;
        self.fail_message(message.line, &message.record, fault(FaultCode::Refused, reason))
    }

    /// The server answered for the first `sent` messages. Returns those that are still to be sent.
    async fn answered(
        &mut self,
        talk: &mut Talk,
        mut batch: Vec<Prepared>,
        sent: usize,
        reply: &Value,
    ) -> Result<Vec<Prepared>, ImportError> {
        let rows = reply.get("ImportMsgResult").and_then(Value::as_array);
        let results: Vec<_> = rows.into_iter().flatten().map(result).collect();
        if results.len() != sent || results.contains(&Outcome::Stored(0)) {
            // Some editions give no numbers.
            return self.find_out(talk, batch).await;
        }
        let rest = batch.split_off(sent);
        let (mut receipts, mut at, mut stored) = (Vec::new(), talk.at, Vec::new());
        for (message, result) in batch.into_iter().zip(results) {
            match result {
                Outcome::Stored(seq) => {
                    let receipt = MessageReceipt { content: message.content, seq };
                    let identity = message.identities[0];
                    receipts.push(Receipt::Message { of: talk.of, identity, message: receipt });
                    at.messages += 1;
                    at.last_seq = at.last_seq.max(seq);
                    at.last_ms = at.last_ms.max(message.sent_ms);
                    stored.push(message.sent_ms);
                }
                Outcome::Refused(_) if talk.stopped.is_some() => {
                    talk.missing += 1;
                    self.after_stop(message.line, &message.record, talk.stopped.unwrap_or_default())?;
                }
                Outcome::Refused(reason) => self.refuse(talk, &message, reason)?,
            }
        }
        receipts.push(Receipt::Conversation { of: talk.of, conversation: at });
        self.run.write(receipts).await?;
        talk.at = at;
        for sent_ms in stored {
            talk.times.push(sent_ms);
            self.run.desk.count(Kind::Message, End::Imported);
        }
        Ok(rest)
    }

    /// Finds out which messages of a call without an answer are stored. Returns those that are still to be sent.
    async fn find_out(
        &mut self,
        talk: &mut Talk,
        batch: Vec<Prepared>,
    ) -> Result<Vec<Prepared>, ImportError> {
        let found = self.look(talk, &batch).await?;
        let last = found.iter().rposition(|found| *found);
        let mut rest = Vec::new();
        for (place, (message, found)) in batch.into_iter().zip(found).enumerate() {
            if found {
                talk.times.push(message.sent_ms);
                self.run.desk.count(Kind::Message, End::Imported);
            } else if last.is_some_and(|last| place < last) {
                let reason =
                    "the server stored the messages behind it, and not this one; its answer was lost";
                self.refuse(talk, &message, reason.to_owned())?;
            } else {
                rest.push(message);
            }
        }
        Ok(rest)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// With its number, or 0.
    Stored(u32),
    Refused(String),
}

fn result(row: &Value) -> Outcome {
    let number = |name: &str| row.get(name).and_then(Value::as_u64);
    match number("Result") {
        Some(0) => {
            let seq = number("MsgSeq").and_then(|seq| u32::try_from(seq).ok());
            Outcome::Stored(seq.unwrap_or_default())
        }
        code => {
            let info = row.get("ResultInfo").and_then(Value::as_str).unwrap_or_default();
            let info = if info.is_empty() { String::new() } else { format!(": {info}") };
            Outcome::Refused(format!("the server refused it with {}{info}", code.unwrap_or_default()))
        }
    }
}
