//! `landfall_import_svc/list_accounts`: lists the accounts of the app, page by page, in an order of its own.

use crate::call::{ImportCommand, SilentCall};
use crate::code::Code;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use serde::{Deserialize, Serialize};

/// Accounts of one page.
const PAGE: usize = 1_000;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    next: Field<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    account_list: Vec<String>,
    /// `Next` of the following page; empty behind the last one.
    next: String,
}

impl ImportCommand for Request {
    const PATH: &'static str = "landfall_import_svc/list_accounts";
    type Reply = Reply;

    async fn run(self, call: &SilentCall) -> Result<Reply, Failure> {
        let after = self.next.optional("Next")?.filter(|name| !name.is_empty());
        let wrong = || Code::GroupParameter.because("Next is not that of a page");
        let after = after.map(|name| UserId::parse(&name).ok_or_else(wrong)).transpose()?;
        let accounts = call.jobs()?.list_accounts(call.app_id(), after, PAGE).await?;
        let last = accounts.last().filter(|_| accounts.len() == PAGE);
        let next = last.map(ToString::to_string).unwrap_or_default();
        Ok(Reply { account_list: accounts.iter().map(ToString::to_string).collect(), next })
    }
}
