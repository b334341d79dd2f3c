//! Friends and blocklists of accounts, their one-to-one conversations, and the messages of those.

use super::Reading;
use super::rows::or_default;
use crate::files;
use crate::format::{FieldValue, Json, TagValue};
use crate::server::CallError;
use serde::Deserialize;
use serde_json::{Value, json};

/// Messages on a page; servers may give fewer.
const MESSAGES_PER_PAGE: u32 = 100;
/// A one-to-one conversation in a list.
const DIRECT: u64 = 1;
/// Bit of a message that was recalled.
const RECALLED: u64 = 8;
/// Entries of a blocklist on a page.
const BLOCKS_PER_PAGE: u32 = 100;
/// Accounts whose unread messages are asked for in one call.
const PEERS_PER_CALL: usize = 10;

/// A friend, and what the account keeps of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FriendRow {
    pub friend: String,
    pub fields: Vec<(String, Value)>,
}

/// A message between two accounts.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DirectRow {
    #[serde(rename = "From_Account")]
    pub from: String,
    #[serde(rename = "To_Account")]
    pub to: String,
    pub msg_seq: u32,
    pub msg_random: u32,
    pub msg_time_stamp: u64,
    pub msg_flag_bits: u64,
    pub msg_key: String,
    #[serde(rename = "MsgBody", deserialize_with = "or_default")]
    msg_body: Value,
    #[serde(deserialize_with = "or_default")]
    pub cloud_custom_data: String,
}

impl DirectRow {
    #[must_use]
    pub fn is_recalled(&self) -> bool {
        self.msg_flag_bits & RECALLED != 0
    }

