//! `landfall_import_svc/get_limits`: says what imports are checked against: the limits in force, the call frequency and the
//! custom fields that the app has enabled.

use crate::call::{ImportCommand, SilentCall};
use crate::reply::Failure;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::fields::{FieldRule, UserFieldRule};
use landfall_domain::limits::{
    CUSTOM_GROUP_ID_BYTES_MAX, FIELD_KEY_BYTES_MAX, GROUP_ID_BYTES_MAX, Limits, MAX_MEMBERS_DEFAULT,
    USER_ID_BYTES_MAX,
};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Request {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    /// `landfall`: no other server has the command.
    server: &'static str,
    version: &'static str,
    mode: &'static str,
    /// Calls of one command in a second; 0: no limit.
    calls_per_second: u32,
    unknown_accounts: &'static str,
    /// 1 when the server takes import jobs.
    jobs: u8,
    /// 1 when groups and topics may keep ids that another server generated: by jobs, and in the mode `relaxed` by any import.
    generated_ids: u8,
    limits: ImportLimits,
    group_fields: Vec<EnabledField>,
    member_fields: Vec<EnabledField>,
    /// Keys of the custom fields of accounts, and of friends.
    user_fields: Vec<String>,
    friend_fields: Vec<String>,
}

/// The largest values. Counts, or bytes of UTF-8 where the name says so.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ImportLimits {
    request_bytes: usize,
    answer_bytes: usize,
    /// A file of `put_file`.
    file_bytes: u64,
    /// Accounts of one `multiaccount_import`.
    accounts_per_call: usize,
    account_name_bytes: usize,
    nick_bytes: usize,
    account_face_url_bytes: usize,
    /// An id that the app chooses.
    group_id_bytes: usize,
    topic_id_bytes: usize,
    /// The least is 1, as of a topic's name.
    group_name_bytes: usize,
    introduction_bytes: usize,
    notification_bytes: usize,
    face_url_bytes: usize,
    max_member_num: u32,
    max_member_num_of_community: u32,
    /// `MaxMemberNum` of an imported group that names none.
    default_max_member_num: u32,
    members_per_call: usize,
    name_card_bytes: usize,
    field_key_bytes: usize,
    /// Custom fields of one group.
    group_fields: usize,
    group_field_value_bytes: usize,
    /// Custom fields of one member.
    member_fields: usize,
    member_field_value_bytes: usize,
    topics_per_group: usize,
    topic_name_bytes: usize,
    custom_string_bytes: usize,
    /// Messages of one `import_group_msg`.
    messages_per_call: usize,
    /// `MsgBody` and `CloudCustomData` together.
    message_bytes: usize,
    location_bytes: usize,
    user_field_value_bytes: usize,
    friends_per_account: usize,
    /// Lists of friends.
    friend_lists_per_account: usize,
    friend_list_name_bytes: usize,
    friend_remark_bytes: usize,
    friend_wording_bytes: usize,
    friend_field_value_bytes: usize,
    /// Friends of one `friend_import`.
    friends_per_call: usize,
    blocklist_per_account: usize,
}

/// A custom field, and the types of group that may have it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EnabledField {
    key: String,
    types: Vec<&'static str>,
}

impl ImportCommand for Request {
    const PATH: &'static str = "landfall_import_svc/get_limits";
    type Reply = Reply;

    async fn run(self, call: &SilentCall) -> Result<Reply, Failure> {
        Ok(Reply {
            server: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            mode: if call.limits == Limits::FAITHFUL { "faithful" } else { "relaxed" },
            calls_per_second: call.calls_per_second(),
            unknown_accounts: match call.unknown_accounts() {
                UnknownAccounts::Create => "create",
                UnknownAccounts::Refuse => "refuse",
            },
            jobs: u8::from(call.jobs().is_ok()),
            generated_ids: u8::from(call.jobs().is_ok() || call.limits.generated_ids),
            limits: import_limits(&call.limits, call.body_bytes_max, call.file_bytes_max),
            group_fields: enabled(call.group_fields()),
            member_fields: enabled(call.member_fields()),
            user_fields: keys(call.user_fields()),
            friend_fields: keys(call.friend_fields()),
        })
    }
}

fn import_limits(limits: &Limits, body_bytes_max: usize, file_bytes_max: u64) -> ImportLimits {
    ImportLimits {
        request_bytes: body_bytes_max,
        answer_bytes: limits.reply_bytes,
        file_bytes: file_bytes_max,
        accounts_per_call: limits.accounts_per_call,
        account_name_bytes: USER_ID_BYTES_MAX,
        nick_bytes: limits.profile_value.max,
        account_face_url_bytes: limits.profile_value.max,
        group_id_bytes: CUSTOM_GROUP_ID_BYTES_MAX,
        topic_id_bytes: GROUP_ID_BYTES_MAX,
        group_name_bytes: limits.name.max,
        introduction_bytes: limits.introduction.max,
        notification_bytes: limits.notification.max,
        face_url_bytes: limits.face_url.max,
        max_member_num: limits.max_members,
        max_member_num_of_community: limits.max_members_community,
        default_max_member_num: MAX_MEMBERS_DEFAULT,
        members_per_call: limits.members_per_call,
        name_card_bytes: limits.name_card.max,
        field_key_bytes: FIELD_KEY_BYTES_MAX,
        group_fields: limits.group_fields.count,
        group_field_value_bytes: limits.group_fields.value.max,
        member_fields: limits.member_fields.count,
        member_field_value_bytes: limits.member_fields.value.max,
        topics_per_group: limits.topics.count,
        topic_name_bytes: limits.name.max,
        custom_string_bytes: limits.topics.custom.max,
        messages_per_call: limits.messages.per_import,
        message_bytes: limits.messages.bytes,
        location_bytes: limits.location.max,
        user_field_value_bytes: limits.user_fields.value.max,
        friends_per_account: limits.friends.count,
        friend_lists_per_account: limits.friends.lists,
        friend_list_name_bytes: limits.friends.list_name.max,
        friend_remark_bytes: limits.friends.remark.max,
        friend_wording_bytes: limits.friends.wording.max,
        friend_field_value_bytes: limits.friends.fields.value.max,
        friends_per_call: limits.friends.per_call,
        blocklist_per_account: limits.friends.blocklist,
    }
}

fn keys(fields: &[UserFieldRule]) -> Vec<String> {
    fields.iter().filter(|field| field.writable).map(|field| field.key.as_str().to_owned()).collect()
}

fn enabled(fields: &[FieldRule]) -> Vec<EnabledField> {
    let writable = fields.iter().filter(|field| field.writable);
    writable
        .map(|field| EnabledField {
            key: field.key.as_str().to_owned(),
            types: field.types.iter().map(|kind| kind.as_str()).collect(),
        })
        .collect()
}
