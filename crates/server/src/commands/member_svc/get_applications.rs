//! `get_applications`: the applications on which the account may decide.
//!
//! [choice] One call looks at up to 200 of the groups of the account, from `Offset` on, or at the group that it names.

use super::application_id;
use crate::call::{Call, Command};
use crate::commands::group_open_http_svc::{group_id, number_up_to};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::GroupId;
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::rights::Right;
use landfall_domain::snapshot::Needs;
use landfall_domain::store::JoinedWindow;
use serde::{Deserialize, Serialize};

/// Groups of one call.
const GROUPS_MAX: usize = 200;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    offset: Field<i128>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    application_list: Vec<Row>,
    /// Where to go on; absent behind the last group.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_offset: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    group_id: String,
    group_name: String,
    application_id: String,
    /// 0: the account applied; 2: a member invited it.
    #[serde(rename = "Type")]
    kind: u8,
    #[serde(rename = "Applicant_Account")]
    applicant: String,
    #[serde(rename = "Member_Account")]
    member: String,
    apply_message: String,
    time: u64,
}

impl Command for Request {
    const PATH: &'static str = "member_svc/get_applications";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let offset = number_up_to(self.offset.optional("Offset")?.unwrap_or_default(), "Offset", 1 << 31)?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let mut application_list = Vec::new();
        if !matches!(self.group_id, Field::Absent) {
            let group = group_id(self.group_id)?;
            call.check_may(&group, Right::Approve).await?;
            application_list.extend(rows(call, &group).await?);
            return Ok(Reply { application_list, next_offset: None });
        }
        let window = JoinedWindow {
            kinds: GroupType::ALL.into_iter().filter(|kind| kind.can().members).collect(),
            support_topic: None,
            inactive: true,
            offset,
            limit: GROUPS_MAX,
        };
        let page = call.joined_groups(call.caller.clone(), window).await?;
        let seen = offset.saturating_add(page.groups.len());
        for (group, member) in &page.groups {
            if Right::Approve.holders(group.kind).include(member.role.into()) {
                application_list.extend(rows(call, &group.id).await?);
            }
        }
        let more = !page.groups.is_empty() && (seen as u64) < page.total;
        Ok(Reply { application_list, next_offset: more.then_some(seen) })
    }
}

async fn rows(call: &Call, group: &GroupId) -> Result<Vec<Row>, Failure> {
    let needs = Needs { ranges: vec![PartRange::all(PartFamily::Applications)], ..Needs::default() };
    let snapshot = call.snapshot(group.clone(), needs).await?;
    let of_group: &Group = &snapshot.group;
    let row = |(key, part): (&PartKey, &Part)| match (key, part) {
        (PartKey::Application(account), Part::Application(application)) if application.waits(call.now) => {
            let applicant = application.invited_by.as_ref().unwrap_or(account);
            Some(Row {
                group_id: group.to_string(),
                group_name: of_group.profile.name.as_str().to_owned(),
                application_id: application_id(group, account),
                kind: if application.invited_by.is_some() { 2 } else { 0 },
                applicant: applicant.to_string(),
                member: account.to_string(),
                apply_message: application.text.clone(),
                time: application.made.0,
            })
        }
        _ => None,
    };
    Ok(snapshot.parts.iter().filter_map(row).collect())
}
