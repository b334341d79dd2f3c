//! The events of the API, and what causes each of them.

use crate::commands::{COMMANDS, index_of};

/// An event that the API documents.
#[derive(Debug)]
pub struct DocumentedEvent {
    /// Its `CallbackCommand`.
    pub name: &'static str,
    causes: &'static [Trigger],
}

/// What triggers an event.
#[derive(Clone, Copy, Debug)]
enum Trigger {
    /// A call of this command, once it is implemented.
    Call(&'static str),
    /// A client that connects, goes, or enters or leaves a live-stream group.
    Client,
    /// Something that the server notices. Such an event has no switch: it is sent as soon as there is a receiver. [doc]
    Server,
}

use Trigger::{Call, Client, Server};

const fn event(name: &'static str, causes: &'static [Trigger]) -> DocumentedEvent {
    DocumentedEvent { name, causes }
}

const CREATE_OFFICIAL: &str = "official_account_open_http_svc/create_official_account";
const MODIFY_OFFICIAL: &str = "official_account_open_http_svc/modify_official_account_base_info";
const DESTROY_OFFICIAL: &str = "official_account_open_http_svc/destroy_official_account";
const ADD_SUBSCRIBER: &str = "official_account_open_http_svc/add_subscriber";
const DELETE_SUBSCRIBER: &str = "official_account_open_http_svc/delete_subscriber";
const SEND_OFFICIAL: &str = "official_account_open_http_svc/send_official_account_msg";
const RECALL_OFFICIAL: &str = "official_account_open_http_svc/official_account_msg_recall";

/// The documented events, but for those of services that are not imitated: bots, content moderation and vendors of push.
///
/// Those that something triggers can be switched on. A test checks that each of these is sent.
pub const EVENTS: &[DocumentedEvent] = &[
    event("Group.CallbackBeforeCreateGroup", &[Call("group_open_http_svc/create_group")]),
    event("Group.CallbackAfterCreateGroup", &[Call("group_open_http_svc/create_group")]),
    event("Group.CallbackBeforeApplyJoinGroup", &[Client]),
    event("Group.CallbackBeforeInviteJoinGroup", &[Call("group_open_http_svc/add_group_member")]),
    event("Group.CallbackAfterNewMemberJoin", &[Call("group_open_http_svc/add_group_member")]),
    event("Group.CallbackAfterMemberExit", &[Call("group_open_http_svc/delete_group_member")]),
    event("Group.CallbackBeforeSendMsg", &[Call("group_open_http_svc/send_group_msg")]),
    event("Group.CallbackAfterSendMsg", &[Call("group_open_http_svc/send_group_msg")]),
    event("Group.CallbackAfterGroupFull", &[Call("group_open_http_svc/add_group_member")]),
    event("Group.CallbackAfterGroupDestroyed", &[Call("group_open_http_svc/destroy_group")]),
    event("Group.CallbackAfterGroupInfoChanged", &[Call("group_open_http_svc/modify_group_base_info")]),
    event("Group.CallbackOnMemberStateChange", &[Client]),
    event("Group.CallbackSendMsgException", &[Call("group_open_http_svc/send_group_msg")]),
    event("Group.CallbackAfterRecallMsg", &[Call("group_open_http_svc/group_msg_recall")]),
    event("Group.CallbackBeforeCreateTopic", &[Call("million_group_open_http_svc/create_topic")]),
    event("Group.CallbackAfterCreateTopic", &[Call("million_group_open_http_svc/create_topic")]),
    event("Group.CallbackAfterTopicDestroyed", &[Call("million_group_open_http_svc/destroy_topic")]),
    event("Group.CallbackAfterTopicInfoChanged", &[Call("million_group_open_http_svc/modify_topic")]),
    event("Group.CallbackAfterMemberFieldChanged", &[Call("group_open_http_svc/modify_group_member_info")]),
    event("Group.CallbackAfterGroupAttrChanged", &[Call("group_open_http_svc/set_group_attr")]),
    event("Group.CallbackAfterReadReceipt", &[Call("group_open_http_svc/group_msg_receipt")]),
    event("Group.CallbackAfterChangeGroupOwner", &[Call("group_open_http_svc/change_group_owner")]),
    event("Group.CallbackOnDailyGroupQuotaAlarm", &[]),
    event("Group.CallbackAfterGroupMsgExtension", &[Call("openim_msg_ext_http_svc/group_set_key_values")]),
    event("State.StateChange", &[Client]),
    event("Profile.CallbackPortraitSet", &[Call("profile/portrait_set")]),
    event("Sns.CallbackPrevFriendAdd", &[]),
    event("Sns.CallbackPrevFriendResponse", &[]),
    event("Sns.CallbackFriendAdd", &[Call("sns/friend_add")]),
    event("Sns.CallbackFriendDelete", &[Call("sns/friend_delete"), Call("sns/friend_delete_all")]),
    event("Sns.CallbackBlackListAdd", &[Call("sns/black_list_add")]),
    event("Sns.CallbackBlackListDelete", &[Call("sns/black_list_delete")]),
    event("Follow.CallbackAfterFollowAdd", &[Call("follow/follow_add")]),
    event("Follow.CallbackAfterFollowDelete", &[Call("follow/follow_delete")]),
    event("C2C.CallbackBeforeSendMsg", &[Call("openim/sendmsg")]),
    event("C2C.CallbackAfterSendMsg", &[Call("openim/sendmsg")]),
    event("C2C.CallbackAfterMsgReport", &[Call("openim/admin_set_msg_read")]),
    event("C2C.CallbackAfterMsgWithDraw", &[Call("openim/admin_msgwithdraw")]),
    event("C2C.CallbackAfterMsgReadReceipt", &[Call("openim/c2c_msg_read_receipt")]),
    event("C2C.CallbackAfterModifyMsg", &[Call("openim/modify_c2c_msg")]),
    event("C2C.CallbackAfterC2CMsgExtension", &[Call("openim_msg_ext_http_svc/set_key_values")]),
    event("Alert.RequestOverLimit", &[Server]),
    event("OfficialAccount.CallbackBeforeCreateOfficialAccount", &[Call(CREATE_OFFICIAL)]),
    event("OfficialAccount.CallbackAfterCreateOfficialAccount", &[Call(CREATE_OFFICIAL)]),
    event("OfficialAccount.CallbackAfterOfficialAccountInfoChanged", &[Call(MODIFY_OFFICIAL)]),
    event("OfficialAccount.CallbackAfterOfficialAccountDestroyed", &[Call(DESTROY_OFFICIAL)]),
    event("OfficialAccount.CallbackBeforeAddSubscriber", &[Call(ADD_SUBSCRIBER)]),
    event("OfficialAccount.CallbackAfterAddSubscriber", &[Call(ADD_SUBSCRIBER)]),
    event("OfficialAccount.CallbackAfterOfficialAccountFull", &[Call(ADD_SUBSCRIBER)]),
    event("OfficialAccount.CallbackAfterDeleteSubscriber", &[Call(DELETE_SUBSCRIBER)]),
    event("OfficialAccount.CallbackBeforeSendMsg", &[Call(SEND_OFFICIAL)]),
    event("OfficialAccount.CallbackAfterSendMsg", &[Call(SEND_OFFICIAL)]),
    event("OfficialAccount.CallbackAfterMsgWithDraw", &[Call(RECALL_OFFICIAL)]),
];

impl DocumentedEvent {
    /// Whether it is sent whatever is switched on.
    #[must_use]
    pub fn is_always_sent(&self) -> bool {
        self.causes.iter().any(|cause| matches!(cause, Server))
    }

    /// Whether anything in this version triggers it, so that it can be switched on.
    #[must_use]
    pub fn is_caused(&self) -> bool {
        self.causes.iter().any(|cause| match cause {
            Call(path) => {
                index_of(path).and_then(|index| COMMANDS.get(index)).is_some_and(|entry| entry.run.is_some())
            }
            Client => true,
            Server => false,
        })
    }

    /// The commands that trigger it.
    #[must_use]
    pub fn calls(&self) -> Vec<&'static str> {
        let call = |cause: &Trigger| match cause {
            Call(path) => Some(*path),
            Client | Server => None,
        };
        self.causes.iter().filter_map(call).collect()
    }
}

/// The names of those that can be switched on.
pub fn caused() -> impl Iterator<Item = &'static str> {
    EVENTS.iter().filter(|event| event.is_caused()).map(|event| event.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_command_that_causes_an_event_is_a_documented_one() {
        for event in EVENTS {
            for path in event.calls() {
                assert!(index_of(path).is_some(), "{}: there is no command {path}", event.name);
            }
        }
        assert_eq!(EVENTS.iter().map(|event| event.name).collect::<BTreeSet<_>>().len(), EVENTS.len());
    }
}
