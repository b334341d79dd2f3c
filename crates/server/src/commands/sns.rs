//! The friend service: what its commands share.
//!
//! [choice] An item whose account does not exist is 30003, or 31804 where friends are deleted. Texts that no sample shows
//! say in words what is wrong.

pub mod black_list_add;
pub mod black_list_check;
pub mod black_list_delete;
pub mod black_list_get;
mod check;
pub mod friend_add;
pub mod friend_check;
pub mod friend_delete;
pub mod friend_delete_all;
pub mod friend_get;
pub mod friend_get_list;
pub mod friend_import;
mod friend_input;
pub mod friend_update;
pub mod group_add;
pub mod group_delete;
pub mod group_get;
mod tag;

use crate::call::ReadOnlyCall;
use crate::code::Code;
use crate::commands::account::required_account;
use crate::commands::forbidden::refuse_words;
use crate::field::{Entries, Field, FieldError};
use crate::items::{check_all, check_each, echoed};
use crate::reply::Failure;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::ids::UserId;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactKey};
use landfall_domain::people::friends::{FriendProblem, Friends, FriendsRefusal};
use landfall_domain::people::snapshot::PeopleSnapshot;
use landfall_domain::text::Text;
use serde::Serialize;
use std::borrow::Cow;

/// A member that is missing, of the wrong type or out of bounds is 30001 here. [doc]
pub(in crate::commands) fn illegal(error: FieldError) -> Failure {
    error.failure(Code::FriendParameter)
}

pub(in crate::commands) fn internal(error: StoreError) -> Failure {
    Code::FriendInternal.internal(error)
}

/// The account whose friends a call is about.
pub(in crate::commands) fn from_account(given: Field<String>) -> Result<UserId, Failure> {
    required_account(given, "From_Account", Code::FriendParameter)
}

pub(in crate::commands) fn unknown_account(account: &UserId) -> Failure {
    Code::FriendAccountUnknown.because(format!("From_Account {account} does not exist"))
}

/// Why a call as a whole did not happen.
fn refused(error: OperationError<FriendsRefusal>, account: &UserId, max_lists: usize) -> Failure {
    match error {
        OperationError::Refused(FriendsRefusal::NoSuchAccount) => unknown_account(account),
        OperationError::Refused(FriendsRefusal::TooManyLists) => {
            Code::TooManyFriendLists.because(format!("{account} would have more than {max_lists} lists"))
        }
        OperationError::Store(error) => internal(error),
    }
}

/// A whole number of 32 bits; 0 when it is not given.
fn number(given: Field<i128>, field: &str) -> Result<u32, Failure> {
    let number = given.optional(field).map_err(illegal)?.unwrap_or(0);
    u32::try_from(number).map_err(|_| {
        Code::FriendParameter.because(format!("{field} is {number}; 0 to {} are allowed", u32::MAX))
    })
}

/// Which of two words a member says; `None` when it is not given.
fn word(given: Field<String>, field: &str, words: [&str; 2]) -> Result<Option<usize>, Failure> {
    let Some(word) = given.optional(field).map_err(illegal)? else { return Ok(None) };
    let found = words.iter().position(|known| *known == word);
    let [one, other] = words;
    found.map(Some).ok_or_else(|| Code::FriendParameter.because(format!("{field} must be {one} or {other}")))
}

pub(in crate::commands) fn at_most(max: usize, count: usize, field: &str) -> Result<(), Failure> {
    if max < count {
        return Err(
            Code::FriendParameter.because(format!("{field} has {count} entries; at most {max} are allowed"))
        );
    }
    Ok(())
}

/// The names of lists of friends, at least one.
fn list_names(given: Field<Vec<Field<String>>>, call: &ReadOnlyCall) -> Result<Vec<Text>, Failure> {
    let list = given.required("GroupName").map_err(illegal)?;
    at_most(call.limits.friends.lists, list.len(), "GroupName")?;
    check_all("GroupName", list, |name, place| {
        let name = name.required(place).map_err(illegal)?;
        list_name(name, place, call)
    })
}

fn list_name(name: String, field: &str, call: &ReadOnlyCall) -> Result<Text, Failure> {
    Text::parse(name, call.limits.friends.list_name)
        .map_err(|problem| Code::FriendParameter.because(format!("{field} {problem}")))
}

/// The items of a call, each as its account was written, and as it was read.
pub(in crate::commands) type Items<T> = Vec<(String, Result<T, Failure>)>;

/// Makes failures of the items with a word that the app does not allow.
async fn refuse_words_of<T>(
    items: &mut Items<T>,
    texts: impl Fn(&T) -> Vec<&Text>,
    call: &ReadOnlyCall,
) -> Result<(), Failure> {
    for (_, item) in items {
        let Ok(given) = item else { continue };
        let given = texts(given).into_iter().map(|text| ("the friend", Some(text.as_str())));
        match refuse_words(given, call, Code::FriendTextRefused, internal).await {
            Err(failure) if failure.code == Code::FriendTextRefused => *item = Err(failure),
            other => other?,
        }
    }
    Ok(())
}

/// The accounts of `To_Account`, at most `max`.
pub(in crate::commands) fn to_accounts(
    given: Field<Entries<String>>,
    max: usize,
) -> Result<Items<UserId>, Failure> {
    let Entries(list) = given.required("To_Account").map_err(illegal)?;
    at_most(max, list.len(), "To_Account")?;
    let names: Vec<_> = list.iter().map(Field::written).map(echoed).collect();
    let accounts =
        check_each("To_Account", list, |id, place| required_account(id, place, Code::FriendParameter))?;
    Ok(names.into_iter().zip(accounts).collect())
}

