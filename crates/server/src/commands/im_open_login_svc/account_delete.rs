//! `im_open_login_svc/account_delete`: deletes up to 100 accounts, with all their group memberships.
//!
//! Groups they owned stay, without owner. A deleted account can be imported again at once. [choice]

use super::{Item, batch, internal};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::given::{Given, Object};
use crate::reply::Failure;
use serde::{Deserialize, Serialize};

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    delete_item: Given<Vec<Given<Object<Item>>>>,
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
    result_info: &'static str,
    #[serde(rename = "UserID")]
    user_id: String,
}

impl Command for Request {
    const PATH: &'static str = "im_open_login_svc/account_delete";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let asked = batch(self.delete_item, "DeleteItem", call)?;
        let existed = call.store.delete_accounts(call.context(), asked.clone()).await.map_err(internal)?;
        for account in &asked {
            call.app.signatures.invalidate(account.as_str());
        }
        let rows = asked.iter().zip(existed).map(|(id, existed)| Row {
            result_code: if existed { 0 } else { Code::AccountUnknown.number() },
            // The text as the service really sends it. [sample]
            result_info: if existed { "" } else { "Err_TLS_PT_Open_Login_Account_Not_Exist" },
            user_id: id.as_str().to_owned(),
        });
        Ok(Reply { result_item: rows.collect() })
    }
}
