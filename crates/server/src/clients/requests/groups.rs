//! `groups`: the groups of the account.

use super::conversation::ConversationRow;
use super::{ClientRequest, CommonFields, RequestContext, RequestError};
use crate::reply::Failure;
use landfall_domain::group::{Group, GroupType};
use landfall_domain::member::Member;
use landfall_domain::store::JoinedWindow;
use serde::Serialize;

/// Groups in one answer.
const GROUPS_MAX: usize = 200;

pub(super) struct Groups;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GroupList {
    total_count: u64,
    group_list: Vec<ConversationRow>,
}

impl ClientRequest for Groups {
    const COMMAND: &'static str = "groups";
    type Fields = CommonFields;
    type Reply = GroupList;

    async fn run(
        context: RequestContext<'_>,
        fields: CommonFields,
    ) -> Result<Option<GroupList>, RequestError> {
        let client = context.client;
        let window = JoinedWindow {
            kinds: GroupType::ALL.into_iter().filter(|kind| kind.can().members).collect(),
            support_topic: None,
            inactive: false,
            offset: fields.offset,
            limit: fields.limit.unwrap_or(GROUPS_MAX).min(GROUPS_MAX),
        };
        let page = client.server.store.joined_groups(client.app.id, client.account().clone(), window).await;
        let page = page.map_err(Failure::from)?;
        let rows = page.groups.iter().map(|(group, member): &(Group, Member)| {
            let (name, read) = (group.profile.name.as_str(), group.log.read_seq(member.read));
            ConversationRow {
                group_id: Some(group.id.as_str().to_owned()),
                kind: Some(group.kind.as_str()),
                ..ConversationRow::new(group.kind, name, &group.log, read)
            }
        });
        Ok(Some(GroupList { total_count: page.total, group_list: rows.collect() }))
    }
}
