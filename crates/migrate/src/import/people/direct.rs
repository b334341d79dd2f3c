//! Messages between two accounts, one in a call, in the order in which they were sent.
//!
//! [choice] Whatever is imported counts as read: the API has no silent call that says otherwise. So a read mark that leaves
//! something unread is a fault.

use super::super::desk::{End, fault};
use super::super::run::Run;
use super::super::{ImportError, OnChange, files};
use crate::direct::Places;
use crate::fault::FaultCode;
use crate::format::record::pair_name;
use crate::format::{Json, Kind, Message, Read, Record, custom, identity};
use crate::journal::{Receipt, hash};
use landfall_domain::element;
use landfall_domain::people::message::MessageKey;
use serde_json::{Value, json};

/// How clients take an imported message: as history, of which nobody hears.
const AS_HISTORY: u8 = 2;

pub(super) struct Conversation<'a, 'b> {
    run: &'a Run<'b>,
    places: Places,
}

impl<'a, 'b> Conversation<'a, 'b> {
    pub(super) fn new(run: &'a Run<'b>) -> Self {
        Self { run, places: Places::default() }
    }

    pub(super) async fn message(&mut self, line: u64, message: &Message) -> Result<(), ImportError> {
        let Some(to) = message.receiver() else { return Ok(()) };
        let Some(key) = self.places.add(message) else { return Ok(()) };
        let run = self.run;
        let placed = files::placed(run.journal, message)?;
        let body = placed.unwrap_or_else(|| message.msg_body.clone());
        let room = run.rules.limits.messages.bytes.saturating_sub(element::size(body.as_str()));
        let custom = custom::fold(message, room).text;
        let pair = hash(&pair_name(&message.from, to));
        let identity = hash(&identity::identity(message));
        let says =
            format!("{}\0{}\0{}", message.from, body.canonical(), custom.as_deref().unwrap_or_default());
        let receipt = Receipt::Direct { pair, identity, content: hash(&says) };
        let (sent, end) = match run.journal.direct(pair, identity)? {
            Some(known) if known == hash(&says) => {
                run.desk.count(Kind::Message, End::Unchanged);
                return Ok(());
            }
            None => {
                run.know([message.from.as_str(), to]).await?;
                let call = import_body(message, to, key, &body, custom.as_deref());
                (run.ask("openim/importmsg", &call).await?, End::Imported)
            }
            Some(_) => match run.options.on_change {
                OnChange::Skip => {
                    run.desk.count(Kind::Message, End::Skipped);
                    return Ok(());
                }
                OnChange::Fail => {
                    let fault = fault(FaultCode::Changed, "the server has it with another content");
                    return Ok(run.desk.fail(line, &Record::Message(message.clone()), fault)?);
                }
                OnChange::Update => {
                    let call = json!({
                        "From_Account": message.from, "To_Account": to, "MsgKey": key.to_string(),
                        "MsgBody": body.value(), "CloudCustomData": custom.as_deref().unwrap_or_default()
                    });
                    (run.ask("openim/modify_c2c_msg", &call).await?, End::Updated)
                }
            },
        };
        match sent {
            Ok(_) => {
                run.write(vec![receipt]).await?;
                run.desk.count(Kind::Message, end);
            }
            Err(refusal) => {
                let fault = fault(FaultCode::Refused, refusal.text());
                run.desk.fail(line, &Record::Message(message.clone()), fault)?;
            }
        }
        Ok(())
    }

    pub(super) fn read(&self, line: u64, read: &Read) -> Result<(), ImportError> {
        let unread = self.places.mark(read).map_or(0, |(_, unread)| unread);
        if unread == 0 {
            self.run.desk.count(Kind::Read, End::Unchanged);
            return Ok(());
        }
        let reason =
            "the API has no silent call for unread one-to-one messages: all that is imported is read";
        Ok(self.run.desk.fail(line, &Record::Read(read.clone()), fault(FaultCode::NotSupported, reason))?)
    }
}

fn import_body(message: &Message, to: &str, key: MessageKey, body: &Json, custom: Option<&str>) -> Value {
    let mut call = json!({
        "SyncFromOldSystem": AS_HISTORY, "From_Account": message.from, "To_Account": to, "MsgSeq": key.number,
        "MsgRandom": key.random, "MsgTimeStamp": key.sent.0, "MsgBody": body.value()
    });
    if let (Some(custom), Some(members)) = (custom, call.as_object_mut()) {
        members.insert("CloudCustomData".to_owned(), custom.into());
    }
    call
}
