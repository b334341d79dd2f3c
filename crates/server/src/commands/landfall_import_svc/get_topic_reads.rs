//! `landfall_import_svc/get_topic_reads`: says, page by page, how far members have read in a topic.

use crate::call::{ImportCommand, SilentCall};
use crate::code::Code;
use crate::commands::group_open_http_svc::{group_id, number_up_to};
use crate::commands::topic::required_topic_id;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::message::ReadMark;
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::snapshot::Needs;
use serde::{Deserialize, Serialize};

/// Members of one answer.
const MEMBERS_MAX: u64 = 1_000;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    topic_id: Field<String>,
    limit: Field<i128>,
    next: Field<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    /// Number of the last message that members have read who have no row on any page.
    msg_seq: u32,
    /// Sorted by account.
    read_list: Vec<Row>,
    /// Where the next page starts; empty at the end.
    next: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "Member_Account")]
    account: String,
    /// Number of the last message that the member has read.
    msg_seq: u32,
}

impl ImportCommand for Request {
    const PATH: &'static str = "landfall_import_svc/get_topic_reads";
    type Reply = Reply;

    async fn run(self, call: &SilentCall) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let topic = required_topic_id(self.topic_id, &group)?;
        let limit = self.limit.optional("Limit")?.unwrap_or(MEMBERS_MAX.into());
        let limit = usize::try_from(number_up_to(limit, "Limit", MEMBERS_MAX)?).unwrap_or_default();
        let after = self.next.optional("Next")?.filter(|next| !next.is_empty());
        let after = after.map(|next| {
            UserId::parse(&next)
                .ok_or_else(|| Code::GroupParameter.because("Next is not a value that an answer gave"))
        });
        let range = PartRange {
            family: PartFamily::TopicMembers(topic.clone()),
            after: after.transpose()?.map(|account| PartKey::TopicMember(topic.clone(), account)),
            // One more shows whether there is another page.
            limit: limit.saturating_add(1),
        };
        let parts = vec![PartKey::Topic(topic.clone())];
        let mut snapshot =
            call.snapshot(group, Needs { parts, ranges: vec![range], ..Needs::default() }).await?;
        let log = snapshot.topic(&topic)?.log.clone();
        let rows = std::mem::take(&mut snapshot.parts).into_iter().filter_map(|part| match part {
            (PartKey::TopicMember(_, account), Part::TopicMember(member)) => {
                Some(Row { account: account.to_string(), msg_seq: log.read_seq(member.read) })
            }
            _ => None,
        });
        let mut read_list: Vec<_> = rows.collect();
        let more = limit < read_list.len();
        read_list.truncate(limit);
        let next = read_list.last().filter(|_| more).map(|row| row.account.clone());
        Ok(Reply { msg_seq: log.read_seq(ReadMark::default()), read_list, next: next.unwrap_or_default() })
    }
}
