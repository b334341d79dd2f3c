//! `im_open_login_svc/account_import`: imports one account. Importing it again updates what is given.

use super::{internal, profile_value, user};
use crate::call::{ImportCommand, SilentCall};
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::account::AccountImport;
use serde::Deserialize;

/// `Identifier` is the older name of `UserID`, which wins when both are given.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "UserID")]
    user_id: Field<String>,
    identifier: Field<String>,
    nick: Field<String>,
    face_url: Field<String>,
}

impl ImportCommand for Request {
    const PATH: &'static str = "im_open_login_svc/account_import";
    type Reply = Nothing;

    async fn run(self, call: &SilentCall) -> Result<Nothing, Failure> {
        let import = AccountImport {
            id: user(self.user_id, self.identifier, "UserID")?,
            nick: profile_value(self.nick, "Nick", call.limits.profile_value)?,
            face_url: profile_value(self.face_url, "FaceUrl", call.limits.profile_value)?,
        };
        call.import_accounts(vec![import]).await.map_err(internal)?;
        Ok(Nothing {})
    }
}
