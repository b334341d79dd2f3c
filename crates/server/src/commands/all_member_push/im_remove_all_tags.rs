//! `all_member_push/im_remove_all_tags`: removes all tags of up to 100 accounts.

use super::{label, to_accounts};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::people::operations::label_accounts::LabelChange;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Request {
    #[serde(rename = "To_Account")]
    to_account: Field<Vec<Field<String>>>,
}

impl Command for Request {
    const PATH: &'static str = "all_member_push/im_remove_all_tags";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let accounts = to_accounts(self.to_account, call)?.into_iter();
        label(accounts.map(|id| (id, LabelChange::RemoveAllTags)).collect(), call).await
    }
}
