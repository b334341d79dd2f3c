//! `group_open_http_svc/add_group_member`: adds accounts to a group.
//!
//! Each account gets an answer; a repeated call changes nothing.
//! [choice] No approval is needed, so no account is pending (3): the caller has the rights of the owner.

use super::member_list::{AccountInput, MemberResults, account_entries};
use super::{group_id, silent};
use crate::call::{Call, Command};
use crate::clients::NoticeKind;
use crate::field::{Entries, Field, Object};
use crate::reply::Failure;
use crate::webhook::before::{self, Question, Verdict};
use crate::webhook::sender::Answer;
use landfall_domain::event::Joining;
use landfall_domain::group::GroupType;
use landfall_domain::operations::add_members::{AddMembers, Added, nobody_fits};
use landfall_domain::operations::invite_members::InviteMembers;
use landfall_domain::refusal::Refusal;
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    member_list: Field<Entries<Object<AccountInput>>>,
    silence: Field<i128>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/add_group_member";
    type Reply = MemberResults;

    async fn run(self, call: &Call) -> Result<MemberResults, Failure> {
        let group = group_id(self.group_id)?;
        let mut entries = account_entries(self.member_list, call.limits.members_per_call)?;
        let accounts = std::mem::take(&mut entries.valid);
        let operation = AddMembers {
            group,
            operator: call.caller.clone(),
            accounts: accounts.clone(),
            silent: silent(self.silence, call)?,
            how: Joining::Invited,
        };
        let refused = match call.type_if_asking(before::INVITE, &operation.group).await? {
            Some(kind) if !accounts.is_empty() => refused(call, &operation, kind).await?,
            Some(_) | None => BTreeSet::new(),
        };
        let mut allowed = operation;
        allowed.accounts.retain(|account| !refused.contains(account.as_str()));
        let outcomes = if call.is_for_account() {
            let group = allowed.group.clone();
            let outcomes = call.change(InviteMembers(allowed)).await?;
            if outcomes.contains(&Added::Waits) {
                call.tell_leaders(&group, NoticeKind::InvitationWaits, "").await?;
            }
            outcomes
        } else {
            call.change(allowed).await?
        };
        if nobody_fits(&outcomes) {
            return Err(Refusal::Full.into());
        }
        let mut outcomes = outcomes.into_iter();
        let results = accounts.iter().map(|account| {
            let outcome = if refused.contains(account.as_str()) { None } else { outcomes.next() };
            match outcome.unwrap_or(Added::Failed) {
                Added::Failed | Added::NoPlace => 0,
                Added::Joined => 1,
                Added::AlreadyMember => 2,
                Added::Waits => 3,
            }
        });
        Ok(entries.results(results.collect::<Vec<_>>(), 0))
    }
}

/// Accounts that the app's receiver refused.
async fn refused(call: &Call, requested: &AddMembers, kind: GroupType) -> Result<BTreeSet<String>, Failure> {
    let AddMembers { group, accounts, .. } = requested;
    let read = |answer: &Answer| answer.member("RefusedMembers_Account", "a list of account names");
    match call.ask(Question::Invite { group, kind, accounts }, read).await? {
        Verdict::GoOn(refused) => Ok(refused.flatten().unwrap_or_default()),
        // No documented answer to this question.
        Verdict::Drop => Ok(BTreeSet::new()),
    }
}
