//! `official_account_open_http_svc/add_subscriber`: lets accounts subscribe to an official account.
//!
//! [choice] Accounts that the app's webhook refuses, and those for which there is no room, are failures (0) of their own.

use super::subscriber::{Results, SubscriberInput, Subscribers};
use super::{official_id, refused};
use crate::call::{Call, Command};
use crate::field::{Entries, Field, Object};
use crate::reply::Failure;
use crate::webhook::before::{Question, Verdict};
use crate::webhook::sender::Answer;
use landfall_domain::ids::UserId;
use landfall_domain::people::operations::add_subscribers::AddSubscribers;
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Official_Account")]
    official_account: Field<String>,
    subscriber_list: Field<Entries<Object<SubscriberInput>>>,
}

impl Command for Request {
    const PATH: &'static str = "official_account_open_http_svc/add_subscriber";
    type Reply = Results;

    async fn run(self, call: &Call) -> Result<Results, Failure> {
        let official = official_id(self.official_account, "Official_Account")?;
        let requested = Subscribers::of_objects(self.subscriber_list)?;
        let mut accounts = requested.accounts();
        let kept_out = kept_out(call, &official, &accounts).await?;
        accounts.retain(|account| !kept_out.contains(account.as_str()));
        let operation = AddSubscribers { official, accounts: accounts.clone() };
        let outcomes = call.change_people(operation).await.map_err(refused)?;
        Ok(requested.results(&accounts, outcomes))
    }
}

/// Accounts that the app's receiver refused.
async fn kept_out(call: &Call, official: &UserId, accounts: &[UserId]) -> Result<BTreeSet<String>, Failure> {
    let read = |answer: &Answer| answer.member("RefusedSubscribers_Account", "a list of account names");
    match call.ask(Question::Subscribe { official, accounts }, read).await? {
        Verdict::GoOn(refused) => Ok(refused.flatten().unwrap_or_default()),
        // No documented answer to this question.
        Verdict::Drop => Ok(BTreeSet::new()),
    }
}
