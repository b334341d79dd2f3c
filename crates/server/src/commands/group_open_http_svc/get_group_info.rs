//! `group_open_http_svc/get_group_info`: reads the profiles of up to 50 groups, with their members on request.
//!
//! The envelope says nothing about the groups: each row has its own code. Groups that keep no members show an empty list.

use super::base_row::{Base, BaseFilter};
use super::member_row::{FieldNames, FieldRow, Filter, MemberRow};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::refusal::NO_SUCH_GROUP;
use crate::field::{Field, Object};
use crate::items::check_all;
use crate::reply::Failure;
use futures_util::future::join_all;
use landfall_domain::group::Group;
use landfall_domain::ids::GroupId;
use landfall_domain::store::MemberWindow;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Fewest bytes of a member in an answer; more members than fit are refused before they are read.
const MEMBER_ROW_BYTES_MIN: usize = 22;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id_list: Field<Vec<Field<String>>>,
    response_filter: Field<Object<ResponseFilter>>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
struct ResponseFilter {
    group_base_info_filter: FieldNames,
    member_info_filter: FieldNames,
    #[serde(rename = "AppDefinedDataFilter_Group")]
    group_fields: FieldNames,
    #[serde(rename = "AppDefinedDataFilter_GroupMember")]
    member_fields: FieldNames,
}

/// One row for each requested group, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    group_info: Vec<Row>,
}

/// One group, with the requested fields only.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    group_id: String,
    error_code: u32,
    error_info: &'static str,
    #[serde(flatten)]
    base: Base,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_defined_data: Option<Vec<FieldRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member_list: Option<Vec<MemberRow>>,
}

/// The fields that the answer carries.
struct Wanted {
    base: BaseFilter,
    group_fields: Filter,
    /// Fields of members, and their custom fields.
    members: Option<(Filter, Filter)>,
}

impl Wanted {
    /// Everything without a filter, else only the categories that it names.
    fn new(filter: Field<Object<ResponseFilter>>) -> Self {
        let filter = filter.if_valid().unwrap_or_default().0;
        let base = Filter::new(filter.group_base_info_filter);
        let group_fields = Filter::new(filter.group_fields);
        let members = Filter::new(filter.member_info_filter);
        let member_fields = Filter::new(filter.member_fields);
        let given = [&base, &group_fields, &members, &member_fields].map(Filter::is_given);
        if given == [false; 4] {
            let base = BaseFilter::new(&base);
            return Self { base, group_fields, members: Some((members, member_fields)) };
        }
        Self {
            base: BaseFilter::new(&base.or_nothing()),
            group_fields: group_fields.or_nothing(),
            members: (members.is_given() || member_fields.is_given())
                .then(|| (members.or_nothing(), member_fields.or_nothing())),
        }
    }
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/get_group_info";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let list = self.group_id_list.required("GroupIdList")?;
        let max = call.limits.groups_per_query;
        if max < list.len() {
            return Err(Code::GroupParameter
                .because(format!("GroupIdList names {} groups; at most {max} are allowed", list.len())));
        }
        let wanted = Wanted::new(self.response_filter);
        let requested = check_all("GroupIdList", list, |id, place| Ok(id.required(place)?))?;
        let ids: Vec<_> = requested.iter().map(|id| GroupId::parse(id)).collect();
        let legal: Vec<_> = ids.iter().map(Option::is_some).collect();
        let ids = ids.into_iter().flatten().collect();
        let groups = call.groups(ids).await?;
        if wanted.members.is_some() {
            refuse_more_members_than_fit(&groups, call)?;
        }
        let online = online(call, &groups, &wanted).await;
        let mut found = groups.into_iter();
        let mut rows = Vec::with_capacity(requested.len());
        for (id, legal) in requested.into_iter().zip(legal) {
            rows.push(if !legal {
                failed_row(id, Code::GroupIdIllegal, "GroupId is not a group id")
            } else if let Some(group) = found.next().flatten() {
                let online = online.get(&group.id).copied().unwrap_or_default();
                row(call, id, group, online, &wanted).await?
            } else {
                failed_row(id, Code::GroupNotFound, NO_SUCH_GROUP)
            });
        }
        Ok(Reply { group_info: rows })
    }
}

/// The number of members present in each live-stream group. All are asked at once, because other servers may be slow.
async fn online(call: &Call, groups: &[Option<Arc<Group>>], wanted: &Wanted) -> BTreeMap<GroupId, usize> {
    let live = groups.iter().flatten().filter(|group| group.kind.can().live);
    let live = live.filter(|_| wanted.base.counts_online());
    let counts = live.map(async |group| (group.id.clone(), call.visitor_count(&group.id).await));
    join_all(counts).await.into_iter().collect()
}

fn refuse_more_members_than_fit(groups: &[Option<Arc<Group>>], call: &Call) -> Result<(), Failure> {
    let members: usize =
        groups.iter().flatten().map(|group| usize::try_from(group.member_count).unwrap_or(usize::MAX)).sum();
    if call.limits.reply_bytes / MEMBER_ROW_BYTES_MIN < members {
        return Err(Code::GroupReplyTooLarge.because(format!(
            "{members} members do not fit an answer of {} bytes; use get_group_member_info",
            call.limits.reply_bytes
        )));
    }
    Ok(())
}

fn failed_row(group_id: String, code: Code, error_info: &'static str) -> Row {
    Row { group_id, error_code: code.number(), error_info, ..Row::default() }
}

async fn row(
    call: &Call,
    group_id: String,
    group: Arc<Group>,
    online: usize,
    wanted: &Wanted,
) -> Result<Row, Failure> {
    let mut row = Row {
        group_id,
        app_defined_data: FieldRow::list(&group.profile.fields, &wanted.group_fields),
        base: Base::new(call.app_id(), Arc::clone(&group), wanted.base).with_online(online),
        ..Row::default()
    };
    let Some((filter, fields)) = &wanted.members else { return Ok(row) };
    row.member_list = Some(Vec::new());
    if group.kind.can().members {
        let window = MemberWindow::ByJoinTime { offset: 0, limit: usize::MAX };
        match call.members(group.id.clone(), Vec::new(), window).await {
            Ok(page) => {
                let of = page.group;
                row.member_list = Some(MemberRow::list(call, page.members, &of, (filter, fields)).await?);
            }
            // Dissolved between the two reads.
            Err(failure) if failure.code == Code::GroupNotFound => {
                return Ok(failed_row(row.group_id, Code::GroupNotFound, NO_SUCH_GROUP));
            }
            // Members are for members: an account outside a group that it may find sees none of them. [choice]
            Err(failure) if failure.code == Code::GroupNotAllowed => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(row)
}
