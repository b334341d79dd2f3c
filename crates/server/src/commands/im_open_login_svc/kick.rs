//! `im_open_login_svc/kick`: ends the sessions of an account: every UserSig made before this second is refused
//! from now on, with 70052, also when the account is deleted or imported anew. One made in the same second still
//! passes. [choice]

use super::{internal, user};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::error::{NoSuchAccount, OperationError};
use serde::Deserialize;

/// `Identifier` is the older name of `UserID`, which wins when both are given.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "UserID")]
    user_id: Field<String>,
    identifier: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "im_open_login_svc/kick";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let account = user(self.user_id, self.identifier, "UserID")?;
        call.kick(&account).await.map_err(|error| match error {
            OperationError::Refused(NoSuchAccount) => {
                Code::AccountUnknown.because("UserID is not an imported account")
            }
            OperationError::Store(error) => internal(error),
        })?;
        Ok(Nothing {})
    }
}
