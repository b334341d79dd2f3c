//! `official_account_open_http_svc/modify_subscriber_info`: sets what the app keeps with a subscription.
//!
//! [choice] An account that does not subscribe is 6017.

use super::{CUSTOM, account, illegal, official_id, refused, text};
use crate::call::{Call, Command};
use crate::field::{Emptiable, Field};
use crate::reply::{Failure, Nothing};
use landfall_domain::people::operations::modify_subscriber::ModifySubscriber;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Official_Account")]
    official_account: Field<String>,
    #[serde(rename = "Subscriber_Account")]
    subscriber_account: Field<String>,
    custom_string: Field<Emptiable>,
}

impl Command for Request {
    const PATH: &'static str = "official_account_open_http_svc/modify_subscriber_info";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let official = official_id(self.official_account, "Official_Account")?;
        let account = account(self.subscriber_account, "Subscriber_Account")?;
        let Emptiable(custom) = self.custom_string.required("CustomString").map_err(illegal)?;
        let custom = text(custom, "CustomString", CUSTOM)?;
        call.change_people(ModifySubscriber { official, account, custom }).await.map_err(refused)?;
        Ok(Nothing {})
    }
}
