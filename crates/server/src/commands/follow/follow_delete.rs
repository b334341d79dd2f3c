//! `follow/follow_delete`: an account no longer follows up to 20 others. Each has a result of its own.

use super::{BatchReply, from_account, set, to_accounts};
use crate::call::{Call, Command};
use crate::field::{Entries, Field};
use crate::reply::Failure;
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
    const PATH: &'static str = "follow/follow_delete";
    type Reply = BatchReply;

    async fn run(self, call: &Call) -> Result<BatchReply, Failure> {
        let account = from_account(self.from_account)?;
        let items = to_accounts(self.to_account, call.limits.follow.per_call)?;
        set(account, items, false, call).await
    }
}
