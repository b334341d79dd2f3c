//! `group_open_http_svc/add_group_member`: adds accounts to a group.
//!
//! Each account gets an answer; a repeated call changes nothing.
//! [choice] Nobody is asked, so no account is ever told to wait (3): the caller has the rights of the owner.

use super::member_list::{Named, Results, named};
use super::{flag, group_id};
use crate::call::{Call, Command};
use crate::given::{Given, Object};
use crate::reply::Failure;
use landfall_domain::operations::add_members::{AddMembers, Added};
use serde::Deserialize;

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Given<String>,
    member_list: Given<Vec<Given<Object<Named>>>>,
    silence: Given<i128>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/add_group_member";
    type Reply = Results;

    async fn run(self, call: &Call) -> Result<Results, Failure> {
        let operation = AddMembers {
            group: group_id(self.group_id)?,
            operator: call.caller.clone(),
            accounts: named(self.member_list, call.limits.members_per_call)?,
            silent: flag(self.silence, "Silence")?.unwrap_or_default(),
        };
        let accounts = operation.accounts.clone();
        let outcomes = call.change(operation).await?;
        let results = outcomes.into_iter().map(|outcome| match outcome {
            Added::Failed => 0,
            Added::Joined => 1,
            Added::AlreadyMember => 2,
        });
        Ok(Results::new(&accounts, results))
    }
}
