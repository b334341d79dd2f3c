//! `sns/black_list_delete`: takes up to 1000 accounts off a blocklist. Each has a result of its own.

use super::{BatchReply, Name, from_account, refused, separated, to_accounts};
use crate::call::{Call, Command};
use crate::field::{Entries, Field};
use crate::reply::Failure;
use landfall_domain::people::operations::unblock::Unblock;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    #[serde(rename = "To_Account")]
    to_account: Field<Entries<String>>,
}

impl Command for Request {
    const PATH: &'static str = "sns/black_list_delete";
    type Reply = BatchReply;

    async fn run(self, call: &Call) -> Result<BatchReply, Failure> {
        let account = from_account(self.from_account)?;
        let limits = call.limits.friends;
        let (others, items) = separated(to_accounts(self.to_account, limits.per_call)?);
        let unblocked = call.change_people(Unblock { account: account.clone(), others }).await;
        let unblocked = unblocked.map_err(|error| refused(error, &account, limits.lists))?;
        Ok(BatchReply::of(items, unblocked, Name::BlackListDelete))
    }
}
