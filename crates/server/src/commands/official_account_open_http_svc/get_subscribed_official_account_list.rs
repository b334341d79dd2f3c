//! `official_account_open_http_svc/get_subscribed_official_account_list`: a page of the official accounts that an account
//! subscribes to, in the order of their ids.
//!
//! [choice] An account that is not imported subscribes to none. `Next` is 0 at the end.

use super::filter::{BaseInfo, Filter, FilterInput, Infos};
use super::{PAGE, account, illegal, internal, number};
use crate::call::{Call, Command, ReadOnlyCall};
use crate::code::Code;
use crate::field::{Field, Object};
use crate::reply::Failure;
use landfall_domain::error::StoreError;
use landfall_domain::ids::UserId;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::official::Subscription;
use landfall_domain::people::snapshot::PeopleNeeds;
use serde::{Deserialize, Serialize};

/// Subscriptions that are read at once.
const READ_AT_ONCE: usize = 1_000;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Subscriber_Account")]
    subscriber_account: Field<String>,
    limit: Field<i128>,
    offset: Field<i128>,
    response_filter: Field<Object<FilterInput>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    official_account_info_list: Vec<Row>,
    total_count: usize,
    complete_flag: u8,
    next: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "Official_Account")]
    official_account: String,
    #[serde(flatten)]
    info: BaseInfo,
    self_info: SelfInfo,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SelfInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    subscribe_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_string: Option<String>,
}

impl Command for Request {
    const PATH: &'static str = "official_account_open_http_svc/get_subscribed_official_account_list";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = account(self.subscriber_account, "Subscriber_Account")?;
        let limit = number(self.limit, "Limit", 200)?;
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE);
        let offset = self.offset.optional("Offset").map_err(illegal)?.unwrap_or_default();
        let offset = usize::try_from(offset)
            .map_err(|_| Code::OfficialParameter.because(format!("Offset is {offset}, which cannot be")))?;
        let (base, own) = Filter::both(self.response_filter)?;
        let (total_count, page) = page(call, &account, offset, limit).await.map_err(internal)?;
        let ids: Vec<_> = page.iter().map(|(id, _)| id.clone()).collect();
        let end = offset.saturating_add(page.len());
        let infos = Infos::read(call, &ids).await.map_err(internal)?;
        let rows = page.into_iter().filter_map(|(id, Subscription { since, custom })| {
            let self_info = SelfInfo {
                subscribe_time: own.take("SubscribeTime", || since.0),
                custom_string: own.take("CustomString", || custom.into_string()),
            };
            Some(Row { official_account: id.to_string(), info: infos.info(&id, &base)?, self_info })
        });
        let is_last = total_count <= end;
        Ok(Reply {
            official_account_info_list: rows.collect(),
            total_count,
            complete_flag: u8::from(is_last),
            next: if is_last { 0 } else { end },
        })
    }
}

/// How many official accounts the account subscribes to, and those of the page.
async fn page(
    call: &ReadOnlyCall,
    account: &UserId,
    offset: usize,
    limit: usize,
) -> Result<(usize, Vec<(UserId, Subscription)>), StoreError> {
    let (mut total, mut page, mut after) = (0, Vec::new(), None);
    loop {
        let subject = Subject::Account(account.clone());
        let range = FactRange { subject, family: FactFamily::Subscribed, after, limit: READ_AT_ONCE };
        let found = call.people(PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() }).await?;
        let is_last = found.facts.len() < READ_AT_ONCE;
        after = found.facts.keys().next_back().map(|(_, key)| key.clone());
        for ((_, key), fact) in found.facts {
            if let (FactKey::Subscribed(id), Fact::Subscription(subscription)) = (key, fact) {
                if offset <= total && page.len() < limit {
                    page.push((id, subscription));
                }
                total += 1;
            }
        }
        if is_last {
            return Ok((total, page));
        }
    }
}