    #[must_use]
    pub fn body(&self) -> Json {
        self.msg_body.clone().into()
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct FriendsAnswer {
    #[serde(deserialize_with = "or_default")]
    user_data_item: Vec<FriendItem>,
    complete_flag: u64,
    next_start_index: u64,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct FriendItem {
    #[serde(rename = "To_Account")]
    to: String,
    #[serde(deserialize_with = "or_default")]
    value_item: Vec<FieldItem>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct FieldItem {
    tag: String,
    value: Value,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct BlocklistAnswer {
    #[serde(deserialize_with = "or_default")]
    black_list_item: Vec<BlockRow>,
    start_index: u64,
}

/// An account on a blocklist.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct BlockRow {
    #[serde(rename = "To_Account")]
    pub blocked: String,
    /// Since when, seconds since 1970; 0 where the server does not say.
    #[serde(rename = "AddBlackTimeStamp")]
    pub since: u64,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ContactsAnswer {
    #[serde(deserialize_with = "or_default")]
    session_item: Vec<Session>,
    complete_flag: u64,
    time_stamp: u64,
    start_index: u64,
    top_time_stamp: u64,
    top_start_index: u64,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Session {
    #[serde(rename = "Type")]
    kind: u64,
    #[serde(rename = "To_Account")]
    to: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct RoamAnswer {
    complete: u64,
    last_msg_time: u64,
    last_msg_key: String,
    #[serde(deserialize_with = "or_default")]
    msg_list: Vec<DirectRow>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UnreadAnswer {
    #[serde(rename = "C2CUnreadMsgNumList", deserialize_with = "or_default")]
    list: Vec<UnreadRow>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UnreadRow {
    #[serde(rename = "Peer_Account")]
    peer: String,
    #[serde(rename = "C2CUnreadMsgNum")]
    unread: u32,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct AccountsAnswer {
    account_list: Vec<String>,
    next: String,
}

/// `None` for an account that is not there, or a command that the server does not know.
fn unless_refused<T>(answer: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_about_the_caller() => Err(error),
        Err(CallError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A page of the messages of two accounts.
pub struct DirectPage {
    /// The oldest first.
    pub rows: Vec<DirectRow>,
    /// Where the page before it ends; `None` at the beginning of the history.
    pub next: Option<DirectPlace>,
}

/// A place in the history of two accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectPlace {
    time: u64,
    key: String,
}

impl Reading<'_> {
    /// The accounts of a Landfall server behind `after`, in order; `None` where the server cannot say it.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn accounts_after(&self, after: &str) -> Result<Option<(Vec<String>, String)>, CallError> {
        let body = json!({ "Next": after });
        let answer = self.ask::<AccountsAnswer>("landfall_import_svc/list_accounts", &body).await;
        Ok(unless_refused(answer)?.map(|answer| (answer.account_list, answer.next)))
    }

    /// The friends of an account; `None` where the server does not say.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn friends(&self, account: &str) -> Result<Option<Vec<FriendRow>>, CallError> {
        let (mut friends, mut start) = (Vec::new(), 0);
        loop {
            let body = json!({ "From_Account": account, "StartIndex": start });
            let answer = unless_refused(self.ask::<FriendsAnswer>("sns/friend_get", &body).await)?;
            let Some(answer) = answer else { return Ok(None) };
            let is_last = answer.user_data_item.is_empty()
                || answer.complete_flag == 1
                || answer.next_start_index <= start;
            friends.extend(answer.user_data_item.into_iter().map(|item| FriendRow {
                friend: item.to,
                fields: item.value_item.into_iter().map(|field| (field.tag, field.value)).collect(),
            }));
            if is_last {
                return Ok(Some(friends));
            }
            start = answer.next_start_index;
        }
    }

    /// The blocklist of an account; `None` where the server does not say.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn blocklist(&self, account: &str) -> Result<Option<Vec<BlockRow>>, CallError> {
        let (mut blocked, mut start) = (Vec::new(), 0);
        loop {
            let body = json!({
                "From_Account": account, "StartIndex": start, "MaxLimited": BLOCKS_PER_PAGE, "LastSequence": 0
            });
            let answer = unless_refused(self.ask::<BlocklistAnswer>("sns/black_list_get", &body).await)?;
            let Some(answer) = answer else { return Ok(None) };
            let is_last = answer.black_list_item.is_empty() || answer.start_index <= start;
            blocked.extend(answer.black_list_item);
            if is_last {
                return Ok(Some(blocked));
            }
            start = answer.start_index;
        }
    }

    /// The accounts with which an account has conversations; `None` where the server does not say.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn contacts(&self, account: &str) -> Result<Option<Vec<String>>, CallError> {
        let mut contacts = Vec::new();
        let mut at = (0, 0, 0, 0);
        loop {
            let body = json!({
                "From_Account": account, "TimeStamp": at.0, "StartIndex": at.1, "TopTimeStamp": at.2,
                "TopStartIndex": at.3, "AssistFlags": 2
            });
            let answer = unless_refused(self.ask::<ContactsAnswer>("recentcontact/get_list", &body).await)?;
            let Some(answer) = answer else { return Ok(None) };
            let is_empty = answer.session_item.is_empty();
            let direct = answer.session_item.into_iter().filter(|session| session.kind == DIRECT);
            contacts.extend(direct.map(|session| session.to));
            let next = (answer.time_stamp, answer.start_index, answer.top_time_stamp, answer.top_start_index);
            if answer.complete_flag == 1 || is_empty || next == at {
                contacts.sort();
                contacts.dedup();
                return Ok(Some(contacts));
            }
            at = next;
        }
    }

    /// The newest messages of two accounts, as the first of them sees them, or those before `place`. `None` where the server
    /// does not show them.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn direct_page(
        &self,
        account: &str,
        peer: &str,
        place: Option<&DirectPlace>,
    ) -> Result<Option<DirectPage>, CallError> {
        let mut body = json!({
            "Operator_Account": account, "Peer_Account": peer, "MaxCnt": MESSAGES_PER_PAGE, "MinTime": 0,
            "MaxTime": place.map_or(u64::from(u32::MAX), |place| place.time)
        });
        if let (Some(place), Some(members)) = (place, body.as_object_mut()) {
            members.insert("LastMsgKey".to_owned(), place.key.as_str().into());
        }
        let answer = unless_refused(self.ask::<RoamAnswer>("openim/admin_getroammsg", &body).await)?;
        Ok(answer.map(|answer| {
            let is_last = answer.complete == 1 || answer.last_msg_key.is_empty();
            let next = DirectPlace { time: answer.last_msg_time, key: answer.last_msg_key };
            let next = Some(next).filter(|next| !is_last && Some(next) != place);
            let app = self.server().app();
            let rows = answer.msg_list.into_iter().map(|mut row| {
                files::take_signatures_off(app, &mut row.msg_body);
                row
            });
            DirectPage { rows: rows.collect(), next }
        }))
    }

    /// How many messages of each of `peers` an account has not read, where it has not read all.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn unread_of(&self, account: &str, peers: &[String]) -> Result<Vec<(String, u32)>, CallError> {
        let mut unread = Vec::new();
        for peers in peers.chunks(PEERS_PER_CALL) {
            let body = json!({ "To_Account": account, "Peer_Account": peers });
            let answer = self.ask::<UnreadAnswer>("openim/get_c2c_unread_msg_num", &body).await;
            let rows = unless_refused(answer)?.unwrap_or_default().list;
            unread.extend(rows.into_iter().filter(|row| row.unread != 0).map(|row| (row.peer, row.unread)));
        }
        Ok(unread)
    }
}

/// A value of a field, where it is a text or a number.
pub(crate) fn field_value(tag: &str, value: &Value) -> Option<TagValue> {
    let value = match value {
        Value::String(text) => FieldValue::Text(text.clone()),
        Value::Number(number) => FieldValue::Number(number.as_u64()?),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(TagValue { tag: tag.to_owned(), value })
}
