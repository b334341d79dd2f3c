//! `group_open_http_svc/import_group_member`: imports members into a group, silently.
//!
//! Each member gets an answer, also one that cannot be; a repeated call changes nothing.
//!
//! [choice] `ResultInfo` says why a member was not imported.

use super::member_list::{MemberEntries, MemberResults};
use super::{ImportMemberInput, group_id, member};
use crate::call::{ImportCommand, SilentCall};
use crate::code::Code;
use crate::field::{Entries, Field, Object};
use crate::reply::Failure;
use landfall_domain::error::OperationError;
use landfall_domain::group::GroupType;
use landfall_domain::ids::GroupId;
use landfall_domain::import::{ImportMembersRefusal, MemberOutcome};
use landfall_domain::new_group::NewMember;
use landfall_domain::refusal::Refusal;
use landfall_domain::several::Several;
use landfall_domain::snapshot::Needs;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    member_list: Field<Entries<Object<ImportMemberInput>>>,
}

impl ImportCommand for Request {
    const PATH: &'static str = "group_open_http_svc/import_group_member";
    type Reply = MemberResults;

    async fn run(self, call: &SilentCall) -> Result<MemberResults, Failure> {
        let group = group_id(self.group_id)?;
        let kind = if gives_fields(&self.member_list) { Some(group_type(&group, call).await?) } else { None };
        let max = call.limits.members_per_call;
        let mut entries =
            MemberEntries::of_import(self.member_list, max, |item, place| member(item, place, kind, call))?;
        let requested = std::mem::take(&mut entries.valid);
        let outcomes = import(call, group, requested).await?;
        Ok(entries.explained(outcomes.into_iter().map(|outcome| match outcome {
            MemberOutcome::Refused(refusal) => (0, Some(refusal.to_string())),
            MemberOutcome::Imported => (1, None),
            MemberOutcome::AlreadyMember => (2, None),
        })))
    }
}

/// Whether the request gives custom fields.
fn gives_fields(list: &Field<Entries<Object<ImportMemberInput>>>) -> bool {
    let Field::Value(Entries(list)) = list else { return false };
    list.iter().any(|entry| match entry {
        Field::Value(Object(member)) => member.app_member_defined_data.is_given(),
        Field::Absent | Field::Empty | Field::WrongType(_) | Field::Unreadable(_) => false,
    })
}

/// Decides which custom fields exist; it never changes.
async fn group_type(group: &GroupId, call: &SilentCall) -> Result<GroupType, Failure> {
    Ok(call.group_type(group).await?.ok_or(Refusal::NoSuchGroup)?)
}

async fn import(
    call: &SilentCall,
    group: GroupId,
    requested: Vec<NewMember>,
) -> Result<Vec<MemberOutcome>, Failure> {
    if requested.is_empty() {
        // No valid entry is left, but the group must exist all the same.
        let group = call.snapshot(group, Needs::default()).await?.group;
        let refusal = OperationError::Refused(ImportMembersRefusal::TypeNotImportable);
        return if group.kind.can().import { Ok(Vec::new()) } else { Err(refuse(refusal, "")) };
    }
    let accounts: Vec<_> = requested.iter().map(|member| member.account.clone()).collect();
    let named = Several::of(&accounts).map(|named| named.to_string()).unwrap_or_default();
    call.import_members(group, requested).await.map_err(|error| refuse(error, &named))
}

/// `named`: the accounts of the request.
fn refuse(error: OperationError<ImportMembersRefusal>, named: &str) -> Failure {
    match error {
        OperationError::Refused(ImportMembersRefusal::NoSuchGroup) => Refusal::NoSuchGroup.into(),
        OperationError::Refused(ImportMembersRefusal::TypeNotImportable) => {
            Code::GroupNotAllowed.because("groups of this type do not accept imported members")
        }
        OperationError::Refused(ImportMembersRefusal::NoAccountKnown) => {
            Code::GroupAccountUnknown.because(format!("no account of MemberList is imported: {named}"))
        }
        OperationError::Refused(ImportMembersRefusal::Full) => {
            Code::GroupFull.because("the group is full; raise MaxMemberNum or name fewer members")
        }
        OperationError::Store(error) => error.into(),
    }
}
