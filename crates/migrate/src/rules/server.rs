//! What a server takes, as far as checking has to know it.

use landfall_domain::account::UnknownAccounts;
use landfall_domain::fields::{FieldKey, FieldRule};
use landfall_domain::group::GroupType;
use landfall_domain::limits::{Limits, Span};
use landfall_domain::time::Timestamp;
use serde_json::Value;

/// What a server takes.
#[derive(Clone, Debug)]
pub struct ServerLimits {
    /// Whether it is Landfall, which takes name cards and custom fields of members together with them.
    pub landfall: bool,
    pub limits: Limits,
    /// Custom fields of groups that the app has enabled; `None` when they are not known, and not checked.
    pub group_fields: Option<Vec<FieldRule>>,
    /// Custom fields of members.
    pub member_fields: Option<Vec<FieldRule>>,
    /// Custom fields of accounts that the app has enabled; `None` when they are not known.
    pub user_fields: Option<Vec<FieldKey>>,
    /// Custom fields of friends.
    pub friend_fields: Option<Vec<FieldKey>>,
    /// How calls treat accounts that were never imported.
    pub unknown_accounts: UnknownAccounts,
    /// The present time of the server.
    pub now: Timestamp,
}

impl ServerLimits {
    /// The documented limits, as any server has them. What the app has enabled is not known.
    #[must_use]
    pub fn faithful(now: Timestamp) -> Self {
        Self {
            landfall: false,
            limits: Limits::FAITHFUL,
            group_fields: None,
            member_fields: None,
            user_fields: None,
            friend_fields: None,
            unknown_accounts: UnknownAccounts::Refuse,
            now,
        }
    }

    /// What a Landfall server answers to `landfall_import_svc/get_limits`. What the answer does not say is as documented for
    /// its mode.
    #[must_use]
    pub fn answered(answer: &Value, now: Timestamp) -> Self {
        let relaxed = word(answer, "Mode") == Some("relaxed");
        let creates = word(answer, "UnknownAccounts") == Some("create");
        Self {
            landfall: true,
            limits: limits(answer, if relaxed { Limits::RELAXED } else { Limits::FAITHFUL }),
            group_fields: fields(answer, "GroupFields"),
            member_fields: fields(answer, "MemberFields"),
            user_fields: keys(answer, "UserFields"),
            friend_fields: keys(answer, "FriendFields"),
            unknown_accounts: if creates { UnknownAccounts::Create } else { UnknownAccounts::Refuse },
            now,
        }
    }
}

fn word<'a>(answer: &'a Value, member: &str) -> Option<&'a str> {
    answer.get(member).and_then(Value::as_str)
}

fn limits(answer: &Value, known: Limits) -> Limits {
    let number =
        |name: &str| answer.get("Limits").and_then(|limits| limits.get(name)).and_then(Value::as_u64);
    let size =
        |name: &str, other: usize| number(name).and_then(|size| usize::try_from(size).ok()).unwrap_or(other);
    let count =
        |name: &str, other: u32| number(name).and_then(|count| u32::try_from(count).ok()).unwrap_or(other);
    let span = |name: &str, other: Span| Span { max: size(name, other.max), ..other };
    let mut limits = known;
    limits.name = span("GroupNameBytes", known.name);
    limits.introduction = span("IntroductionBytes", known.introduction);
    limits.notification = span("NotificationBytes", known.notification);
    limits.face_url = span("FaceUrlBytes", known.face_url);
    limits.profile_value = span("NickBytes", known.profile_value);
    limits.location = span("LocationBytes", known.location);
    limits.user_fields.value = span("UserFieldValueBytes", known.user_fields.value);
    limits.friends.count = size("FriendsPerAccount", known.friends.count);
    limits.friends.lists = size("FriendListsPerAccount", known.friends.lists);
    limits.friends.list_name = span("FriendListNameBytes", known.friends.list_name);
    limits.friends.remark = span("FriendRemarkBytes", known.friends.remark);
    limits.friends.wording = span("FriendWordingBytes", known.friends.wording);
    limits.friends.fields.value = span("FriendFieldValueBytes", known.friends.fields.value);
    limits.friends.blocklist = size("BlocklistPerAccount", known.friends.blocklist);
    limits.friends.per_call = size("FriendsPerCall", known.friends.per_call);
    limits.name_card = span("NameCardBytes", known.name_card);
    limits.group_fields.count = size("GroupFields", known.group_fields.count);
    limits.group_fields.value = span("GroupFieldValueBytes", known.group_fields.value);
    limits.member_fields.count = size("MemberFields", known.member_fields.count);
    limits.member_fields.value = span("MemberFieldValueBytes", known.member_fields.value);
    limits.max_members = count("MaxMemberNum", known.max_members);
    limits.max_members_community = count("MaxMemberNumOfCommunity", known.max_members_community);
    limits.topics.count = size("TopicsPerGroup", known.topics.count);
    limits.topics.custom = span("CustomStringBytes", known.topics.custom);
    limits.messages.bytes = size("MessageBytes", known.messages.bytes);
    limits.messages.per_import = size("MessagesPerCall", known.messages.per_import);
    limits.members_per_call = size("MembersPerCall", known.members_per_call);
    limits.generated_ids = answer.get("GeneratedIds").and_then(Value::as_u64) == Some(1);
    limits.accounts_per_call = size("AccountsPerCall", known.accounts_per_call);
    limits
}

/// `None` when the answer does not list them.
fn keys(answer: &Value, member: &str) -> Option<Vec<FieldKey>> {
    let keys = answer.get(member)?.as_array()?.iter();
    Some(keys.filter_map(|key| FieldKey::parse(key.as_str()?)).collect())
}

/// `None` when the answer does not list them.
fn fields(answer: &Value, member: &str) -> Option<Vec<FieldRule>> {
    let fields = answer.get(member)?.as_array()?.iter();
    let rules = fields.filter_map(|field| {
        let types = field.get("Types")?.as_array()?.iter();
        Some(FieldRule {
            key: FieldKey::parse(word(field, "Key")?)?,
            types: types.filter_map(|kind| GroupType::parse(kind.as_str()?)).collect(),
            writable: true,
        })
    });
    Some(rules.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_server_answers_holds_and_the_rest_is_as_documented() {
        let server = ServerLimits::answered(
            &json!({
                "ErrorCode": 0, "Server": "landfall", "Mode": "faithful", "UnknownAccounts": "create",
                "Limits": { "GroupNameBytes": 40, "MessageBytes": 1, "MaxMemberNum": 5 },
                "GroupFields": [{ "Key": "Room", "Types": ["Public", "Private"] }],
                "MemberFields": []
            }),
            Timestamp(7),
        );
        assert_eq!(server.limits.name, Span::one_to(40));
        assert_eq!((server.limits.messages.bytes, server.limits.max_members), (1, 5));
        assert_eq!(server.limits.introduction, Limits::FAITHFUL.introduction);
        assert_eq!(server.unknown_accounts, UnknownAccounts::Create);
        assert_eq!(server.member_fields, Some(Vec::new()));
        let rules = server.group_fields.unwrap();
        assert_eq!(rules.first().unwrap().types, [GroupType::Public, GroupType::Private]);
    }

    #[test]
    fn a_relaxed_server_takes_what_relaxed_servers_take() {
        let server = ServerLimits::answered(&json!({ "Mode": "relaxed", "GeneratedIds": 1 }), Timestamp(7));
        assert_eq!(server.limits, Limits::RELAXED);
        assert_eq!(server.group_fields, None);
    }
}
