//! `official_account_open_http_svc/get_subscriber_info`: a page of the subscribers of an official account, in the order of
//! their names.
//!
//! [choice] Without `Limit` a page has 200 subscribers too. `LastSendMsgTime` is the time of the last message between the
//! two, whoever sent it.

use super::filter::Infos;
use super::{PAGE, illegal, internal, number, official_id, refusal_failure};
use crate::call::{Call, Command, ReadOnlyCall};
use crate::code::Code;
use crate::field::Field;
use crate::reply::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use landfall_domain::error::StoreError;
use landfall_domain::ids::UserId;
use landfall_domain::member::ReceiveOption;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::official::{OfficialRefusal, Subscription};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::people::{Pair, Subject};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Official_Account")]
    official_account: Field<String>,
    limit: Field<i128>,
    next: Field<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    /// Where the next page begins; empty at the end.
    next: String,
    subscriber_num: u32,
    subscriber_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "Subscriber_Account")]
    subscriber_account: String,
    subscribe_time: u64,
    custom_string: String,
    msg_flag: &'static str,
    last_send_msg_time: u64,
}

impl Command for Request {
    const PATH: &'static str = "official_account_open_http_svc/get_subscriber_info";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let official = official_id(self.official_account, "Official_Account")?;
        let limit = number(self.limit, "Limit", 200)?;
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE);
        let after = after(self.next)?;
        let infos = Infos::read(call, std::slice::from_ref(&official)).await.map_err(internal)?;
        let found = infos.official(&official);
        let subscriber_num =
            found.ok_or_else(|| refusal_failure(OfficialRefusal::NoSuchOfficial))?.subscribers;
        // One more, to see whether there is a next page.
        let mut page = page(call, &official, after, limit + 1).await.map_err(internal)?;
        let has_more = limit < page.len();
        page.truncate(limit);
        let next = match page.last() {
            Some((last, _)) if has_more => STANDARD.encode(last.as_str()),
            _ => String::new(),
        };
        let subscriber_list = rows(call, &official, page).await.map_err(internal)?;
        Ok(Reply { next, subscriber_num, subscriber_list })
    }
}

/// The subscriber behind which the page begins.
fn after(next: Field<String>) -> Result<Option<UserId>, Failure> {
    let Some(next) = next.optional("Next").map_err(illegal)? else { return Ok(None) };
    let name = STANDARD.decode(&next).ok().and_then(|name| String::from_utf8(name).ok());
    let account = name.and_then(|name| UserId::parse(&name));
    let problem = || Code::OfficialParameter.because("Next is not of an earlier answer");
    account.map(Some).ok_or_else(problem)
}

async fn page(
    call: &ReadOnlyCall,
    official: &UserId,
    after: Option<UserId>,
    limit: usize,
) -> Result<Vec<(UserId, Subscription)>, StoreError> {
    let range = FactRange {
        subject: Subject::Account(official.clone()),
        family: FactFamily::Subscribers,
        after: after.map(FactKey::Subscriber),
        limit,
    };
    let found = call.people(PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() }).await?;
    let subscribers = found.facts.into_iter().filter_map(|((_, key), fact)| match (key, fact) {
        (FactKey::Subscriber(account), Fact::Subscription(subscription)) => Some((account, subscription)),
        _ => None,
    });
    Ok(subscribers.collect())
}

async fn rows(
    call: &ReadOnlyCall,
    official: &UserId,
    page: Vec<(UserId, Subscription)>,
) -> Result<Vec<Row>, StoreError> {
    let log = |account: &UserId| (Subject::Pair(Pair::of(official.clone(), account.clone())), FactKey::Log);
    let facts = page.iter().map(|(account, _)| log(account)).collect();
    let found = call.people(PeopleNeeds { facts, ..PeopleNeeds::default() }).await?;
    let row = |(account, Subscription { since, custom }): (UserId, Subscription)| {
        let last_send_msg_time = match found.facts.get(&log(&account)) {
            Some(Fact::Log(log)) => log.last_message.0,
            _ => 0,
        };
        Row {
            subscriber_account: account.to_string(),
            subscribe_time: since.0,
            custom_string: custom.into_string(),
            msg_flag: ReceiveOption::AcceptAndNotify.as_str(),
            last_send_msg_time,
        }
    };
    Ok(page.into_iter().map(row).collect())
}
