//! `sns/black_list_get`: a page of a blocklist, in the order of the names.
//!
//! [choice] A list that has not changed since `LastSequence` is not sent again where the call asks for its beginning; pages
//! behind it are, because clients send the number of the first page with them.

use super::{from_account, head, illegal, internal, number, unknown_account};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::snapshot::PeopleNeeds;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    start_index: Field<i128>,
    max_limited: Field<i128>,
    last_sequence: Field<i128>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    black_list_item: Vec<Row>,
    /// Where the next page begins; 0 at the end.
    start_index: usize,
    /// The documentation writes it so.
    curruent_sequence: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "To_Account")]
    to_account: String,
    add_black_time_stamp: u64,
}

impl Command for Request {
    const PATH: &'static str = "sns/black_list_get";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = from_account(self.from_account)?;
        let start = number(self.start_index, "StartIndex")? as usize;
        let wanted = self.max_limited.required("MaxLimited").map_err(illegal)?;
        if wanted < 1 {
            return Err(
                Code::FriendParameter.because(format!("MaxLimited is {wanted}; it must be at least 1"))
            );
        }
        let limit = usize::try_from(wanted).unwrap_or(usize::MAX).min(call.limits.friends.per_call);
        let known = number(self.last_sequence, "LastSequence")?;
        let subject = Subject::Account(account.clone());
        // One more, to see whether there is a next page.
        let limit_read = start.saturating_add(limit).saturating_add(1);
        let needs = PeopleNeeds {
            accounts: vec![account.clone()],
            facts: vec![(subject.clone(), FactKey::Friends)],
            ranges: vec![FactRange {
                subject,
                family: FactFamily::Blocklist,
                after: None,
                limit: limit_read,
            }],
            ..PeopleNeeds::default()
        };
        let found = call.people(needs).await.map_err(internal)?;
        if !found.accounts.contains_key(&account) {
            return Err(unknown_account(&account));
        }
        let curruent_sequence = head(&found, &account).blocked;
        if start == 0 && known == curruent_sequence {
            return Ok(Reply { black_list_item: Vec::new(), start_index: 0, curruent_sequence });
        }
        let mut rows: Vec<Row> = found
            .facts
            .iter()
            .filter_map(|((_, key), fact)| match (key, fact) {
                (FactKey::Blocked(id), Fact::Blocked(blocked)) => {
                    Some(Row { to_account: id.to_string(), add_black_time_stamp: blocked.since.0 })
                }
                _ => None,
            })
            .skip(start)
            .collect();
        let has_more = limit < rows.len();
        rows.truncate(limit);
        let start_index = if has_more { start + limit } else { 0 };
        Ok(Reply { black_list_item: rows, start_index, curruent_sequence })
    }
}
