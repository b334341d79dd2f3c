//! `group_open_http_svc/modify_group_base_info`: changes the profile and the settings of a group.
//!
//! Only what is given changes. A call that gives nothing, or only what is so already, succeeds and changes nothing;
//! any other increments `InfoSeq`, and new texts leave a tip in the history where the type keeps such tips.

use super::profile::{
    Bits, CustomFieldInput, apply_join_option, group_fields, invite_join_option, max_members, new_text,
    permissions, refuse_profile,
};
use super::{group_id, on_off, operator};
use crate::call::{Call, Command};
use crate::field::{Emptiable, Field, Object};
use crate::reply::{Failure, Nothing};
use landfall_domain::group::GroupType;
use landfall_domain::ids::GroupId;
use landfall_domain::operations::modify_group::ModifyGroup;
use landfall_domain::snapshot::Needs;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    name: Field<Emptiable>,
    introduction: Field<Emptiable>,
    notification: Field<Emptiable>,
    face_url: Field<Emptiable>,
    max_member_num: Field<i128>,
    max_member_count: Field<i128>,
    apply_join_option: Field<String>,
    invite_join_option: Field<String>,
    mute_all_member: Field<String>,
    shut_up_all_member: Field<String>,
    history_msg_before_join: Field<String>,
    enable_permission: Field<i128>,
    default_permission: Field<Bits>,
    app_defined_data: Field<Vec<Field<Object<CustomFieldInput>>>>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/modify_group_base_info";
    type Reply = Nothing;

    async fn run(mut self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(std::mem::take(&mut self.group_id))?;
        // The type decides which members are allowed; it never changes.
        let kind = call.snapshot(group.clone(), Needs::default()).await?.group.kind;
        let change = self.check(group, kind, call)?;
        let ModifyGroup { name, introduction, notification, .. } = &change;
        refuse_profile(name.as_ref(), introduction.as_ref(), notification.as_ref(), call).await?;
        call.change(change).await?;
        Ok(Nothing {})
    }
}

impl Request {
    fn check(self, group: GroupId, kind: GroupType, call: &Call) -> Result<ModifyGroup, Failure> {
        let limits = call.limits;
        let name = new_text(self.name, "Name", limits.name)?;
        let introduction = new_text(self.introduction, "Introduction", limits.introduction)?;
        let notification = new_text(self.notification, "Notification", limits.notification)?;
        let face_url = new_text(self.face_url, "FaceUrl", limits.face_url)?;
        let max_members = max_members(self.max_member_num.or(self.max_member_count), kind, call)?;
        let join_option = match kind {
            GroupType::Community => None, // As for an import.
            GroupType::Private | GroupType::Public | GroupType::ChatRoom | GroupType::AvChatRoom => {
                apply_join_option(self.apply_join_option)?
            }
        };
        let invite_option = invite_join_option(self.invite_join_option)?;
        let mute_all = on_off(self.mute_all_member.or(self.shut_up_all_member), "MuteAllMember")?;
        let history_before_join = on_off(self.history_msg_before_join, "HistoryMsgBeforeJoin")?;
        let (permissions_enabled, default_permissions) =
            permissions(self.enable_permission, self.default_permission)?;
        let fields = group_fields(self.app_defined_data, kind, call)?;
        let operator = operator(self.from_account, call)?;
        Ok(ModifyGroup {
            group,
            kind,
            operator,
            name,
            introduction,
            notification,
            face_url,
            max_members,
            join_option,
            invite_option,
            mute_all,
            history_before_join,
            permissions_enabled,
            default_permissions,
            fields,
        })
    }
}
