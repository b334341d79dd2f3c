//! `group_open_http_svc/get_group_info`: the profiles of up to 50 groups, with their members when asked for.
//!
//! The envelope says nothing about the groups: each row has its own code.

use super::group_id;
use super::member_row::{FieldRow, Filter, MemberRow, Names};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::refusal::NO_SUCH_GROUP;
use crate::given::{Given, Misfit, Object};
use crate::reply::Failure;
use landfall_domain::group::Group;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::store::{MemberWindow, NoSuchGroup, OperationError, StoreError};
use serde::{Deserialize, Serialize};

/// Fewest bytes that a member takes in an answer; more members than fit are refused before they are read.
const MEMBER_ROW_BYTES_MIN: usize = 22;

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id_list: Given<Vec<Given<String>>>,
    response_filter: Given<Object<ResponseFilter>>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
struct ResponseFilter {
    group_base_info_filter: Names,
    member_info_filter: Names,
    #[serde(rename = "AppDefinedDataFilter_Group")]
    group_fields: Names,
    #[serde(rename = "AppDefinedDataFilter_GroupMember")]
    member_fields: Names,
}

/// The reply: a row for each group asked for, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    group_info: Vec<Row>,
}

/// One group; what was not asked for is left out. Both names of mute-all are sent, for old and new clients.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    group_id: String,
    error_code: u32,
    error_info: &'static str,
    #[serde(flatten)]
    base: Base,
    /// On request only, also by an answer that carries everything. [doc]
    #[serde(skip_serializing_if = "Option::is_none")]
    info_seq: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_defined_data: Option<Vec<FieldRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member_list: Option<Vec<MemberRow>>,
}

