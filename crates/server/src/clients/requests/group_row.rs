//! A group in the answer of `groups`. Names are those of `get_joined_group_list`.

use super::conversation::ConversationRow;
use landfall_domain::group::Group;
use landfall_domain::ids::UserId;
use landfall_domain::member::Member;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GroupRow {
    #[serde(flatten)]
    pub(super) conversation: ConversationRow,
    #[serde(flatten)]
    pub(super) profile: Option<Profile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) self_info: Option<SelfInfo>,
    /// Numbers of messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at_list: Option<Vec<u32>>,
}

impl GroupRow {
    /// With the name and the numbers only.
    pub(super) fn new(group: &Group, member: &Member) -> Self {
        let (name, read) = (group.profile.name.as_str(), group.log.read_seq(member.read));
        let conversation = ConversationRow {
            group_id: Some(group.id.as_str().to_owned()),
            kind: Some(group.kind.as_str()),
            ..ConversationRow::new(group.kind, name, &group.log, read)
        };
        Self { conversation, profile: None, self_info: None, at_list: None }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Profile {
    face_url: String,
    introduction: String,
    notification: String,
    /// Empty when there is none.
    #[serde(rename = "Owner_Account")]
    owner: String,
    member_num: u32,
    max_member_num: u32,
    next_msg_seq: u32,
    create_time: u64,
    last_msg_time: u64,
    apply_join_option: &'static str,
    invite_join_option: &'static str,
    mute_all_member: &'static str,
    support_topic: u8,
}

impl Profile {
    pub(super) fn of(group: &Group) -> Self {
        let profile = &group.profile;
        Self {
            face_url: profile.face_url.as_str().to_owned(),
            introduction: profile.introduction.as_str().to_owned(),
            notification: profile.notification.as_str().to_owned(),
            owner: group.owner.as_ref().map_or("", UserId::as_str).to_owned(),
            member_num: group.member_count,
            max_member_num: profile.max_members,
            next_msg_seq: group.log.next_seq,
            create_time: group.created.0,
            last_msg_time: group.log.last_message.0,
            apply_join_option: profile.join_option.as_str(),
            invite_join_option: group.invite_option.as_str(),
            mute_all_member: if group.mute_all { "On" } else { "Off" },
            support_topic: group.support_topic.into(),
        }
    }
}

/// The membership of the account.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SelfInfo {
    role: &'static str,
    join_time: u64,
    msg_flag: &'static str,
    name_card: String,
    /// 0 when it may speak.
    mute_until: u64,
}

impl SelfInfo {
    pub(super) fn of(member: &Member) -> Self {
        Self {
            role: member.role.as_str(),
            join_time: member.joined.0,
            msg_flag: member.receive_option.as_str(),
            name_card: member.name_card.clone(),
            mute_until: member.muted_until.0,
        }
    }
}
