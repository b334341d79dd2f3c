//! `sns/black_list_add`: puts up to 1000 accounts on a blocklist. Each has a result of its own.

use super::{BatchReply, Name, from_account, refused, separated, to_accounts};
use crate::call::{Call, Command};
use crate::field::{Entries, Field};
use crate::reply::Failure;
use landfall_domain::people::operations::block::Block;
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
    const PATH: &'static str = "sns/black_list_add";
    type Reply = BatchReply;

    async fn run(self, call: &Call) -> Result<BatchReply, Failure> {
        let account = from_account(self.from_account)?;
        let limits = call.limits.friends;
        let (others, items) = separated(to_accounts(self.to_account, limits.per_call)?);
        let blocked = call.change_people(Block { account: account.clone(), others, limits }).await;
        let blocked = blocked.map_err(|error| refused(error, &account, limits.lists))?;
        Ok(BatchReply::of(items, blocked, Name::BlackListAdd))
    }
}
