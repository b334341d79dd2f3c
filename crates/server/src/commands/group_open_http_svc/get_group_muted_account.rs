//! `group_open_http_svc/get_group_muted_account`: lists the muted members of a group, or of one topic of a
//! community, and when each mute ends, sorted by account.

use super::group_id;
use super::parts::visit_parts;
use crate::call::{Call, Command};
use crate::commands::topic::topic_id;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::group::Group;
use landfall_domain::ids::{GroupId, TopicId, UserId};
use landfall_domain::part::{Part, PartFamily, PartKey};
use landfall_domain::refusal::Refusal;
use landfall_domain::snapshot::Needs;
use landfall_domain::store::MemberWindow;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Members read in one snapshot.
const MEMBERS_PER_STEP: usize = 5_000;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    topic_id: Field<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    group_id: String,
    muted_account_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "Member_Account")]
    member_account: String,
    muted_until: u64,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/get_group_muted_account";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let (group, muted) = self.muted(call).await?;
        let rows = muted.into_iter().map(|(account, until)| Row {
            member_account: account.as_str().to_owned(),
            muted_until: until.0,
        });
        Ok(Reply { group_id: group.as_str().to_owned(), muted_account_list: rows.collect() })
    }
}

impl Request {
    /// The group, and each muted account with the end of its mute.
    pub(super) async fn muted(self, call: &Call) -> Result<(GroupId, Vec<(UserId, Timestamp)>), Failure> {
        let id = group_id(self.group_id)?;
        let topic = topic_id(self.topic_id, &id)?;
        let mut muted = Vec::new();
        let mut visit = |account: UserId, until: Timestamp| {
            if call.now < until {
                muted.push((account, until));
            }
        };
        let group = match topic {
            None => visit_members(call, id, &mut visit).await?,
            Some(topic) => visit_topic(call, id, topic, &mut visit).await?,
        };
        if !group.kind.can().mute {
            return Err(Refusal::TypeForbids("cannot mute members").into());
        }
        Ok((group.id, muted))
    }
}

/// Passes the mutes of all members to `visit`.
async fn visit_members(
    call: &Call,
    id: GroupId,
    visit: &mut (impl FnMut(UserId, Timestamp) + Send),
) -> Result<Group, Failure> {
    let mut after = None;
    loop {
        let window = MemberWindow::ByName { after, limit: MEMBERS_PER_STEP };
        let page = call.members(id.clone(), Vec::new(), window).await?;
        after = page.members.last().filter(|_| page.more).map(|member| member.account.clone());
        page.members.into_iter().for_each(|member| visit(member.account, member.muted_until));
        if after.is_none() {
            return Ok(page.group);
        }
    }
}

/// Passes the mutes in a topic to `visit`.
async fn visit_topic(
    call: &Call,
    id: GroupId,
    topic: TopicId,
    visit: &mut (impl FnMut(UserId, Timestamp) + Send),
) -> Result<Group, Failure> {
    let needs = Needs { parts: vec![PartKey::Topic(topic.clone())], ..Needs::default() };
    call.snapshot(id.clone(), needs).await?.topic(&topic)?;
    visit_parts(call, id, PartFamily::TopicMembers(topic), |key, part| {
        if let (PartKey::TopicMember(_, account), Part::TopicMember(member)) = (key, part) {
            visit(account, member.muted_until);
        }
        ControlFlow::Continue(())
    })
    .await
}
