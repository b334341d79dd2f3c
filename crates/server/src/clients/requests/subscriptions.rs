//! `subscriptions`: the official accounts that the account subscribes to.

use super::{ClientRequest, CommonFields, RequestContext, RequestError};
use crate::clients::client::ConnectedClient;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{DirectLog, Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::official::broadcasts;
use landfall_domain::people::snapshot::PeopleNeeds;
use serde::Serialize;

/// Official accounts in one answer.
const SUBSCRIPTIONS_MAX: usize = 200;

pub(super) struct Subscriptions;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SubscriptionList {
    subscription_list: Vec<SubscriptionRow>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SubscriptionRow {
    #[serde(rename = "Official_Account")]
    official_account: String,
    name: String,
    /// Number of the last message.
    msg_seq: u32,
    msg_time: u64,
}

impl ClientRequest for Subscriptions {
    const COMMAND: &'static str = "subscriptions";
    type Fields = CommonFields;
    type Reply = SubscriptionList;

    async fn run(
        context: RequestContext<'_>,
        fields: CommonFields,
    ) -> Result<Option<SubscriptionList>, RequestError> {
        let after = fields.official()?.map(FactKey::Subscribed);
        let limit = fields.limit.unwrap_or(SUBSCRIPTIONS_MAX).min(SUBSCRIPTIONS_MAX);
        let subscription_list = rows(context.client, after, limit).await?;
        Ok(Some(SubscriptionList { subscription_list }))
    }
}

async fn rows(
    client: &ConnectedClient,
    after: Option<FactKey>,
    limit: usize,
) -> Result<Vec<SubscriptionRow>, Failure> {
    let (store, app) = (&client.server.store, client.app.id);
    let subject = Subject::Account(client.account().clone());
    let range = FactRange { subject, family: FactFamily::Subscribed, after, limit };
    let found = store.people(app, PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() }).await?;
    let officials: Vec<UserId> = found.facts.into_keys().filter_map(|(_, key)| key.peer().cloned()).collect();
    let log = |official: &UserId| (Subject::Pair(broadcasts(official)), FactKey::Log);
    let facts = officials.iter().map(log).collect();
    let needs = PeopleNeeds { accounts: officials.clone(), facts, ..PeopleNeeds::default() };
    let found = store.people(app, needs).await?;
    let row = |official: UserId| {
        let account = found.accounts.get(&official)?;
        let log = match found.facts.get(&log(&official)) {
            Some(Fact::Log(log)) => log.clone(),
            _ => DirectLog::default(),
        };
        Some(SubscriptionRow {
            official_account: official.to_string(),
            name: account.nick.as_str().to_owned(),
            msg_seq: log.last_seq(),
            msg_time: log.last_message.0,
        })
    };
    Ok(officials.into_iter().filter_map(row).collect())
}
