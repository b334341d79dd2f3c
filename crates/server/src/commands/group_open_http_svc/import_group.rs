//! `group_open_http_svc/import_group`: imports a group from another system.
//!
//! Silent: no callback, no notice, no message number is used. A repeated import of a living id is 10021 and
//! changes nothing.
//!
//! [choice] The checks run in the order of the documented list of causes, here and in create_group.
//! [choice] `HistoryMsgBeforeJoin` is taken as `modify_group_base_info` takes it: members of other systems saw what was said before they joined.
//! [choice] A `MemberList` is taken like that of create_group, because real importers send one.

use super::profile::{
    CustomFieldInput, apply_join_option, distinct_members, group_fields, id_choice, max_members,
    refuse_more_than_fit, text,
};
use super::{ImportMemberInput, flag, members, on_off, time};
use crate::call::{ImportCommand, SilentCall};
use crate::code::Code;
use crate::commands::account::account;
use crate::field::{Field, Object};
use crate::reply::Failure;
use landfall_domain::error::OperationError;
use landfall_domain::group::{GroupType, JoinOption, Profile};
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::limits::MAX_MEMBERS_DEFAULT;
use landfall_domain::member::Role;
use landfall_domain::new_group::{NewGroup, NewGroupRefusal, NewMember};
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Owner_Account")]
    owner_account: Field<String>,
    #[serde(rename = "Type")]
    kind: Field<String>,
    group_id: Field<String>,
    name: Field<String>,
    introduction: Field<String>,
    notification: Field<String>,
    face_url: Field<String>,
    max_member_num: Field<i128>,
    max_member_count: Field<i128>,
    apply_join_option: Field<String>,
    history_msg_before_join: Field<String>,
    app_defined_data: Field<Vec<Field<Object<CustomFieldInput>>>>,
    create_time: Field<i128>,
    support_topic: Field<i128>,
    member_list: Field<Vec<Field<Object<ImportMemberInput>>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    group_id: String,
}

impl ImportCommand for Request {
    const PATH: &'static str = "group_open_http_svc/import_group";
    type Reply = Reply;

    async fn run(self, call: &SilentCall) -> Result<Reply, Failure> {
        let id = call.import_group(self.check(call)?).await.map_err(refuse)?;
        Ok(Reply { group_id: id.as_str().to_owned() })
    }
}

impl Request {
    fn check(self, call: &SilentCall) -> Result<NewGroup, Failure> {
        let limits = call.limits;
        let kind = group_type(self.kind)?;
        let owner = account(self.owner_account, "Owner_Account", Code::GroupParameter)?;
        let name = text(Field::Value(self.name.required("Name")?), "Name", limits.name)?;
        let introduction = text(self.introduction, "Introduction", limits.introduction)?;
        let notification = text(self.notification, "Notification", limits.notification)?;
        let face_url = text(self.face_url, "FaceUrl", limits.face_url)?;
        let parse = if call.limits.generated_ids { GroupId::parse_moved } else { GroupId::parse_custom };
        let id = id_choice(self.group_id, kind, call, parse)?;
        let max_members = max_members(self.max_member_num.or(self.max_member_count), kind, call)?
            .unwrap_or(MAX_MEMBERS_DEFAULT);
        let join_option = join_option(self.apply_join_option, kind)?;
        let history_before_join = on_off(self.history_msg_before_join, "HistoryMsgBeforeJoin")?;
        let fields = group_fields(self.app_defined_data, kind, call)?;
        let created = created(self.create_time, call.now)?;
        let support_topic = flag(self.support_topic, "SupportTopic")?.unwrap_or_default();
        let (owner, members) = with_owner(owner, members(self.member_list.list("MemberList")?, kind, call)?);
        refuse_more_than_fit(owner.as_ref(), &members, max_members, Code::GroupParameter)?;
        let plain = NewGroup::new(id, kind, name, created);
        Ok(NewGroup {
            profile: Profile {
                introduction,
                notification,
                face_url,
                fields,
                max_members,
                join_option,
                ..plain.profile
            },
            owner,
            members,
            history_before_join,
            // Valid for communities only, and ignored elsewhere. [doc]
            support_topic: support_topic && kind.can().topics,
            // The members of an imported group are to see it at once. [choice]
            active: true,
            ..plain
        })
    }
}

fn group_type(given: Field<String>) -> Result<GroupType, Failure> {
    let word = given.required("Type")?;
    match GroupType::parse(&word) {
        Some(kind) if kind.can().import => Ok(kind),
        None if word != "BChatRoom" => Err(Code::GroupParameter
            .because(format!("Type is {word:?}, not Public, Private, ChatRoom or Community"))),
        Some(_) | None => {
            Err(Code::GroupNotAllowed.because(format!("groups of Type {word} cannot be imported")))
        }
    }
}

fn join_option(given: Field<String>, kind: GroupType) -> Result<JoinOption, Failure> {
    let default = kind.default_join_option_on_import();
    if kind == GroupType::Community {
        return Ok(default); // Not supported by communities; ignored everywhere, because SDKs send it. [choice]
    }
    Ok(apply_join_option(given)?.unwrap_or(default))
}

/// Without `Owner_Account`, the first member listed as owner becomes the owner; further ones are members. [choice]
/// An owner who is listed stays in the list, for its name card and custom fields.
fn with_owner(owner: Option<UserId>, listed: Vec<NewMember>) -> (Option<UserId>, Vec<NewMember>) {
    let owner = owner.or_else(|| {
        listed.iter().find(|member| member.role == Role::Owner).map(|member| member.account.clone())
    });
    let mut members = distinct_members(None, listed);
    for member in members.iter_mut().filter(|member| member.role == Role::Owner) {
        member.role = Role::Member;
    }
    (owner, members)
}

/// In the future it would make the group unusable: members and messages must lie between it and now. [choice]
pub(super) fn created(given: Field<i128>, now: Timestamp) -> Result<Timestamp, Failure> {
    let created = time(given, "CreateTime")?.unwrap_or(now);
    if now < created {
        return Err(Code::GroupParameter
            .because(format!("CreateTime is {}, which lies in the future; it is {} now", created.0, now.0)));
    }
    Ok(created)
}

fn refuse(error: OperationError<NewGroupRefusal>) -> Failure {
    match error {
        OperationError::Refused(NewGroupRefusal::IdTaken) => Code::GroupIdTaken.because("GroupId is in use"),
        OperationError::Refused(NewGroupRefusal::OwnerUnknown) => {
            Code::GroupParameter.because("Owner_Account is not an imported account")
        }
        OperationError::Refused(refusal @ NewGroupRefusal::MemberUnknown(_)) => {
            Code::GroupParameter.because(format!("MemberList: {refusal}"))
        }
        OperationError::Store(error) => error.into(),
    }
}
