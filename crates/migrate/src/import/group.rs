//! One group: what its worker knows, and how it goes through the records.

use super::desk::{End, fault};
use super::feed::Item;
use super::profile::{self, Settled};
use super::run::{Refusal, Run, content};
use super::talk::Talk;
use super::{ImportError, OnChange};
use crate::fault::FaultCode;
use crate::format::{Group, Kind, Member, Record, Topic};
use crate::journal::{GroupReceipt, Made, Receipt};
use crate::rules::defaults;
use landfall_domain::group::GroupType;
use landfall_domain::ids::GroupId;
use landfall_domain::limits::MAX_MEMBERS_DEFAULT;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

/// Where the group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// No record has needed it.
    Unknown,
    /// In the server.
    There {
        number: u64,
        /// This run made it, so nobody else has written to it.
        fresh: bool,
    },
    /// It cannot be brought in, and so nothing that belongs to it.
    Out,
}

/// A record that differs from what the server has, and how it is called.
pub(super) enum Change {
    Group(u64, Group, GroupReceipt),
    Topic(u64, Topic),
    /// `true`: the rest of a member that was brought in before.
    Member(u64, Member, bool),
}

pub(super) struct GroupWork<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) id: String,
    pub(super) place: Place,
    pub(super) settled: Settled,
    has_record: bool,
    /// Members that go into the next call.
    pub(super) members: Vec<(u64, Member, u64)>,
    /// Topics that could not be brought in.
    pub(super) lost_topics: BTreeSet<String>,
    /// The conversation whose messages come.
    pub(super) talk: Option<Talk>,
    /// Those whose messages are through, by topic.
    pub(super) talks: BTreeMap<String, Talk>,
    /// Changes of what is there, made behind the messages: they may leave tips in a history, and nothing older than a tip
    /// can follow it.
    pub(super) changes: Vec<Change>,
    messages: u64,
}

/// Brings a group in.
pub(super) async fn import(
    run: &Run<'_>,
    id: String,
    mut items: UnboundedReceiver<Item>,
) -> Result<(), ImportError> {
    let mut work = GroupWork {
        run,
        id,
        place: Place::Unknown,
        settled: Settled::default(),
        has_record: false,
        members: Vec::new(),
        lost_topics: BTreeSet::new(),
        talk: None,
        talks: BTreeMap::new(),
        changes: Vec::new(),
        messages: 0,
    };
    while let Some(item) = items.recv().await {
        let (kind, start) = (item.entry.record.kind(), Instant::now());
        work.take(item).await?;
        run.desk.took(kind, start.elapsed());
    }
    work.end_of_messages().await?;
    run.desk.group_done(work.messages);
    Ok(())
}

