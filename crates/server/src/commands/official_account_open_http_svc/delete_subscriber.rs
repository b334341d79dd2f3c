//! `official_account_open_http_svc/delete_subscriber`: ends subscriptions to an official account.

use super::subscriber::{Results, SubscriberInput, Subscribers};
use super::{official_id, refused};
use crate::call::{Call, Command};
use crate::field::{Entries, Field, Object};
use crate::reply::Failure;
use landfall_domain::people::operations::delete_subscribers::DeleteSubscribers;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Official_Account")]
    official_account: Field<String>,
    #[serde(rename = "SubscriberToDel_Account")]
    subscriber_to_del_account: Field<Entries<String>>,
    /// As the table of fields calls it. [doc]
    subscriber_list: Field<Entries<Object<SubscriberInput>>>,
}

impl Command for Request {
    const PATH: &'static str = "official_account_open_http_svc/delete_subscriber";
    type Reply = Results;

    async fn run(self, call: &Call) -> Result<Results, Failure> {
        let official = official_id(self.official_account, "Official_Account")?;
        let requested = if self.subscriber_list.is_given() && !self.subscriber_to_del_account.is_given() {
            Subscribers::of_objects(self.subscriber_list)?
        } else {
            Subscribers::of_names(self.subscriber_to_del_account, "SubscriberToDel_Account")?
        };
        let accounts = requested.accounts();
        let operation = DeleteSubscribers { official, accounts: accounts.clone() };
        let outcomes = call.change_people(operation).await.map_err(refused)?;
        Ok(requested.results(&accounts, outcomes))
    }
}
