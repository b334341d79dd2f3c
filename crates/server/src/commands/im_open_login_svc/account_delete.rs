//! `im_open_login_svc/account_delete`: deletes up to 100 accounts, with all their group memberships.
//!
//! Groups they owned stay, without owner. A deleted account can be imported again at once. [choice]
//!
//! Memberships are all that a store removes with an account. What the topics and permission groups of communities know
//! of it goes first, community by community: a call that the store fails midway can be made again.

use super::{Item, accounts, batch, internal};
use crate::call::{Call, Command};
use crate::clients::CloseReason;
use crate::code::Code;
use crate::field::{Field, Object, Rows};
use crate::reply::Failure;
use landfall_domain::group::GroupType;
use landfall_domain::ids::UserId;
use landfall_domain::operations::delete_members::{DeleteMembers, delete_members};
use landfall_domain::store::{JoinedWindow, OperationError, StoreError};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Communities read at one moment.
const COMMUNITIES_PER_STEP: usize = 100;

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    delete_item: Field<Rows<Object<Item>>>,
}

/// The reply: a row for each account asked for, in order.
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
        let batch = batch(self.delete_item, "DeleteItem", call)?;
        let asked = accounts(&batch);
        for account in &asked {
            leave_communities(call, account).await.map_err(internal)?;
        }
        let existed = call.store.delete_accounts(call.context(), asked.clone()).await.map_err(internal)?;
        for account in &asked {
            call.app.signatures.invalidate(account.as_str());
            call.clients().disconnect(account, CloseReason::Deleted);
        }
        let mut existed = existed.into_iter();
        let rows = batch.into_iter().map(|(user_id, account)| {
            let (result_code, result_info) = match account {
                Err(failure) => (failure.number(), failure.text),
                Ok(_) if existed.next() == Some(true) => (0, "".into()),
                // The text as the service really sends it. [sample]
                Ok(_) => (Code::AccountUnknown.number(), "Err_TLS_PT_Open_Login_Account_Not_Exist".into()),
            };
            Row { result_code, result_info, user_id }
        });
        Ok(Reply { result_item: rows.collect() })
    }
}

/// Removes an account from all communities it is in, silently.
async fn leave_communities(call: &Call, account: &UserId) -> Result<(), StoreError> {
    loop {
        let window = JoinedWindow {
            kinds: vec![GroupType::Community],
            support_topic: None,
            inactive: true,
            offset: 0,
            limit: COMMUNITIES_PER_STEP,
        };
        let page = call.store.joined_groups(call.app_id(), account.clone(), window).await?;
        if page.groups.is_empty() {
            return Ok(());
        }
        for (group, _) in page.groups {
            let operation = DeleteMembers {
                group: group.id,
                operator: call.caller.clone(),
                accounts: vec![account.clone()],
                silent: true,
                even_owner: true,
                permission_groups: BTreeSet::new(),
            };
            let left = delete_members(&*call.store, call.context(), operation, call.subscribers()).await;
            call.subscribers.wake();
            match left {
                // Refused: dissolved since it was read.
                Ok(()) | Err(OperationError::Refused(_)) => {}
                Err(OperationError::Store(error)) => return Err(error),
            }
        }
    }
}
