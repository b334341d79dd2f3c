//! The base fields of a group in answers, cut to the requested ones.

use super::member_row::Filter;
use landfall_domain::group::Group;
use landfall_domain::ids::{AppId, UserId};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::sync::Arc;

/// Declares the base fields once: their names, newest first, and how each is read from a group.
macro_rules! base_fields {
    ($($($name:literal)|+ => |$base:pat_param, $group:ident| $value:expr;)*) => {
        const FIELDS: &[&[&str]] = &[$(&[$($name),+]),*];

        impl Serialize for Base {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                if let Some(whole) = self.group.as_deref() {
                    let mut field = 1_u32;
                    $(
                        if self.wanted.0 & field != 0 {
                            let ($base, $group) = (self, whole);
                            map.serialize_entry([$($name),+][0], &$value)?;
                        }
                        field <<= 1;
                    )*
                    debug_assert!(field != 0, "more fields than bits");
                }
                map.end()
            }
        }
    };
}

/// Sent on request only, not in an answer that carries everything: `InfoSeq` by the documentation, the other because it is
/// not in the documented answer.
const ON_REQUEST: [&str; 2] = ["InfoSeq", "HistoryMsgBeforeJoin"];

/// 0 in all groups but live-stream groups.
const ONLINE: &str = "OnlineMemberNum";

/// Fields about permission groups.
const PERMISSIONS: [&str; 2] = ["EnablePermission", "DefaultPermission"];

// Both names of mute-all are sent, for old and new clients.
base_fields! {
    "InfoSeq" => |_, group| group.info_seq;
    "Type" => |_, group| group.kind.as_str();
    "Name" => |_, group| group.profile.name.as_str();
    "Appid" => |base, _group| base.app;
    "Introduction" => |_, group| group.profile.introduction.as_str();
    "Notification" => |_, group| group.profile.notification.as_str();
    "FaceUrl" => |_, group| group.profile.face_url.as_str();
    "Owner_Account" => |_, group| group.owner.as_ref().map_or("", UserId::as_str);
    "CreateTime" => |_, group| group.created.0;
    "LastInfoTime" => |_, group| group.info_changed.0;
    "LastMsgTime" => |_, group| group.log.last_message.0;
    "NextMsgSeq" => |_, group| group.log.next_seq;
    "MemberNum" => |_, group| group.member_count;
    "MaxMemberNum" | "MaxMemberCount" => |_, group| group.profile.max_members;
    "OnlineMemberNum" => |base, _group| base.online;
    "ApplyJoinOption" => |_, group| group.profile.join_option.as_str();
    "HistoryMsgBeforeJoin" => |_, group| on_off(group.history_before_join);
    "InviteJoinOption" => |_, group| group.invite_option.as_str();
    "MuteAllMember" | "ShutUpAllMember" => |_, group| on_off(group.mute_all);
    "ShutUpAllMember" | "MuteAllMember" => |_, group| on_off(group.mute_all);
    "SupportTopic" => |_, group| u8::from(group.support_topic);
    "EnablePermission" => |_, group| u8::from(group.permissions_enabled);
    "DefaultPermission" => |_, group| group.default_permissions;
}

/// The base fields that an answer carries, a bit for each: computed once for all its groups.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BaseFilter(u32);

impl BaseFilter {
    pub(super) fn new(filter: &Filter) -> Self {
        Self::of(|names| match ON_REQUEST.iter().find(|name| names.contains(name)) {
            Some(name) => filter.names(name),
            None => filter.takes(names),
        })
    }

    fn of(wanted: impl Fn(&[&str]) -> bool) -> Self {
        let bits = FIELDS.iter().enumerate().filter(|(_, names)| wanted(names));
        Self(bits.fold(0, |all, (place, _)| all | 1 << place))
    }

    /// Whether the answer carries the number of online members.
    pub(super) fn counts_online(self) -> bool {
        self.0 & Self::of(|names| names.contains(&ONLINE)).0 != 0
    }

    fn without_permissions(self) -> Self {
        Self(self.0 & !Self::of(|names| names.iter().any(|name| PERMISSIONS.contains(name))).0)
    }
}

/// The requested base fields of a group. Serialized from the group, without a copy of its texts.
#[derive(Debug, Default)]
pub(super) struct Base {
    wanted: BaseFilter,
    app: u32,
    /// Members present in a live-stream group; 0 elsewhere.
    online: usize,
    /// `None` in the row of a group that could not be read.
    group: Option<Arc<Group>>,
}

impl Base {
    pub(super) fn new(app: AppId, group: Arc<Group>, wanted: BaseFilter) -> Self {
        // Only communities with topics have permission groups; elsewhere the two would say nothing. [choice]
        let wanted = if group.support_topic { wanted } else { wanted.without_permissions() };
        Self { wanted, app: app.0, online: 0, group: Some(group) }
    }

    pub(super) fn with_online(self, online: usize) -> Self {
        Self { online, ..self }
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "On" } else { "Off" }
}
