//! `group_open_http_svc/import_group_member`: brings members into a group, silently.
//!
//! Each member gets an answer; a repeated call changes nothing.

use super::member_list::Results;
use super::{AskedMember, group_id, members};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::refusal::NO_SUCH_GROUP;
use crate::given::{Given, Misfit, Object};
use crate::reply::Failure;
use landfall_domain::import::{ImportMembersRefusal, MemberOutcome};
use landfall_domain::store::OperationError;
use serde::Deserialize;

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Given<String>,
    member_list: Given<Vec<Given<Object<AskedMember>>>>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/import_group_member";
    type Reply = Results;

    async fn run(self, call: &Call) -> Result<Results, Failure> {
        let group = group_id(self.group_id)?;
        let asked = members(self.member_list.list("MemberList")?, call)?;
        if asked.is_empty() {
            return Err(Misfit::Missing("MemberList".to_owned()).into());
        }
        let accounts: Vec<_> = asked.iter().map(|member| member.account.clone()).collect();
        let newcomers = call.clients().newcomers(accounts.iter());
        let outcomes =
            call.store.import_members(call.context(), group.clone(), asked).await.map_err(refuse)?;
        call.clients().imported(&group, newcomers);
        let results = outcomes.into_iter().map(|outcome| match outcome {
            MemberOutcome::Failed => 0,
            MemberOutcome::Imported => 1,
            MemberOutcome::AlreadyMember => 2,
        });
        Ok(Results::new(&accounts, results))
    }
}

fn refuse(error: OperationError<ImportMembersRefusal>) -> Failure {
    match error {
        OperationError::Refused(ImportMembersRefusal::NoSuchGroup) => {
            Code::GroupNotFound.because(NO_SUCH_GROUP)
        }
        OperationError::Refused(ImportMembersRefusal::TypeNotImportable) => {
            Code::GroupNotAllowed.because("groups of this type take no imported members")
        }
        OperationError::Refused(ImportMembersRefusal::NoAccountKnown) => {
            Code::GroupAccountUnknown.because("no account of MemberList is imported")
        }
        OperationError::Refused(ImportMembersRefusal::Full) => {
            Code::GroupFull.because("the group is full; raise MaxMemberNum or name fewer members")
        }
        OperationError::Store(error) => Code::GroupInternal.internal(error),
    }
}
