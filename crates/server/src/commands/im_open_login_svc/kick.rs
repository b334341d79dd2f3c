//! `im_open_login_svc/kick`: ends the sessions of an account: every UserSig made before this second is refused
//! from now on, with 70052, also when the account is deleted or imported anew. One made in the same second still
//! passes. [choice]

use super::{internal, user};
use crate::call::{Call, Command};
use crate::clients::CloseReason;
use crate::code::Code;
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::store::{NoSuchAccount, OperationError};
use serde::Deserialize;

/// The request. `Identifier` is the older name of `UserID`, which wins when both come.
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
        let kicked = call.store.kick(call.context(), account.clone()).await;
        // Also when the store failed: nobody knows then whether the kick was kept, and forgetting is harmless.
        call.app.signatures.invalidate(account.as_str());
        call.clients().disconnect(&account, CloseReason::Kicked);
        kicked.map_err(|error| match error {
            OperationError::Refused(NoSuchAccount) => {
                Code::AccountUnknown.because("UserID is not an imported account")
            }
            OperationError::Store(error) => internal(error),
        })?;
        Ok(Nothing {})
    }
}
