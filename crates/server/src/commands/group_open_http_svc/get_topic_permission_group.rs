//! `group_open_http_svc/get_topic_permission_group`: reads the permissions of a permission group in topics.

use super::permission_group::permission_group_id;
use super::topic_permissions::{Reply, Row};
use super::{group_id, names};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::TopicId;
use landfall_domain::operations::set_topic_permissions::TopicPermissionOutcome;
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::permission::has_permission_groups;
use landfall_domain::snapshot::Needs;
use serde::Deserialize;

/// Without a list, all topics in which the permission group has permissions. [doc]
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    permission_group_id: Field<String>,
    topic_id_list: Field<Vec<Field<String>>>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/get_topic_permission_group";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let limits = call.limits.topics;
        let group = group_id(self.group_id)?;
        let id = permission_group_id(self.permission_group_id)?;
        let list = self.topic_id_list;
        let requested =
            list.is_given().then(|| names(list, "TopicIdList", limits.permissions_per_call)).transpose()?;
        let key = |topic: TopicId| PartKey::TopicPermission(id.clone(), topic);
        let mut needs = Needs { parts: vec![PartKey::PermissionGroup(id.clone())], ..Needs::default() };
        match &requested {
            Some(requested) => {
                needs
                    .parts
                    .extend(requested.iter().filter_map(|topic| TopicId::parse(topic, &group)).map(key));
            }
            None => {
                let all = PartRange::all(PartFamily::TopicPermissions(id.clone()));
                needs.ranges.push(PartRange { limit: limits.count, ..all });
            }
        }
        let snapshot = call.snapshot(group.clone(), needs).await?;
        has_permission_groups(&snapshot.group).and_then(|()| snapshot.permission_group(&id).map(|_| ()))?;
        let rows = match requested {
            Some(requested) => requested
                .into_iter()
                .map(|raw| match TopicId::parse(&raw, &group) {
                    None => Row::new(raw, None),
                    Some(topic) => match snapshot.parts.get(&key(topic)) {
                        Some(Part::TopicPermission(bits)) => Row::found(raw, *bits),
                        Some(_) | None => Row::new(raw, Some(TopicPermissionOutcome::NotThere)),
                    },
                })
                .collect(),
            None => snapshot
                .parts
                .iter()
                .filter_map(|part| match part {
                    (PartKey::TopicPermission(_, topic), Part::TopicPermission(bits)) => {
                        Some(Row::found(topic.as_str().to_owned(), *bits))
                    }
                    _ => None,
                })
                .collect(),
        };
        Ok(Reply { topic_permission_result_list: rows })
    }
}
