//! `group_open_http_svc/get_group_shutted_uin`: the older name of `get_group_muted_account`, with its older answer.

use super::get_group_muted_account;
use crate::call::{Call, Command};
use crate::reply::Failure;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Request(get_group_muted_account::Request);

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    group_id: String,
    shutted_uin_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "Member_Account")]
    member_account: String,
    shutted_until: u64,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/get_group_shutted_uin";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let (group, muted) = self.0.muted(call).await?;
        let rows = muted.into_iter().map(|(account, until)| Row {
            member_account: account.as_str().to_owned(),
            shutted_until: until.0,
        });
        Ok(Reply { group_id: group.as_str().to_owned(), shutted_uin_list: rows.collect() })
    }
}
