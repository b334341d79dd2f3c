//! `group_open_http_svc/import_group_member`: brings members into a group, silently.
//!
//! Each member gets an answer, also one with a number that cannot be; a repeated call changes nothing.

use super::member_list::{Entries, Results};
use super::{AskedMember, group_id, member};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::refusal::NO_SUCH_GROUP;
use crate::field::{Field, Object, Rows};
use crate::reply::Failure;
use landfall_domain::ids::GroupId;
use landfall_domain::import::{ImportMembersRefusal, MemberOutcome};
use landfall_domain::new_group::NewMember;
use landfall_domain::operation::Needs;
use landfall_domain::several::Several;
use landfall_domain::store::OperationError;
use serde::Deserialize;

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    member_list: Field<Rows<Object<AskedMember>>>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/import_group_member";
    type Reply = Results;

    async fn run(self, call: &Call) -> Result<Results, Failure> {
        let group = group_id(self.group_id)?;
        let mut entries = Entries::new(self.member_list, call.limits.members_per_call, member)?;
        let asked = std::mem::take(&mut entries.right);
        let outcomes = import(call, group, asked).await?;
        let results = outcomes.into_iter().map(|outcome| match outcome {
            MemberOutcome::Failed => 0,
            MemberOutcome::Imported => 1,
            MemberOutcome::AlreadyMember => 2,
        });
        Ok(entries.results(results, 0))
    }
}

async fn import(call: &Call, group: GroupId, asked: Vec<NewMember>) -> Result<Vec<MemberOutcome>, Failure> {
    if asked.is_empty() {
        // Nobody is left to import, but the group must be there all the same.
        let group = call.snapshot(group, Needs::default()).await?.group;
        let refusal = OperationError::Refused(ImportMembersRefusal::TypeNotImportable);
        return if group.kind.can().import { Ok(Vec::new()) } else { Err(refuse(refusal, "")) };
    }
    let accounts: Vec<_> = asked.iter().map(|member| member.account.clone()).collect();
    let named = Several::of(&accounts).map(|named| named.to_string()).unwrap_or_default();
    let import = call.clients().before_import(accounts.iter());
    let outcomes = call.store.import_members(call.context(), group.clone(), asked).await;
    let outcomes = outcomes.map_err(|error| refuse(error, &named))?;
    call.clients().after_import(&group, import);
    Ok(outcomes)
}

/// `named`: the accounts of the call.
fn refuse(error: OperationError<ImportMembersRefusal>, named: &str) -> Failure {
    match error {
        OperationError::Refused(ImportMembersRefusal::NoSuchGroup) => {
            Code::GroupNotFound.because(NO_SUCH_GROUP)
        }
        OperationError::Refused(ImportMembersRefusal::TypeNotImportable) => {
            Code::GroupNotAllowed.because("groups of this type take no imported members")
        }
        OperationError::Refused(ImportMembersRefusal::NoAccountKnown) => {
            Code::GroupAccountUnknown.because(format!("no account of MemberList is imported: {named}"))
        }
        OperationError::Refused(ImportMembersRefusal::Full) => {
            Code::GroupFull.because("the group is full; raise MaxMemberNum or name fewer members")
        }
        OperationError::Store(error) => Code::GroupInternal.internal(error),
    }
}
