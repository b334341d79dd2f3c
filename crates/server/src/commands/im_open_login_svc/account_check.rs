//! `im_open_login_svc/account_check`: tells which of up to 100 accounts are imported.
//!
//! An account that a group import made as a placeholder exists, so it counts as imported. [choice]

use super::{Item, batch, internal};
use crate::call::{Call, Command};
use crate::given::{Given, Object};
use crate::reply::Failure;
use serde::{Deserialize, Serialize};

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    check_item: Given<Vec<Given<Object<Item>>>>,
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
    #[serde(rename = "UserID")]
    user_id: String,
    result_code: u32,
    result_info: &'static str,
    account_status: &'static str,
}

impl Command for Request {
    const PATH: &'static str = "im_open_login_svc/account_check";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let asked = batch(self.check_item, "CheckItem", call)?;
        let accounts = call.store.accounts(call.app_id(), asked.clone()).await.map_err(internal)?;
        let rows = asked.iter().zip(accounts).map(|(id, account)| Row {
            user_id: id.as_str().to_owned(),
            result_code: 0,
            result_info: "",
            account_status: if account.is_some() { "Imported" } else { "NotImported" },
        });
        Ok(Reply { result_item: rows.collect() })
    }
}
