//! A conversation in requests and answers: `ContactItem`.
//!
//! [choice] A conversation with an account that is not imported is 50001 in its row, as where it is the account of the call;
//! one in a group that does not exist is 51007.

use super::{account, number};
use crate::call::ReadOnlyCall;
use crate::code::Code;
use crate::field::{Field, Object};
use crate::items::echoed;
use crate::reply::Failure;
use landfall_domain::ids::GroupId;
use landfall_domain::people::fact::Chat;
use landfall_domain::people::folders::ChatProblem;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A conversation as a request names it. A group has three spellings, one in each command.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ContactInput {
    #[serde(rename = "Type")]
    kind: Field<i128>,
    #[serde(rename = "To_Account")]
    to_account: Field<String>,
    to_group_id: Field<String>,
    #[serde(rename = "ToGroupid")]
    to_group: Field<String>,
    group_id: Field<String>,
}

/// A conversation as an answer names it.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ContactRow {
    #[serde(rename = "Type")]
    kind: i128,
    #[serde(rename = "To_Account", skip_serializing_if = "Option::is_none")]
    to_account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_group_id: Option<String>,
}

impl From<&Chat> for ContactRow {
    fn from(chat: &Chat) -> Self {
        match chat {
            Chat::Direct(peer) => Self { kind: 1, to_account: Some(peer.to_string()), to_group_id: None },
            Chat::Group(id) => Self { kind: 2, to_account: None, to_group_id: Some(id.as_str().to_owned()) },
        }
    }
}

impl ContactRow {
    /// The conversation in an entry, as it was written.
    pub(super) fn within<T>(
        entry: &Field<Object<T>>,
        member: impl Fn(&T) -> &Field<Object<ContactInput>>,
    ) -> Self {
        if let Field::Value(Object(entry)) = entry { member(entry).into() } else { Self::default() }
    }
}

/// As it was written.
impl From<&Field<Object<ContactInput>>> for ContactRow {
    fn from(given: &Field<Object<ContactInput>>) -> Self {
        fn text(
            given: &Field<Object<ContactInput>>,
            name: &str,
            member: impl Fn(&ContactInput) -> &Field<String>,
        ) -> Option<String> {
            Some(echoed(given.written_member(name, member))).filter(|text| !text.is_empty())
        }
        let kind = given.written_member("Type", |input| &input.kind);
        let to_group_id = text(given, "ToGroupId", |input| &input.to_group_id)
            .or_else(|| text(given, "ToGroupid", |input| &input.to_group))
            .or_else(|| text(given, "GroupId", |input| &input.group_id));
        Self { kind, to_account: text(given, "To_Account", |input| &input.to_account), to_group_id }
    }
}

/// The conversation that the member at `place` names.
pub(super) fn chat_in(given: Field<Object<ContactInput>>, place: &str) -> Result<Chat, Failure> {
    let illegal = Code::ChatParameter;
    let input = given.required(place).map_err(|error| error.failure(illegal))?.0;
    let at = |member: &str| format!("{place}.{member}");
    match number(input.kind, &at("Type"))? {
        1 => account(input.to_account, &at("To_Account")).map(Chat::Direct),
        2 => {
            let (field, group) = (at("ToGroupId"), input.to_group_id.or(input.to_group).or(input.group_id));
            let id = group.required(&field).map_err(|error| error.failure(illegal))?;
            let id = GroupId::parse(&id);
            id.map(Chat::Group).ok_or_else(|| illegal.because(format!("{field} is not a group id")))
        }
        kind => Err(illegal.because(format!("{} is {kind}; 1 and 2 are allowed", at("Type")))),
    }
}

/// The groups among conversations that exist.
pub(super) async fn known_groups(
    call: &ReadOnlyCall,
    chats: impl Iterator<Item = &Chat>,
) -> Result<BTreeSet<GroupId>, Failure> {
    let group = |chat: &Chat| match chat {
        Chat::Group(id) => Some(id.clone()),
        Chat::Direct(_) => None,
    };
    let ids: BTreeSet<GroupId> = chats.filter_map(group).collect();
    if ids.is_empty() {
        return Ok(ids);
    }
    let found = call.groups(ids.into_iter().collect()).await.map_err(super::internal)?;
    Ok(found.into_iter().flatten().map(|group| group.id.clone()).collect())
}

/// What became of one conversation, after the conversation itself.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ItemResult {
    contact_item: ContactRow,
    result_code: u32,
    result_info: Cow<'static, str>,
}

impl ItemResult {
    pub(super) fn of(contact_item: ContactRow, result: Result<(), Failure>) -> Self {
        let (result_code, result_info) =
            result.map_or_else(|failure| (failure.number(), failure.text), |()| (0, "".into()));
        Self { contact_item, result_code, result_info }
    }
}

/// Why nothing was done about one conversation. `max` is how many may be in folders, or marked.
pub(super) fn problem(problem: ChatProblem, max: usize) -> Failure {
    match problem {
        ChatProblem::NoSuchAccount => Code::ChatOwnerUnknown.because("To_Account is not imported"),
        ChatProblem::NoSuchGroup => Code::ChatGroupUnknown.because("there is no such group"),
        ChatProblem::TooMany => {
            Code::TooManyChats.because(format!("at most {max} conversations of an account can have it"))
        }
    }
}
