//! Folders of conversations in requests and answers. The API calls them conversation groups.

use super::item::ContactRow;
use super::{internal, unknown_owner};
use crate::code::Code;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::error::OperationError;
use landfall_domain::ids::UserId;
use landfall_domain::limits::FolderLimits;
use landfall_domain::people::fact::{Chat, FactKey};
use landfall_domain::people::folders::{Folder, FolderRefusal, filed_of, mark_of};
use landfall_domain::people::snapshot::PeopleSnapshot;
use landfall_domain::text::Text;
use serde::Serialize;

/// A folder in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FolderRow {
    group_name: String,
    group_id: u32,
}

impl From<&Folder> for FolderRow {
    fn from(folder: &Folder) -> Self {
        Self { group_name: folder.name.as_str().to_owned(), group_id: folder.id }
    }
}

/// The name of a folder.
pub(super) fn name(given: Field<String>, field: &str, limits: &FolderLimits) -> Result<Text, Failure> {
    let name = given.required(field).map_err(|error| error.failure(Code::ChatParameter))?;
    Text::parse(name, limits.name)
        .map_err(|problem| Code::FolderNameTooLong.because(format!("{field} {problem}")))
}

/// The only entry of the list called `field`.
pub(super) fn only<T>(list: Vec<T>, field: &str) -> Result<T, Failure> {
    let count = list.len();
    let mut list = list.into_iter();
    match (list.next(), count) {
        (Some(entry), 1) => Ok(entry),
        _ => Err(Code::ChatParameter.because(format!("{field} has {count} entries; exactly 1 is allowed"))),
    }
}

/// Why nothing was done at all.
pub(super) fn refused(error: OperationError<FolderRefusal>, limits: &FolderLimits) -> Failure {
    match error {
        OperationError::Refused(FolderRefusal::NoSuchAccount) => unknown_owner(),
        OperationError::Refused(FolderRefusal::TooManyFolders) => Code::TooManyFolders
            .because(format!("an account has at most {} conversation groups", limits.count)),
        OperationError::Refused(FolderRefusal::NoSuchFolder) => {
            Code::FolderUnknown.because("the account has no conversation group of that name")
        }
        OperationError::Refused(FolderRefusal::NameTaken) => {
            Code::ChatParameter.because("another conversation group of the account has that name")
        }
        OperationError::Store(error) => internal(error),
    }
}

/// What an account keeps about a conversation. What it does not keep is left out. [sample]
///
/// [choice] `StandardMark` is the marks as a binary number: its last digit is mark 1.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Marks {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) standard_mark: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) custom_mark: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contact_group_id: Option<Vec<u32>>,
}

/// A conversation with what an account keeps about it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MarkRow {
    #[serde(flatten)]
    contact: ContactRow,
    #[serde(flatten)]
    marks: Marks,
    timestamp: u64,
}

/// The facts about a conversation that [`marks_of`] reads.
pub(super) fn keys(chat: &Chat) -> [FactKey; 2] {
    [FactKey::Mark(chat.clone()), FactKey::Filed(chat.clone())]
}

/// What an account keeps about a conversation, and when that last changed; `None` when it keeps nothing.
pub(super) fn marks_of(snapshot: &PeopleSnapshot, account: &UserId, chat: &Chat) -> Option<(Marks, u64)> {
    let (mark, filed) = (mark_of(snapshot, account, chat), filed_of(snapshot, account, chat));
    let changed = mark.map(|mark| mark.changed).max(filed.map(|filed| filed.changed))?;
    let marks = Marks {
        standard_mark: mark.filter(|mark| mark.standard != 0).map(|mark| format!("{:b}", mark.standard)),
        custom_mark: mark.map(|mark| mark.custom.as_str().to_owned()).filter(|custom| !custom.is_empty()),
        contact_group_id: filed.map(|filed| filed.folders.clone()),
    };
    Some((marks, changed.0))
}

/// As [`marks_of`], with the conversation.
pub(super) fn row(snapshot: &PeopleSnapshot, account: &UserId, chat: &Chat) -> Option<MarkRow> {
    let (marks, timestamp) = marks_of(snapshot, account, chat)?;
    Some(MarkRow { contact: chat.into(), marks, timestamp })
}