impl GroupWork<'_> {
    async fn take(&mut self, item: Item) -> Result<(), ImportError> {
        let Item { line, entry, faults, left_out, .. } = &item;
        let record = &entry.record;
        self.messages += u64::from(record.kind() == Kind::Message);
        if !faults.is_empty() && (self.has_record || !item.is_dangling()) {
            return self.faulty(&item).await;
        }
        if *left_out {
            let fault = fault(FaultCode::NoSuchGroup, "its group, topic or member has a fault");
            return Ok(self.run.desk.fail(*line, record, fault)?);
        }
        if let Record::Group(group) = record {
            self.has_record = true;
            self.settle(group, &entry.outline);
            return self.group(*line, group).await;
        }
        if self.place == Place::Unknown {
            self.find(&item).await?;
        }
        if self.place == Place::Out {
            return self.out(&item);
        }
        match &item.entry.record {
            Record::Topic(topic) => self.topic(*line, topic).await,
            Record::Member(member) => self.member(*line, member).await,
            Record::Message(message) => {
                self.flush_members().await?;
                self.message(*line, message).await
            }
            Record::Read(read) => {
                self.end_of_messages().await?;
                self.read(*line, read).await
            }
            Record::Account(_)
            | Record::File(_)
            | Record::Friend(_)
            | Record::Block(_)
            | Record::Group(_) => Ok(()),
        }
    }

    /// A record that the rules do not let in. A message stops its history.
    async fn faulty(&mut self, item: &Item) -> Result<(), ImportError> {
        let is_repeat = item.faults.iter().all(|fault| fault.code == FaultCode::Duplicate.as_str());
        if let Record::Message(message) = &item.entry.record
            && !is_repeat
            && !self.run.options.leave_out_faulty
            && matches!(self.place, Place::There { .. })
        {
            self.flush_members().await?;
            self.enter(message.topic_id.as_deref()).await?;
            self.flush().await?;
            self.stop_history(item.line);
        }
        if matches!(item.entry.record, Record::Group(_)) {
            self.has_record = true;
            self.place = if self.place == Place::Unknown { Place::Out } else { self.place };
        }
        Ok(self.run.desk.fail_all(&item.entry.record, &item.faults)?)
    }

    fn out(&self, item: &Item) -> Result<(), ImportError> {
        let (record, faults) = (&item.entry.record, &item.faults);
        if faults.is_empty() {
            let fault = fault(FaultCode::NoSuchGroup, "its group was not brought in");
            return Ok(self.run.desk.fail(item.line, record, fault)?);
        }
        Ok(self.run.desk.fail_all(record, faults)?)
    }

    fn settle(&mut self, group: &Group, outline: &crate::ordered::Outline) {
        let rules = &self.run.rules;
        let kind = GroupType::parse(&group.kind).unwrap_or(GroupType::Public);
        let max_members = defaults::max_members(group, kind, outline, &rules.limits);
        self.settled = Settled {
            owner: defaults::owner(group, outline).map(str::to_owned),
            created: defaults::created(group, outline, rules.now),
            max_members: Some(max_members).filter(|max| *max != MAX_MEMBERS_DEFAULT),
            topics: defaults::supports_topics(group, kind, outline),
        };
    }

    /// The group of records that came without its own.
    async fn find(&mut self, item: &Item) -> Result<(), ImportError> {
        let row = self.row(&profile::group_question(&self.id, &[])).await?;
        let Some(row) = row else {
            self.place = Place::Out;
            return Ok(());
        };
        self.settled.owner = row.get("Owner_Account").and_then(Value::as_str).map(str::to_owned);
        self.settled.created = row
            .get("CreateTime")
            .and_then(Value::as_u64)
            .unwrap_or_else(|| defaults::created_of_unknown(&item.entry.outline, self.run.rules.now));
        let known = self.run.journal.group(&self.id)?;
        let number = known.map_or_else(|| self.run.journal.new_group(), |receipt| receipt.number);
        let new = GroupReceipt { number, made: Made::Before, profile: 0 };
        self.there(known.unwrap_or(new), false).await
    }

    /// Writes the receipt of a group that is in the server.
    async fn there(&mut self, group: GroupReceipt, fresh: bool) -> Result<(), ImportError> {
        self.run.write(vec![Receipt::Group { id: self.id.clone(), group }]).await?;
        self.place = Place::There { number: group.number, fresh };
        Ok(())
    }

    /// What the server says of the group; `None` where it has no such group.
    async fn row(&self, question: &Value) -> Result<Option<Value>, ImportError> {
        let Ok(mut reply) = self.run.ask("group_open_http_svc/get_group_info", question).await? else {
            return Ok(None);
        };
        let row = reply.get_mut("GroupInfo").and_then(|rows| rows.get_mut(0)).map(Value::take);
        Ok(row.filter(|row| row.get("ErrorCode").and_then(Value::as_u64).unwrap_or_default() == 0))
    }

    async fn group(&mut self, line: u64, group: &Group) -> Result<(), ImportError> {
        let profile = content(&Record::Group(group.clone()));
        let known = self.run.journal.group(&self.id)?;
        if let Some(receipt) = known.filter(|receipt| receipt.made != Made::Attempted) {
            self.place = Place::There { number: receipt.number, fresh: false };
            if receipt.profile == profile {
                self.run.desk.count(Kind::Group, End::Unchanged);
                return Ok(());
            }
            let receipt = GroupReceipt { profile, ..receipt };
            return self.differs(line, Change::Group(line, group.clone(), receipt));
        }
        let number = known.map_or_else(|| self.run.journal.new_group(), |receipt| receipt.number);
        let attempted = GroupReceipt { number, made: Made::Attempted, profile };
        self.run.write(vec![Receipt::Group { id: self.id.clone(), group: attempted }]).await?;
        self.run.know(self.settled.owner.as_deref()).await?;
        let (answer, unsure) = self.make(group).await?;
        match answer {
            Ok(()) => {
                self.there(GroupReceipt { made: Made::ByUs, ..attempted }, true).await?;
                self.run.desk.count(Kind::Group, End::Imported);
                Ok(())
            }
            Err(Refusal { code: 10_021 | 10_025, .. }) => {
                self.is_there(line, group, attempted, unsure || known.is_some()).await
            }
            Err(refusal) => {
                // Jobs take ids that a server generated, and single calls may refuse them: even that of a group that is there.
                let is_chosen = GroupType::parse(&group.kind)
                    .is_some_and(|kind| GroupId::parse_custom(&self.id, kind).is_ok());
                if !is_chosen && self.row(&profile::group_question(&self.id, &[])).await?.is_some() {
                    return self.is_there(line, group, attempted, false).await;
                }
                self.place = Place::Out;
                let fault = fault(FaultCode::Refused, refusal.text());
                Ok(self.run.desk.fail(line, &Record::Group(group.clone()), fault)?)
            }
        }
    }

    /// Whether an attempt may have made it without an answer is the second value.
    async fn make(&self, group: &Group) -> Result<(Result<(), Refusal>, bool), ImportError> {
        const COMMAND: &str = "group_open_http_svc/import_group";
        let (body, mut backoff) = (profile::group(group, &self.settled), self.run.server.backoff());
        let mut unsure = false;
        loop {
            match self.run.server.call(COMMAND, &body).await {
                Ok(_) => return Ok((Ok(()), unsure)),
                Err(error) if error.passes() => {
                    unsure |= !error.had_no_effect();
                    backoff.wait(self.run.server, COMMAND, error).await?;
                }
                Err(error) => return Ok((Err(Refusal::of(error)?), unsure)),
            }
        }
    }

    /// The id is in use: by an attempt whose answer was lost, by an import whose journal was lost, or by another group.
    async fn is_there(
        &mut self,
        line: u64,
        group: &Group,
        attempted: GroupReceipt,
        tried: bool,
    ) -> Result<(), ImportError> {
        let row = self.row(&profile::group_question(&self.id, &group.app_defined_data)).await?;
        let same = row.as_ref().is_some_and(|row| profile::same_group(group, &self.settled, row));
        if same {
            // Another import may have made it, before the attempt or since.
            let tried = tried && row.as_ref().is_some_and(profile::is_bare);
            let made = if tried { Made::ByUs } else { Made::Before };
            self.there(GroupReceipt { made, ..attempted }, false).await?;
            let end = if tried { End::Imported } else { End::Unchanged };
            self.run.desk.count(Kind::Group, end);
            return Ok(());
        }
        let receipt = GroupReceipt { made: Made::Before, ..attempted };
        if row.is_none() || self.run.options.on_change == OnChange::Fail {
            self.place = Place::Out;
            let fault = fault(FaultCode::Changed, "the server has a group of this id with another content");
            return Ok(self.run.desk.fail(line, &Record::Group(group.clone()), fault)?);
        }
        self.there(GroupReceipt { profile: 0, ..receipt }, false).await?;
        self.differs(line, Change::Group(line, group.clone(), receipt))
    }
}