/// Separates what can be done from the names of all, with the failures of the rest.
pub(in crate::commands) fn separated<T>(items: Items<T>) -> (Vec<T>, Items<()>) {
    let mut right = Vec::new();
    let named = items.into_iter().map(|(name, item)| (name, item.map(|item| right.push(item)))).collect();
    (right, named)
}

/// The result of one item.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::commands) struct ResultRow {
    #[serde(rename = "To_Account")]
    to_account: String,
    result_code: u32,
    result_info: Cow<'static, str>,
}

impl ResultRow {
    pub(in crate::commands) fn of(to_account: String, result: Result<(), Failure>) -> Self {
        let (result_code, result_info) =
            result.map_or_else(|failure| (failure.number(), failure.text), |()| (0, "".into()));
        Self { to_account, result_code, result_info }
    }
}

/// The answer of a command whose items have results of their own.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchReply {
    result_item: Vec<ResultRow>,
    /// Only when some failed. [doc]
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    fail_account: Vec<String>,
}

impl BatchReply {
    /// The results of all items: those of `done` for the items that were right.
    fn of(items: Items<()>, done: Vec<Result<(), FriendProblem>>, command: Name) -> Self {
        let mut done = done.into_iter();
        let row = |(name, item): (String, Result<(), Failure>)| {
            let result = item.and_then(|()| {
                let result = done.next().unwrap_or(Ok(()));
                result.map_err(|problem| command.failure(problem))
            });
            ResultRow::of(name, result)
        };
        let result_item: Vec<_> = items.into_iter().map(row).collect();
        let failed = result_item.iter().filter(|row| row.result_code != 0);
        Self { fail_account: failed.map(|row| row.to_account.clone()).collect(), result_item }
    }
}

/// The name of a command, as it stands in the texts of its results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    FriendAdd,
    FriendImport,
    FriendUpdate,
    FriendDelete,
    GroupAdd,
    BlackListAdd,
    BlackListDelete,
}

impl Name {
    fn failure(self, problem: FriendProblem) -> Failure {
        self.code(problem).because(self.text(problem))
    }

    fn code(self, problem: FriendProblem) -> Code {
        match problem {
            FriendProblem::NoSuchAccount if self == Self::FriendDelete => Code::FriendToDeleteUnknown,
            FriendProblem::NoSuchAccount => Code::FriendAccountUnknown,
            FriendProblem::NotFriend if self == Self::FriendDelete => Code::NotFriend,
            FriendProblem::NotFriend if self == Self::GroupAdd => Code::NotFriendToList,
            FriendProblem::Itself
            | FriendProblem::AlreadyFriend
            | FriendProblem::NotFriend
            | FriendProblem::AlreadyBlocked
            | FriendProblem::NotBlocked => Code::FriendParameter,
            FriendProblem::Barred => Code::BarredFromFriends,
            FriendProblem::OnOwnBlocklist => Code::OnOwnBlocklist,
            FriendProblem::OnOthersBlocklist => Code::OnOthersBlocklist,
            FriendProblem::TooManyFriends => Code::TooManyFriends,
            FriendProblem::OtherHasTooManyFriends => Code::OtherHasTooManyFriends,
            FriendProblem::TooManyLists => Code::TooManyFriendLists,
            FriendProblem::OtherTakesNobody => Code::OtherTakesNobody,
            FriendProblem::Asked => Code::FriendAsked,
            FriendProblem::TooManyRequests => Code::TooManyFriendRequests,
            FriendProblem::BlocklistFull => Code::BlocklistFull,
        }
    }

    /// Clients compare those that begin with `Err_SNS_`. [sample]
    fn text(self, problem: FriendProblem) -> Cow<'static, str> {
        match problem {
            FriendProblem::AlreadyFriend => "Err_SNS_FriendAdd_Friend_Exist".into(),
            FriendProblem::OtherTakesNobody => "Err_SNS_FriendAdd_Friend_Allow_Type_Forbid".into(),
            FriendProblem::AlreadyBlocked => "Err_SNS_BlackListAdd_Already_Exist".into(),
            FriendProblem::TooManyFriends => {
                format!("Err_SNS_{self:?}_My_Friend_Num_Exceed_Threshold").into()
            }
            FriendProblem::TooManyLists => format!("Err_SNS_{self:?}_Group_Num_Exceed_Threshold").into(),
            FriendProblem::NotFriend if self == Self::GroupAdd => {
                "Err_SNS_GroupAdd_ToTinyId_Not_Friend".into()
            }
            FriendProblem::NotFriend if self == Self::FriendDelete => {
                "Err_SNS_FriendDelete_Not_Friend".into()
            }
            FriendProblem::NotFriend => format!("Err_SNS_{self:?}_Friend_Not_Exist").into(),
            FriendProblem::NoSuchAccount => "the account does not exist".into(),
            FriendProblem::Itself => "From_Account itself".into(),
            FriendProblem::Barred => "From_Account is barred from adding friends".into(),
            FriendProblem::OnOwnBlocklist => "the account is on the blocklist of From_Account".into(),
            FriendProblem::OnOthersBlocklist => "From_Account is on the blocklist of the account".into(),
            FriendProblem::OtherHasTooManyFriends => "the account has as many friends as allowed".into(),
            FriendProblem::Asked => "the account was asked and has to agree".into(),
            FriendProblem::TooManyRequests => "too many requests wait for an answer".into(),
            FriendProblem::BlocklistFull => "the blocklist is full".into(),
            FriendProblem::NotBlocked => "the account is not on the blocklist".into(),
        }
    }
}

/// What an account has besides its friends.
fn head(found: &PeopleSnapshot, account: &UserId) -> Friends {
    match found.fact(&Subject::Account(account.clone()), &FactKey::Friends) {
        Some(Fact::Friends(friends)) => friends.clone(),
        Some(_) | None => Friends::default(),
    }
}
