//! Records that the server has with another content.

use super::desk::{End, fault};
use super::group::{Change, GroupWork, Place};
use super::run::{Refusal, content};
use super::{ImportError, OnChange, profile};
use crate::fault::FaultCode;
use crate::format::Record;
use crate::journal::{Receipt, hash};
use serde_json::Value;

impl Change {
    fn record(&self) -> Record {
        match self {
            Self::Group(_, group, _) => Record::Group(group.clone()),
            Self::Topic(_, topic) => Record::Topic(topic.clone()),
            Self::Member(_, member, _) => Record::Member(member.clone()),
        }
    }

    fn line(&self) -> u64 {
        match self {
            Self::Group(line, ..) | Self::Topic(line, _) | Self::Member(line, ..) => *line,
        }
    }
}

impl GroupWork<'_> {
    /// A record of which the server has another content.
    pub(super) fn differs(&mut self, line: u64, change: Change) -> Result<(), ImportError> {
        let record = change.record();
        match self.run.options.on_change {
            OnChange::Skip => self.run.desk.count(record.kind(), End::Skipped),
            OnChange::Update => self.changes.push(change),
            OnChange::Fail => {
                let fault = fault(FaultCode::Changed, "the server has it with another content");
                self.run.desk.fail(line, &record, fault)?;
            }
        }
        Ok(())
    }

    /// Makes the changes that wait.
    pub(super) async fn make_changes(&mut self) -> Result<(), ImportError> {
        let Place::There { number, .. } = self.place else { return Ok(()) };
        for change in std::mem::take(&mut self.changes) {
            let record = change.record();
            match self.change(&change).await? {
                Ok(_) => {
                    let (receipt, end) = self.receipt(number, &change, content(&record));
                    self.run.write(vec![receipt]).await?;
                    self.run.desk.count(record.kind(), end);
                }
                Err(refusal) => {
                    let fault = fault(FaultCode::Refused, refusal.text());
                    self.run.desk.fail(change.line(), &record, fault)?;
                }
            }
        }
        Ok(())
    }

    fn receipt(&self, number: u64, change: &Change, content: u64) -> (Receipt, End) {
        match change {
            Change::Group(_, _, group) => {
                (Receipt::Group { id: self.id.clone(), group: *group }, End::Updated)
            }
            Change::Topic(_, topic) => {
                let topic = hash(&topic.topic_id);
                (Receipt::Topic { group: number, topic, profile: content }, End::Updated)
            }
            Change::Member(_, member, is_rest) => {
                let account = hash(&member.account);
                let end = if *is_rest { End::Imported } else { End::Updated };
                (Receipt::Member { group: number, account, content }, end)
            }
        }
    }

    async fn change(&self, change: &Change) -> Result<Result<Value, Refusal>, ImportError> {
        let run = self.run;
        match change {
            Change::Group(_, group, _) => {
                run.ask("group_open_http_svc/modify_group_base_info", &profile::group_change(group)).await
            }
            Change::Topic(_, topic) => {
                run.ask("million_group_open_http_svc/modify_topic", &profile::topic(topic)).await
            }
            Change::Member(_, member, _) => {
                let is_owner = self.is_owner(member);
                let body = profile::member_change(member, run.rules.now.0, is_owner);
                run.ask("group_open_http_svc/modify_group_member_info", &body).await
            }
        }
    }
}
