//! Friends, blocklists, and messages between two accounts.
//!
//! All may be sent again: a friend that is imported again stays one, and a message is known by its time and its two numbers.

mod blocks;
mod direct;

use super::desk::{End, fault};
use super::feed::Item;
use super::run::{Run, content, texts};
use super::{ImportError, OnChange};
use crate::fault::FaultCode;
use crate::format::{Friend, Kind, Record};
use crate::journal::Receipt;
use crate::rules::people::SOURCE_DEFAULT;
use blocks::Blocks;
use direct::Conversation;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

/// Answers that say that the friend was there.
const IS_FRIEND: u64 = 30_520;

/// What stands between the names of a bundle of people, and is in no id of a group.
pub(super) const BETWEEN: char = '\t';

/// Brings in the friends and the blocklist of one account, or what passed between two.
pub(super) async fn import(run: &Run<'_>, mut items: UnboundedReceiver<Item>) -> Result<(), ImportError> {
    let mut friends = Friends { run, pending: Vec::new() };
    let mut blocks = Blocks::new(run);
    let mut conversation = Conversation::new(run);
    while let Some(item) = items.recv().await {
        let (kind, start) = (item.entry.record.kind(), Instant::now());
        if !item.faults.is_empty() {
            run.desk.fail_all(&item.entry.record, &item.faults)?;
            continue;
        }
        match &item.entry.record {
            Record::Friend(friend) => friends.add(item.line, friend).await?,
            Record::Block(block) => {
                // A friend that comes later would be one again.
                friends.flush().await?;
                blocks.add(item.line, block).await?;
            }
            Record::Message(message) => conversation.message(item.line, message).await?,
            Record::Read(read) => conversation.read(item.line, read)?,
            Record::Account(_)
            | Record::File(_)
            | Record::Group(_)
            | Record::Topic(_)
            | Record::Member(_) => {}
        }
        run.desk.took(kind, start.elapsed());
    }
    let start = Instant::now();
    friends.flush().await?;
    run.desk.took(Kind::Friend, start.elapsed());
    let start = Instant::now();
    blocks.flush().await?;
    run.desk.took(Kind::Block, start.elapsed());
    Ok(())
}

struct Pending {
    line: u64,
    friend: Friend,
    content: u64,
    end: End,
}

struct Friends<'a, 'b> {
    run: &'a Run<'b>,
    pending: Vec<Pending>,
}

/// What a friend is called in the journal.
fn name(friend: &Friend) -> String {
    format!("{}{BETWEEN}{}", friend.account, friend.friend)
}

impl Friends<'_, '_> {
    async fn add(&mut self, line: u64, friend: &Friend) -> Result<(), ImportError> {
        let (run, record) = (self.run, Record::Friend(friend.clone()));
        let content = content(&record);
        let end = match run.journal.friend(&name(friend))? {
            Some(known) if known == content => {
                run.desk.count(Kind::Friend, End::Unchanged);
                return Ok(());
            }
            None => End::Imported,
            Some(_) => match run.options.on_change {
                OnChange::Skip => {
                    run.desk.count(Kind::Friend, End::Skipped);
                    return Ok(());
                }
                OnChange::Update => End::Updated,
                OnChange::Fail => {
                    let fault = fault(FaultCode::Changed, "an earlier import had another content");
                    return Ok(run.desk.fail(line, &record, fault)?);
                }
            },
        };
        self.pending.push(Pending { line, friend: friend.clone(), content, end });
        if run.rules.limits.friends.per_call <= self.pending.len() { self.flush().await } else { Ok(()) }
    }

    /// A call that is refused as a whole is made again with its halves, so that only what it was refused for fails.
    async fn flush(&mut self) -> Result<(), ImportError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut parts = vec![std::mem::take(&mut self.pending)];
        while let Some(mut friends) = parts.pop() {
            let names = friends.iter().map(|pending| pending.friend.friend.as_str());
            let account = friends.first().map_or("", |pending| pending.friend.account.as_str());
            self.run.know(names.chain([account])).await?;
            let list: Vec<_> = friends.iter().map(|pending| body(&pending.friend)).collect();
            let body = json!({ "From_Account": account, "AddFriendItem": list });
            match self.run.ask("sns/friend_import", &body).await? {
                Ok(reply) => self.took(friends, &reply).await?,
                Err(_) if 1 < friends.len() => {
                    let half = friends.split_off(friends.len() / 2);
                    parts.extend([half, friends]);
                }
                Err(refusal) => {
                    for pending in friends {
                        let fault = fault(FaultCode::Refused, refusal.text());
                        self.run.desk.fail(pending.line, &Record::Friend(pending.friend), fault)?;
                    }
                }
            }
        }
        Ok(())
    }

    async fn took(&self, friends: Vec<Pending>, reply: &Value) -> Result<(), ImportError> {
        let rows = reply.get("ResultItem").and_then(Value::as_array);
        let rows: Vec<_> = rows.into_iter().flatten().collect();
        let failed = texts(reply.get("Fail_Account"));
        let mut receipts = Vec::new();
        for pending in friends {
            let id = pending.friend.friend.as_str();
            let text = |row: &Value, name: &str| {
                row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            let row = rows.iter().find(|row| text(row, "To_Account") == id);
            let code = row.and_then(|row| row.get("ResultCode")).and_then(Value::as_u64);
            let is_fine = match code {
                Some(code) => matches!(code, 0 | IS_FRIEND),
                None => !failed.contains(&id),
            };
            if !is_fine {
                let info = row.map(|row| text(row, "ResultInfo")).unwrap_or_default();
                let reason = format!("the server refused it with {}: {info}", code.unwrap_or_default());
                let fault = fault(FaultCode::Refused, reason);
                self.run.desk.fail(pending.line, &Record::Friend(pending.friend), fault)?;
                continue;
            }
            receipts.push(Receipt::Friend { name: name(&pending.friend), content: pending.content });
            self.run.desk.count(Kind::Friend, pending.end);
        }
        self.run.write(receipts).await
    }
}

/// An entry of `AddFriendItem`.
fn body(friend: &Friend) -> Value {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let time = |time: Option<u64>| time.filter(|time| *time != 0).map(Value::from);
    let custom = (!friend.custom_item.is_empty()).then(|| json!(friend.custom_item));
    let lists = (!friend.lists.is_empty()).then(|| json!(friend.lists));
    let source = given(&friend.add_source).unwrap_or_else(|| SOURCE_DEFAULT.to_owned());
    let mut body = Map::from_iter([
        ("To_Account".to_owned(), Value::from(friend.friend.as_str())),
        ("AddSource".to_owned(), source.into()),
    ]);
    for (name, value) in [
        ("Remark", given(&friend.remark).map(Value::from)),
        ("RemarkTime", time(friend.remark_time)),
        ("GroupName", lists),
        ("AddWording", given(&friend.add_wording).map(Value::from)),
        ("AddTime", time(friend.add_time)),
        ("CustomItem", custom),
    ] {
        body.extend(value.map(|value| (name.to_owned(), value)));
    }
    body.into()
}
