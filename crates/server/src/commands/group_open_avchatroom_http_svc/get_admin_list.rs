//! `group_open_avchatroom_http_svc/get_admin_list`: lists the administrators of a live-stream group, sorted by
//! account.
//!
//! An administrator whose account was deleted stays listed, without name and picture, until dismissed. [choice]

use super::{group_id, live_group};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::operations::change_live_admins::{all_live_admins, live_admins};
use landfall_domain::snapshot::Needs;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
}

#[derive(Debug, Serialize)]
pub struct Reply {
    #[serde(rename = "Admin_List")]
    admin_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "Admin_Account")]
    admin_account: String,
    nick_name: String,
    avatar: String,
}

impl Command for Request {
    const PATH: &'static str = "group_open_avchatroom_http_svc/get_admin_list";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let needs = Needs { ranges: vec![all_live_admins()], ..Needs::default() };
        let snapshot = live_group(call, group_id(self.group_id)?, needs).await?;
        let admins: Vec<UserId> = live_admins(&snapshot).cloned().collect();
        let accounts = call.accounts(admins.clone()).await?;
        let rows = admins.iter().zip(accounts).map(|(admin, account)| {
            let (nick, face_url) =
                account.map(|account| (account.nick, account.face_url)).unwrap_or_default();
            Row {
                admin_account: admin.as_str().to_owned(),
                nick_name: nick.as_str().to_owned(),
                avatar: face_url.as_str().to_owned(),
            }
        });
        Ok(Reply { admin_list: rows.collect() })
    }
}
