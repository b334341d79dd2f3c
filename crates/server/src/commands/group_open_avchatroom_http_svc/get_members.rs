//! `group_open_avchatroom_http_svc/get_members`: lists the members of a live-stream group at present.
//!
//! [choice] Members are listed by the time they entered, the latest first, 1,000 at most.
//! `Timestamp` and `NextTimestamp` are the place where a page starts: times would leave out members that entered in the
//! same second. `Mark` filters nothing.

use super::{group_id, live_group};
use crate::call::{Call, Command};
use crate::commands::group_open_http_svc::number_up_to;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::snapshot::Needs;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// Members listed on all pages together. [doc]
const LISTED_MAX: usize = 1_000;
/// Members on one page. [doc]
const PER_PAGE: usize = 500;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    timestamp: Field<i128>,
    mark: Field<i128>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    member_list: Vec<Row>,
    /// Where the next page starts; 0 at the end.
    next_timestamp: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "Member_Account")]
    account: String,
    join_time: u64,
    nick_name: String,
    avatar: String,
}

impl Command for Request {
    const PATH: &'static str = "group_open_avchatroom_http_svc/get_members";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let start = number_up_to(
            self.timestamp.optional("Timestamp")?.unwrap_or_default(),
            "Timestamp",
            u32::MAX.into(),
        )?;
        number_up_to(self.mark.optional("Mark")?.unwrap_or_default(), "Mark", u32::MAX.into())?;
        live_group(call, group.clone(), Needs::default()).await?;
        let mut visitors: Vec<_> = call.visitors(&group).await.into_iter().collect();
        visitors.sort_by_key(|(account, since)| (Reverse(*since), account.clone()));
        visitors.truncate(LISTED_MAX);
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let end = start.saturating_add(PER_PAGE);
        let next_timestamp = if end < visitors.len() { end } else { 0 };
        let page: Vec<_> = visitors.into_iter().skip(start).take(PER_PAGE).collect();
        Ok(Reply { member_list: rows(call, page).await?, next_timestamp })
    }
}

async fn rows(call: &Call, page: Vec<(UserId, Timestamp)>) -> Result<Vec<Row>, Failure> {
    let ids = page.iter().map(|(account, _)| account.clone()).collect();
    let accounts = call.accounts(ids).await?;
    let rows = page.into_iter().zip(accounts).map(|((id, since), account)| {
        let (nick, face_url) = account.map(|account| (account.nick, account.face_url)).unwrap_or_default();
        Row {
            account: id.as_str().to_owned(),
            join_time: since.0,
            nick_name: nick.as_str().to_owned(),
            avatar: face_url.as_str().to_owned(),
        }
    });
    Ok(rows.collect())
}
