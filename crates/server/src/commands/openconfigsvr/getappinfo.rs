//! `openconfigsvr/getappinfo`: what happened in the app on each of the last 30 days, the present one first.
//!
//! Every number is a text. [doc]
//!
//! [choice] A day begins at midnight in UTC+8. Every day has a row, with zeros for what was not counted; totals of a day on
//! which nobody looked are those of the day before. Different accounts and groups are counted exactly up to 1,024 a day,
//! and within some percent above. Names that the documentation does not have are ignored in `RequestField`.
//! [choice] `AppName` and `Company` are empty, and nothing is pushed, so the counts of pushes are 0.

use super::internal;
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Field, FieldError};
use crate::items::check_all;
use crate::reply::Failure;
use landfall_domain::people::Subject;
use landfall_domain::people::archive::date;
use landfall_domain::people::counts::{Day, DayCounts, Sum, Totals, Who};
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::snapshot::PeopleNeeds;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Days in an answer. [doc]
const DAYS: u32 = 30;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    request_field: Field<Vec<Field<String>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    /// In place of that of the envelope. [sample]
    error_info: &'static str,
    result: Vec<BTreeMap<&'static str, String>>,
}

impl Command for Request {
    const PATH: &'static str = "openconfigsvr/getappinfo";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let illegal = |error: FieldError| error.failure(Code::ConfigJsonParse);
        let list = self.request_field.list("RequestField").map_err(illegal)?;
        let asked: BTreeSet<String> =
            check_all("RequestField", list, |name, place| name.required(place).map_err(illegal))?
                .into_iter()
                .collect();
        let ranges = vec![FactRange::all(Subject::App, FactFamily::Days)];
        let found = call.people(PeopleNeeds { ranges, ..PeopleNeeds::default() }).await.map_err(internal)?;
        let kept = found.facts.into_iter().filter_map(|((_, key), fact)| match (key, fact) {
            (FactKey::Day(day), Fact::Day(counts)) => Some((day, counts)),
            _ => None,
        });
        let kept: BTreeMap<Day, Box<DayCounts>> = kept.collect();
        let today = Day::of(call.now);
        let first = Day(today.0.saturating_sub(DAYS - 1));
        let mut totals = kept.range(..first).filter_map(|(_, counts)| counts.totals).next_back();
        let mut result = Vec::new();
        let nothing = DayCounts::default();
        for day in (first.0..=today.0).map(Day) {
            let counts = kept.get(&day).map_or(&nothing, |counts| &**counts);
            totals = counts.totals.or(totals.map(|before| Totals { new_accounts: 0, ..before }));
            let mut row = row(counts, totals.unwrap_or_default());
            row.insert("AppId", call.app_id().to_string());
            row.retain(|name, _| asked.is_empty() || asked.contains(*name));
            let (year, month, of_month) = date(day.0.into());
            row.insert("Date", format!("{year:04}{month:02}{of_month:02}"));
            result.push(row);
        }
        result.reverse();
        Ok(Reply { error_info: "OK", result })
    }
}

/// What happened on a day, by documented names.
fn row(counts: &DayCounts, totals: Totals) -> BTreeMap<&'static str, String> {
    let sum = |of: Sum| counts.sum(of);
    let who = |of: Who| counts.different(of);
    let numbers = [
        ("ActiveUserNum", who(Who::Active)),
        ("RegistUserNumOneDay", totals.new_accounts),
        ("RegistUserNumTotal", totals.accounts),
        ("LoginTimes", sum(Sum::Logins)),
        ("LoginUserNum", who(Who::LoggedIn)),
        ("UpMsgNum", sum(Sum::DirectUp) + sum(Sum::GroupUp)),
        ("SendMsgUserNum", who(Who::Senders)),
        ("APNSMsgNum", 0),
        ("C2CUpMsgNum", sum(Sum::DirectUp)),
        ("C2CDownMsgNum", sum(Sum::DirectDown)),
        ("C2CSendMsgUserNum", who(Who::DirectSenders)),
        ("C2CAPNSMsgNum", 0),
        ("MaxOnlineNum", counts.online_max),
        ("DownMsgNum", sum(Sum::DirectDown) + sum(Sum::GroupDown)),
        ("ChainIncrease", sum(Sum::FriendsMade)),
        ("ChainDecrease", sum(Sum::FriendsEnded)),
        ("GroupUpMsgNum", sum(Sum::GroupUp)),
        ("GroupDownMsgNum", sum(Sum::GroupDown)),
        ("GroupSendMsgUserNum", who(Who::GroupSenders)),
        ("GroupAPNSMsgNum", 0),
        ("GroupSendMsgGroupNum", who(Who::Groups)),
        ("GroupJoinGroupTimes", sum(Sum::Joins)),
        ("GroupQuitGroupTimes", sum(Sum::Quits)),
        ("GroupNewGroupNum", sum(Sum::NewGroups)),
        ("GroupAllGroupNum", totals.groups),
        ("GroupDestroyGroupNum", sum(Sum::EndedGroups)),
        ("CallBackReq", sum(Sum::WebhooksSent)),
        ("CallBackRsp", sum(Sum::WebhooksAnswered)),
    ];
    let texts = ["AppName", "Company"].map(|name| (name, String::new()));
    numbers.into_iter().map(|(name, number)| (name, number.to_string())).chain(texts).collect()
}
