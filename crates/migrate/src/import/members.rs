//! Members of a group.

use super::ImportError;
use super::desk::{End, fault};
use super::group::{Change, GroupWork, Place};
use super::profile::{self, Likeness};
use super::run::content;
use crate::fault::FaultCode;
use crate::format::{Kind, Member, Record};
use crate::journal::{Receipt, hash};
use crate::rules::defaults;
use serde_json::{Value, json};

/// Members that one question may name.
const ASKED_MAX: usize = 50;
/// Content of a member that was brought in, and whose name card, mute and fields are yet to come.
const REST_IS_MISSING: u64 = 0;
/// Content of a member of whom the server has another one.
const ANOTHER: u64 = 1;

/// Line, record, content.
type Pending = (u64, Member, u64);

impl GroupWork<'_> {
    pub(super) fn is_owner(&self, member: &Member) -> bool {
        self.settled.owner.as_ref() == Some(&member.account)
    }

    pub(super) async fn member(&mut self, line: u64, member: &Member) -> Result<(), ImportError> {
        let Place::There { number, .. } = self.place else { return Ok(()) };
        let content = content(&Record::Member(member.clone()));
        match self.run.journal.member(number, &member.account)? {
            Some(known) if known == content => self.run.desk.count(Kind::Member, End::Unchanged),
            Some(REST_IS_MISSING) => self.changes.push(Change::Member(line, member.clone(), true)),
            Some(_) => self.differs(line, Change::Member(line, member.clone(), false))?,
            None => {
                self.members.push((line, member.clone(), content));
                if self.run.calls.members_per_call <= self.members.len() {
                    self.flush_members().await?;
                }
            }
        }
        Ok(())
    }

    /// Brings in the members that wait.
    pub(super) async fn flush_members(&mut self) -> Result<(), ImportError> {
        let pending = std::mem::take(&mut self.members);
        if pending.is_empty() {
            return Ok(());
        }
        self.run.know(pending.iter().map(|(_, member, _)| member.account.as_str())).await?;
        // The owner came with the group.
        let (owner, pending): (Vec<_>, Vec<_>) =
            pending.into_iter().partition(|(_, member, _)| self.is_owner(member));
        if let Place::There { fresh: true, .. } = self.place {
            self.have(owner).await?;
        } else {
            self.compare(owner).await?;
        }
        let mut parts = vec![pending];
        while let Some(mut part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            let rows = part.iter().map(|(_, member, _)| {
                profile::member(member, defaults::joined(member, self.settled.created))
            });
            let body = json!({ "GroupId": self.id, "MemberList": rows.collect::<Vec<_>>() });
            match self.run.ask("group_open_http_svc/import_group_member", &body).await? {
                Ok(reply) => self.members_answered(part, &reply).await?,
                // The group is gone, or takes no members.
                Err(refusal) if matches!(refusal.code, 10_007 | 10_010 | 10_015) => {
                    self.refuse_members(part, &refusal.text())?;
                }
                // One name in it may be why.
                Err(_) if 1 < part.len() => {
                    let half = part.split_off(part.len() / 2);
                    parts.extend([half, part]);
                }
                Err(refusal) => self.refuse_members(part, &refusal.text())?,
            }
        }
        Ok(())
    }

    async fn members_answered(&mut self, members: Vec<Pending>, reply: &Value) -> Result<(), ImportError> {
        let rows = reply.get("MemberList").and_then(Value::as_array);
        let row = |number: usize| rows.and_then(|rows| rows.get(number));
        let (mut new, mut there) = (Vec::new(), Vec::new());
        for (number, member) in members.into_iter().enumerate() {
            match row(number).and_then(|row| row.get("Result")).and_then(Value::as_u64) {
                Some(1) => new.push(member),
                Some(2) => there.push(member),
                Some(_) | None => {
                    let reason = row(number).and_then(|row| row.get("ResultInfo")).and_then(Value::as_str);
                    let reason = reason.unwrap_or("the server did not take the member");
                    self.refuse_members(vec![member], reason)?;
                }
            }
        }
        self.have(new).await?;
        if let Place::There { fresh: true, .. } = self.place {
            // An attempt before this one brought them in.
            return self.have(there).await;
        }
        self.compare(there).await
    }

    /// The server has these as they were sent.
    async fn have(&mut self, members: Vec<Pending>) -> Result<(), ImportError> {
        let Place::There { number, .. } = self.place else { return Ok(()) };
        let mut receipts = Vec::with_capacity(members.len());
        for (line, member, content) in members {
            let takes_all = self.run.calls.landfall.is_some() && !self.is_owner(&member);
            let rest = !takes_all && profile::has_extras(&member, self.run.rules.now.0);
            let content = if rest { REST_IS_MISSING } else { content };
            receipts.push(Receipt::Member { group: number, account: hash(&member.account), content });
            if rest {
                self.changes.push(Change::Member(line, member, true));
            } else {
                self.run.desk.count(Kind::Member, End::Imported);
            }
        }
        self.run.write(receipts).await
    }

    /// The server has members of these names: with the same content or another one.
    async fn compare(&mut self, members: Vec<Pending>) -> Result<(), ImportError> {
        let Place::There { number, .. } = self.place else { return Ok(()) };
        let mut members = members;
        while !members.is_empty() {
            let rest = members.split_off(members.len().min(ASKED_MAX));
            let named: Vec<_> = members.iter().map(|(_, member, _)| member).collect();
            let question = profile::member_question(&self.id, &named);
            let reply =
                self.run.ask("group_open_http_svc/get_specified_group_member_info", &question).await?;
            let reply = reply.unwrap_or_default();
            let rows = reply.get("MemberList").and_then(Value::as_array);
            let (mut receipts, mut bare) = (Vec::new(), Vec::new());
            for (line, member, content) in members {
                let named = |row: &&Value| {
                    row.get("Member_Account").and_then(Value::as_str) == Some(member.account.as_str())
                };
                let row = rows.and_then(|rows| rows.iter().find(named));
                let likeness = row.map(|row| profile::same_member(&member, self.is_owner(&member), row));
                let account = hash(&member.account);
                match likeness {
                    Some(Likeness::Same) => {
                        receipts.push(Receipt::Member { group: number, account, content });
                        self.run.desk.count(Kind::Member, End::Unchanged);
                    }
                    Some(Likeness::Bare) => bare.push((line, member, content)),
                    Some(Likeness::Other) | None => {
                        receipts.push(Receipt::Member { group: number, account, content: ANOTHER });
                        self.differs(line, Change::Member(line, member, false))?;
                    }
                }
            }
            self.run.write(receipts).await?;
            self.have(bare).await?;
            members = rest;
        }
        Ok(())
    }

    fn refuse_members(&self, members: Vec<Pending>, reason: &str) -> Result<(), ImportError> {
        for (line, member, _) in members {
            let fault = fault(FaultCode::Refused, reason);
            self.run.desk.fail(line, &Record::Member(member), fault)?;
        }
        Ok(())
    }
}
