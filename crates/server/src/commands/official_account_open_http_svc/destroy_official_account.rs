//! `official_account_open_http_svc/destroy_official_account`: destroys an official account, with its subscriptions and
//! messages. Its id can be used again.

use super::{internal, official_id, refused};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::people::operations::destroy_official::DestroyOfficial;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Request {
    #[serde(rename = "Official_Account")]
    official_account: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "official_account_open_http_svc/destroy_official_account";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let account = official_id(self.official_account, "Official_Account")?;
        call.change_people(DestroyOfficial { account: account.clone() }).await.map_err(refused)?;
        call.delete_accounts(&[account]).await.map_err(internal)?;
        Ok(Nothing {})
    }
}
