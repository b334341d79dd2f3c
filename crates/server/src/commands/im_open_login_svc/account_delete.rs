//! `im_open_login_svc/account_delete`: deletes up to 100 accounts, with all their group memberships.
//!
//! Groups they owned stay, without owner. A deleted account can be imported again at once. [choice]
//!
//! With an account, a store removes its memberships and what others keep about it. What the topics and permission groups of communities hold about it
//! is removed before, community by community: a call that fails midway can be repeated.

use super::{UserIdInput, account_entries, accounts, internal};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Entries, Field, Object};
use crate::reply::Failure;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::group::GroupType;
use landfall_domain::ids::UserId;
use landfall_domain::operations::delete_members::DeleteMembers;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{FactFamily, FactRange};
use landfall_domain::people::operations::delete_subscribers::DeleteSubscribers;
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::store::JoinedWindow;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Communities read in one page.
const COMMUNITIES_PER_STEP: usize = 100;
/// Subscriptions read in one page.
const SUBSCRIPTIONS_PER_STEP: usize = 100;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    delete_item: Field<Entries<Object<UserIdInput>>>,
}

/// One row for each requested account, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    result_item: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    result_code: u32,
    result_info: Cow<'static, str>,
    #[serde(rename = "UserID")]
    user_id: String,
}

impl Command for Request {
    const PATH: &'static str = "im_open_login_svc/account_delete";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let batch = account_entries(self.delete_item, "DeleteItem", call)?;
        let requested = accounts(&batch);
        for account in &requested {
            leave_communities(call, account).await.map_err(internal)?;
            end_subscriptions(call, account).await.map_err(internal)?;
        }
        let mut existed = call.delete_accounts(&requested).await.map_err(internal)?.into_iter();
        let rows = batch.into_iter().map(|(user_id, account)| {
            let (result_code, result_info) = match account {
                Err(failure) => (failure.number(), failure.text),
                Ok(_) if existed.next() == Some(true) => (0, "".into()),
                // The text that the service sends. [sample]
                Ok(_) => (Code::AccountUnknown.number(), "Err_TLS_PT_Open_Login_Account_Not_Exist".into()),
            };
            Row { result_code, result_info, user_id }
        });
        Ok(Reply { result_item: rows.collect() })
    }
}

/// Removes an account from all its communities, without notices.
async fn leave_communities(call: &Call, account: &UserId) -> Result<(), StoreError> {
    loop {
        let window = JoinedWindow {
            kinds: vec![GroupType::Community],
            support_topic: None,
            inactive: true,
            offset: 0,
            limit: COMMUNITIES_PER_STEP,
        };
        let page = call.joined_groups(account.clone(), window).await?;
        if page.groups.is_empty() {
            return Ok(());
        }
        for (group, _) in page.groups {
            let operation = DeleteMembers {
                group: group.id,
                operator: call.caller.clone(),
                accounts: vec![account.clone()],
                silent: true,
                quit: false,
                even_owner: true,
                permission_groups: BTreeSet::new(),
            };
            match call.delete_members(operation).await {
                // Refused: the community was dissolved since it was read.
                Ok(()) | Err(OperationError::Refused(_)) => {}
                Err(OperationError::Store(error)) => return Err(error),
            }
        }
    }
}

/// Ends the subscriptions of an account, so that official accounts count one subscriber less.
async fn end_subscriptions(call: &Call, account: &UserId) -> Result<(), StoreError> {
    let subject = Subject::Account(account.clone());
    let mut after = None;
    loop {
        let (family, limit) = (FactFamily::Subscribed, SUBSCRIPTIONS_PER_STEP);
        let range = FactRange { subject: subject.clone(), family, after, limit };
        let found = call.people(PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() }).await?;
        after = found.facts.keys().next_back().map(|(_, key)| key.clone());
        if after.is_none() {
            return Ok(());
        }
        for official in found.facts.keys().filter_map(|(_, key)| key.peer().cloned()) {
            let operation = DeleteSubscribers { official, accounts: vec![account.clone()] };
            match call.change_people_without_webhook(operation).await {
                // Refused: the official account is no more.
                Ok(_) | Err(OperationError::Refused(_)) => {}
                Err(OperationError::Store(error)) => return Err(error),
            }
        }
    }
}
