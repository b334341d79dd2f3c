//! `im_open_login_svc/account_check`: reports which of up to 100 accounts are imported.
//!
//! An account that a group import made as a placeholder exists, so it counts as imported. [choice]
//!
//! [choice] An invalid account name is 70402 in its row, here and in `account_delete`.

use super::{UserIdInput, account_entries, accounts, internal};
use crate::call::{Call, Command};
use crate::field::{Entries, Field, Object};
use crate::reply::Failure;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    check_item: Field<Entries<Object<UserIdInput>>>,
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
    #[serde(rename = "UserID")]
    user_id: String,
    result_code: u32,
    result_info: Cow<'static, str>,
    account_status: &'static str,
}

impl Command for Request {
    const PATH: &'static str = "im_open_login_svc/account_check";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let requested = account_entries(self.check_item, "CheckItem", call)?;
        let found = call.accounts(accounts(&requested)).await.map_err(internal)?;
        let mut found = found.into_iter();
        let rows = requested.into_iter().map(|(user_id, account)| {
            let is_there = account.is_ok() && found.next().flatten().is_some();
            let (result_code, result_info) =
                account.map_or_else(|failure| (failure.number(), failure.text), |_| (0, "".into()));
            let account_status = if is_there { "Imported" } else { "NotImported" };
            Row { user_id, result_code, result_info, account_status }
        });
        Ok(Reply { result_item: rows.collect() })
    }
}
