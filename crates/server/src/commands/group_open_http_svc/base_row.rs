//! The base fields of a group as answers carry them, cut to those asked for.

use super::member_row::Filter;
use landfall_domain::group::Group;
use landfall_domain::ids::AppId;
use serde::Serialize;

/// Declares the base fields once: their names, their types, and how each is read from a group.
macro_rules! base_fields {
    ($($(#[$attribute:meta])? $field:ident: $kind:ty = [$($name:literal),+] $read:expr;)*) => {
        /// The base fields of a group; those not asked for are left out. Both names of mute-all are sent, for old and new
        /// clients.
        #[derive(Debug, Default, Serialize)]
        #[serde(rename_all = "PascalCase")]
        pub(super) struct Base {
            /// On request only: not in an answer that carries everything. [doc]
            #[serde(skip_serializing_if = "Option::is_none")]
            info_seq: Option<u32>,
            $(#[serde(skip_serializing_if = "Option::is_none")] $(#[$attribute])? $field: Option<$kind>,)*
        }

        impl Base {
            /// All fields that are let through, whether the group has them or not.
            fn all(app: AppId, group: &Group, filter: &Filter) -> Self {
                $(let $field: fn(AppId, &Group) -> $kind = $read;)*
                Self {
                    info_seq: filter.names("InfoSeq").then_some(group.info_seq),
                    $($field: filter.takes(&[$($name),+]).then(|| $field(app, group)),)*
                }
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

impl Base {
    /// The base fields of `group` that `filter` lets through.
    pub(super) fn new(app: AppId, group: &Group, filter: &Filter) -> Self {
        let base = Self::all(app, group, filter);
        if group.support_topic {
            return base;
        }
        // Only communities with topics have permission groups; elsewhere the two would say nothing. [choice]
        Self { enable_permission: None, default_permission: None, ..base }
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "On" } else { "Off" }
}