/// Declares the base fields once: their names, their types, and how each is read from a group.
macro_rules! base_fields {
    ($($(#[$attribute:meta])? $field:ident: $kind:ty = [$($name:literal),+] $read:expr;)*) => {
        #[derive(Debug, Default, Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Base {
            $(#[serde(skip_serializing_if = "Option::is_none")] $(#[$attribute])? $field: Option<$kind>,)*
        }

        impl Base {
            fn new(app: AppId, group: &Group, filter: &Filter) -> Self {
                $(let $field: fn(AppId, &Group) -> $kind = $read;)*
                Self { $($field: filter.takes(&[$($name),+]).then(|| $field(app, group)),)* }
            }
        }
    };
}

base_fields! {
    r#type: &'static str = ["Type"] |_, group| group.kind.word();
    name: String = ["Name"] |_, group| group.profile.name.as_str().to_owned();
    appid: u32 = ["Appid"] |app, _| app.0;
    introduction: String = ["Introduction"] |_, group| group.profile.introduction.as_str().to_owned();
    notification: String = ["Notification"] |_, group| group.profile.notification.as_str().to_owned();
    face_url: String = ["FaceUrl"] |_, group| group.profile.face_url.as_str().to_owned();
    #[serde(rename = "Owner_Account")]
    owner_account: String = ["Owner_Account"] |_, group| group.owner.as_ref().map(|owner| owner.as_str().to_owned()).unwrap_or_default();
    create_time: u64 = ["CreateTime"] |_, group| group.created.0;
    last_info_time: u64 = ["LastInfoTime"] |_, group| group.info_changed.0;
    last_msg_time: u64 = ["LastMsgTime"] |_, group| group.log.last_message.0;
    next_msg_seq: u32 = ["NextMsgSeq"] |_, group| group.log.next_seq;
    member_num: u32 = ["MemberNum"] |_, group| group.member_count;
    max_member_num: u32 = ["MaxMemberNum", "MaxMemberCount"] |_, group| group.profile.max_members;
    online_member_num: u32 = ["OnlineMemberNum"] |_, _| 0;
    apply_join_option: &'static str = ["ApplyJoinOption"] |_, group| group.profile.join_option.word();
    invite_join_option: &'static str = ["InviteJoinOption"] |_, group| group.invite_option.word();
    mute_all_member: &'static str = ["MuteAllMember", "ShutUpAllMember"] |_, group| on_off(group.mute_all);
    shut_up_all_member: &'static str = ["MuteAllMember", "ShutUpAllMember"] |_, group| on_off(group.mute_all);
    support_topic: u8 = ["SupportTopic"] |_, group| group.support_topic.into();
    enable_permission: u8 = ["EnablePermission"] |_, group| group.permissions_enabled.into();
    default_permission: u64 = ["DefaultPermission"] |_, group| group.default_permissions;
}

fn on_off(on: bool) -> &'static str {
    if on { "On" } else { "Off" }
}

/// What the answer carries, from the request's filter.
struct Wanted {
    base: Filter,
    group_fields: Filter,
    /// Which fields of members, and which of their custom fields.
    members: Option<(Filter, Filter)>,
}

impl Wanted {
    /// Without a filter: everything. With one: only the categories it names.
    fn new(filter: Given<Object<ResponseFilter>>) -> Self {
        let filter = filter.if_fitting().unwrap_or_default().0;
        let base = Filter::new(filter.group_base_info_filter);
        let group_fields = Filter::new(filter.group_fields);
        let members = Filter::new(filter.member_info_filter);
        let member_fields = Filter::new(filter.member_fields);
        let given = [&base, &group_fields, &members, &member_fields].map(Filter::is_given);
        if given == [false; 4] {
            return Self { base, group_fields, members: Some((members, member_fields)) };
        }
        let named = |filter: Filter| if filter.is_given() { filter } else { Filter::nothing() };
        Self {
            base: named(base),
            group_fields: named(group_fields),
            members: (members.is_given() || member_fields.is_given())
                .then(|| (named(members), named(member_fields))),
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
        let asked = list
            .into_iter()
            .enumerate()
            .map(|(index, id)| id.required(&format!("GroupIdList[{index}]")))
            .collect::<Result<Vec<String>, Misfit>>()?;
        let ids: Vec<_> = asked.iter().filter_map(|id| GroupId::parse(id)).collect();
        let groups = call.store.groups(call.app_id(), ids).await.map_err(internal)?;
        if wanted.members.is_some() {
            refuse_more_members_than_fit(&groups, call)?;
        }
        let mut found = groups.into_iter();
        let mut rows = Vec::with_capacity(asked.len());
        for id in asked {
            rows.push(match group_id(Given::Is(id.clone())) {
                Err(illegal) => failed_row(id, illegal.code, "GroupId is not a group id"),
                Ok(_) => match found.next().flatten() {
                    None => failed_row(id, Code::GroupNotFound, NO_SUCH_GROUP),
                    Some(group) => row(call, group, &wanted).await?,
                },
            });
        }
        Ok(Reply { group_info: rows })
    }
}

fn refuse_more_members_than_fit(groups: &[Option<Group>], call: &Call) -> Result<(), Failure> {
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

async fn row(call: &Call, group: Group, wanted: &Wanted) -> Result<Row, Failure> {
    let mut row = Row {
        group_id: group.id.as_str().to_owned(),
        base: Base::new(call.app_id(), &group, &wanted.base),
        info_seq: (wanted.base.is_given() && wanted.base.takes(&["InfoSeq"])).then_some(group.info_seq),
        app_defined_data: FieldRow::list(&group.profile.fields, &wanted.group_fields),
        ..Row::default()
    };
    if let Some((filter, fields)) = &wanted.members {
        let window = MemberWindow::ByJoinTime { offset: 0, limit: usize::MAX };
        match call.store.members(call.app_id(), group.id, Vec::new(), window).await {
            Ok(page) => {
                let of = page.group;
                let rows = page.members.into_iter().map(|member| MemberRow::new(member, &of, filter, fields));
                row.member_list = Some(rows.collect());
            }
            // Dissolved between the two reads.
            Err(OperationError::Refused(NoSuchGroup)) => {
                return Ok(failed_row(row.group_id, Code::GroupNotFound, NO_SUCH_GROUP));
            }
            Err(OperationError::Store(error)) => return Err(internal(error)),
        }
    }
    Ok(row)
}

fn internal(error: StoreError) -> Failure {
    Code::GroupInternal.internal(error)
}
