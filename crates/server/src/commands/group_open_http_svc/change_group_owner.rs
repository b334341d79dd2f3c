//! `group_open_http_svc/change_group_owner`: makes a member the owner, also of a group without one.
//!
//! The previous owner stays as an ordinary member. A repeated call changes nothing.

use super::{group_id, operator, required_account};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::operations::change_owner::ChangeOwner;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    #[serde(rename = "NewOwner_Account")]
    new_owner_account: Field<String>,
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/change_group_owner";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(self.group_id)?;
        let owner = required_account(self.new_owner_account, "NewOwner_Account")?;
        let operator = operator(self.from_account, call)?;
        call.change(ChangeOwner { group, owner, operator }).await?;
        Ok(Nothing {})
    }
}
