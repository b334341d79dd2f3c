//! The follow service: what its commands share.
//!
//! [choice] An item whose account does not exist is 30003. Following is independent of friends and blocklists.

pub mod follow_add;
pub mod follow_check;
pub mod follow_delete;
pub mod follow_get;
pub mod follow_get_info;

use crate::call::Call;
use crate::code::Code;
use crate::commands::sns::{
    Items, ResultRow, from_account, internal, separated, to_accounts, unknown_account,
};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::error::OperationError;
use landfall_domain::ids::UserId;
use landfall_domain::people::follow::FollowProblem;
use landfall_domain::people::operations::set_follows::SetFollows;
use serde::{Deserialize, Serialize};

/// The answer of a command whose items have results of their own.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchReply {
    result_item: Vec<ResultRow>,
}

/// An account in an object of its own.
#[derive(Deserialize, Default)]
#[serde(default)]
struct ItemInput {
    #[serde(rename = "To_Account")]
    to_account: Field<String>,
}

fn problem(problem: FollowProblem) -> Failure {
    match problem {
        FollowProblem::NoSuchAccount => no_such_account(),
        FollowProblem::Itself => Code::FriendParameter.because("From_Account itself"),
        FollowProblem::TooManyFollowed => {
            Code::TooManyFollowed.because("From_Account follows as many accounts as allowed")
        }
    }
}

fn no_such_account() -> Failure {
    Code::FriendAccountUnknown.because("the account does not exist")
}

/// Follows the accounts of `items`, or leaves them.
async fn set(
    account: UserId,
    items: Items<UserId>,
    follows: bool,
    call: &Call,
) -> Result<BatchReply, Failure> {
    let (others, items) = separated(items);
    let limit = call.limits.follow.count;
    let operation = SetFollows { account: account.clone(), others, follows, limit };
    let done = call.change_people(operation).await.map_err(|error| match error {
        OperationError::Refused(_) => unknown_account(&account),
        OperationError::Store(error) => internal(error),
    })?;
    let mut done = done.into_iter();
    let row = |(name, item): (String, Result<(), Failure>)| {
        let result = item.and_then(|()| done.next().unwrap_or(Ok(())).map_err(problem));
        ResultRow::of(name, result)
    };
    Ok(BatchReply { result_item: items.into_iter().map(row).collect() })
}
