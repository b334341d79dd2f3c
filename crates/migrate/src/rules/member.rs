//! Rules of members.

use super::group::GroupState;
use super::values::DROPPED;
use super::values::{account, fault, fields, is_future, text, unknown_word};
use super::{FaultCode, defaults};
use crate::fault::Fault;
use crate::format::Member;
use landfall_domain::member::Role;

impl GroupState {
    pub(super) fn member(&mut self, record: &Member, faults: &mut Vec<Fault>) {
        let limits = &self.server.limits;
        self.is_there(None, faults);
        account(faults, "Member_Account", &record.account);
        self.role(record, faults);
        self.join_time(record, faults);
        text(faults, "NameCard", record.name_card.as_deref(), limits.name_card);
        let rules = self.server.member_fields.as_deref();
        fields(
            faults,
            "AppMemberDefinedData",
            &record.app_member_defined_data,
            self.kind,
            rules,
            limits.member_fields,
        );
        if let Some(time) = record.mute_until.filter(|time| u64::from(u32::MAX) < *time) {
            let problem = format!("MuteUntil is {time}; at most {} is allowed", u32::MAX);
            let fault = fault(FaultCode::TooLarge, "MuteUntil", problem);
            let fix = format!("MuteUntil becomes {}, without an end", u32::MAX);
            faults.push(fault.limit(usize::try_from(u32::MAX).unwrap_or(usize::MAX)).fix(fix));
        }
        self.place(record, faults);
    }

    fn is_owner(&self, record: &Member) -> bool {
        self.owner.as_ref() == Some(&record.account)
    }

    fn role(&self, record: &Member, faults: &mut Vec<Fault>) {
        let Some(word) = defaults::text(record.role.as_deref()) else { return };
        let admins = self.kind.is_none_or(|kind| kind.can().admins);
        match Role::parse(word) {
            None => {
                let fault = unknown_word("Role", word, "Owner, Admin or Member");
                faults.push(fault.fix("Role becomes Member"));
            }
            Some(Role::Owner) if !self.is_owner(record) => {
                let owner = self.owner.as_deref().unwrap_or_default();
                let problem = format!("Role is Owner, but the owner of the group is {owner}");
                let becomes = if admins { Role::Admin } else { Role::Member }.as_str();
                faults.push(
                    fault(FaultCode::RoleNotAllowed, "Role", problem).fix(format!("Role becomes {becomes}")),
                );
            }
            Some(Role::Admin) if !admins => {
                let kind = self.kind.map_or("", |kind| kind.as_str());
                let problem = format!("Role is Admin, which groups of Type {kind} do not have");
                faults.push(fault(FaultCode::RoleNotAllowed, "Role", problem).fix("Role becomes Member"));
            }
            Some(Role::Owner | Role::Admin | Role::Member) => {}
        }
    }

    /// The owner joins with the group, whatever its record says.
    fn join_time(&self, record: &Member, faults: &mut Vec<Fault>) {
        let joined = defaults::joined(record, self.created);
        if self.is_owner(record) {
            return;
        }
        if is_future(joined, self.server.now) {
            let problem = format!("JoinTime is {joined}, which is not before now ({})", self.server.now.0);
            let fix = "JoinTime is removed: the member joins right after CreateTime";
            faults.push(fault(FaultCode::BadTime, "JoinTime", problem).fix(fix));
        } else if joined <= self.created {
            let problem = format!("JoinTime is {joined}, which is not after CreateTime ({})", self.created);
            let fix = "JoinTime is removed: the member joins right after CreateTime";
            faults.push(fault(FaultCode::BadTime, "JoinTime", problem).fix(fix));
        }
    }

    /// Takes the member into the group.
    fn place(&mut self, record: &Member, faults: &mut Vec<Fault>) {
        if self.is_owner(record) && !self.owner_listed {
            self.owner_listed = true;
            return;
        }
        if self.members.find(&record.account).is_some() {
            let problem = format!("another record has the member {} of this group", record.account);
            faults.push(fault(FaultCode::Duplicate, "Member_Account", problem).fix(DROPPED));
            return;
        }
        let max = usize::try_from(self.max_members).unwrap_or(usize::MAX);
        if max <= self.members.count() {
            let problem =
                format!("the group holds {max} members with its owner (MaxMemberNum), and they are there");
            let fault = fault(FaultCode::GroupFull, "Member_Account", problem).limit(max);
            let fix = match self.max_members_needed() {
                Some(needed) => format!("MaxMemberNum of the group becomes {needed}"),
                None => "the member is left out".to_owned(),
            };
            faults.push(fault.fix(fix));
        }
        self.members.insert(&record.account, faults.is_empty());
    }
}
