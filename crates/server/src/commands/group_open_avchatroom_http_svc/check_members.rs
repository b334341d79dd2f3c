//! `group_open_avchatroom_http_svc/check_members`: reports which of the named accounts are in a live-stream
//! group at present.

use super::{accounts, group_id, live_group};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::snapshot::Needs;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    #[serde(rename = "Member_Account")]
    member_account: Field<Vec<Field<String>>>,
}

#[derive(Debug, Serialize)]
pub struct Reply {
    #[serde(rename = "Member_Account")]
    member_account: Vec<String>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_avchatroom_http_svc/check_members";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let requested = accounts(self.member_account, "Member_Account", call.limits.accounts_per_query)?;
        live_group(call, group.clone(), Needs::default()).await?;
        let visitors = call.visitors(&group).await;
        let there = requested.iter().filter(|account| visitors.contains_key(*account));
        Ok(Reply { member_account: there.map(|account| account.as_str().to_owned()).collect() })
    }
}
