//! The blocklist of an account, by `black_list_add`, which tells the app's webhook of it and ends the friendship of the two.

use super::super::desk::{End, fault};
use super::super::run::{Run, content, texts};
use super::super::{ImportError, OnChange};
use super::BETWEEN;
use crate::fault::FaultCode;
use crate::format::{Block, Kind, Record};
use crate::journal::Receipt;
use serde_json::{Value, json};

/// What the answer says of one that is on the list already.
const IS_BLOCKED: &str = "Already_Exist";

struct Pending {
    line: u64,
    block: Block,
    content: u64,
    end: End,
}

pub(super) struct Blocks<'a, 'b> {
    run: &'a Run<'b>,
    pending: Vec<Pending>,
}

/// What an entry is called in the journal.
fn name(block: &Block) -> String {
    format!("{}{BETWEEN}{}", block.account, block.blocked)
}

impl<'a, 'b> Blocks<'a, 'b> {
    pub(super) fn new(run: &'a Run<'b>) -> Self {
        Self { run, pending: Vec::new() }
    }

    pub(super) async fn add(&mut self, line: u64, block: &Block) -> Result<(), ImportError> {
        let (run, record) = (self.run, Record::Block(block.clone()));
        let content = content(&record);
        let end = match run.journal.block(&name(block))? {
            Some(known) if known == content => End::Unchanged,
            None => {
                self.pending.push(Pending { line, block: block.clone(), content, end: End::Imported });
                let is_full = run.rules.limits.friends.per_call <= self.pending.len();
                return if is_full { self.flush().await } else { Ok(()) };
            }
            // Only the time differs, which no call sets.
            Some(_) if run.options.on_change == OnChange::Fail => {
                let fault = fault(FaultCode::Changed, "an earlier import had another content");
                return Ok(run.desk.fail(line, &record, fault)?);
            }
            Some(_) => End::Skipped,
        };
        run.desk.count(Kind::Block, end);
        Ok(())
    }

    /// A call that is refused as a whole is made again with its halves, so that only what it was refused for fails.
    pub(super) async fn flush(&mut self) -> Result<(), ImportError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut parts = vec![std::mem::take(&mut self.pending)];
        while let Some(mut blocks) = parts.pop() {
            let account = blocks.first().map_or("", |pending| pending.block.account.as_str());
            let names: Vec<_> = blocks.iter().map(|pending| pending.block.blocked.as_str()).collect();
            self.run.must_know(names.iter().copied().chain([account])).await?;
            let body = json!({ "From_Account": account, "To_Account": names });
            match self.run.ask("sns/black_list_add", &body).await? {
                Ok(reply) => self.took(blocks, &reply).await?,
                Err(_) if 1 < blocks.len() => {
                    let half = blocks.split_off(blocks.len() / 2);
                    parts.extend([half, blocks]);
                }
                Err(refusal) => {
                    for pending in blocks {
                        let fault = fault(FaultCode::Refused, refusal.text());
                        self.run.desk.fail(pending.line, &Record::Block(pending.block), fault)?;
                    }
                }
            }
        }
        Ok(())
    }

    async fn took(&self, blocks: Vec<Pending>, reply: &Value) -> Result<(), ImportError> {
        let rows = reply.get("ResultItem").and_then(Value::as_array);
        let rows: Vec<_> = rows.into_iter().flatten().collect();
        let failed = texts(reply.get("Fail_Account"));
        let mut receipts = Vec::new();
        for pending in blocks {
            let id = pending.block.blocked.as_str();
            let text = |row: &Value, name: &str| {
                row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            let row = rows.iter().find(|row| text(row, "To_Account") == id);
            let code = row.and_then(|row| row.get("ResultCode")).and_then(Value::as_u64);
            let info = row.map(|row| text(row, "ResultInfo")).unwrap_or_default();
            let is_fine = match code {
                Some(code) => code == 0 || info.contains(IS_BLOCKED),
                None => !failed.contains(&id),
            };
            if !is_fine {
                let reason = format!("the server refused it with {}: {info}", code.unwrap_or_default());
                let fault = fault(FaultCode::Refused, reason);
                self.run.desk.fail(pending.line, &Record::Block(pending.block), fault)?;
                continue;
            }
            receipts.push(Receipt::Block { name: name(&pending.block), content: pending.content });
            self.run.desk.count(Kind::Block, pending.end);
        }
        self.run.write(receipts).await
    }
}
