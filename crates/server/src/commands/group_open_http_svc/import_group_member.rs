//! `group_open_http_svc/import_group_member`: imports members into a group, silently.
//!
//! Each member gets an answer, also one with a number that cannot be; a repeated call changes nothing.

use super::member_list::{MemberEntries, MemberResults};
use super::{ImportMemberInput, group_id, member};
use crate::call::{ImportCommand, SilentCall};
use crate::code::Code;
use crate::field::{Entries, Field, Object};
use crate::reply::Failure;
use landfall_domain::error::OperationError;
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
        let mut entries = MemberEntries::new(self.member_list, call.limits.members_per_call, member)?;
        let requested = std::mem::take(&mut entries.valid);
        let outcomes = import(call, group, requested).await?;
        let results = outcomes.into_iter().map(|outcome| match outcome {
            MemberOutcome::Failed => 0,
            MemberOutcome::Imported => 1,
            MemberOutcome::AlreadyMember => 2,
        });
        Ok(entries.results(results, 0))
    }
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
