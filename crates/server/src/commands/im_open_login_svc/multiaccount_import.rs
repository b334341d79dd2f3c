//! `im_open_login_svc/multiaccount_import`: imports up to 100 accounts. Those that fail are named in the answer.
//!
//! Two shapes are documented, a list of names and a list of objects; both are taken, also together.

use super::{illegal, internal, profile_value, refuse_too_many, user};
use crate::call::{ImportCommand, ReadOnlyCall, SilentCall};
use crate::code::Code;
use crate::field::{Field, FieldError, Object, Rows};
use crate::items::{each, echoed};
use crate::reply::Failure;
use landfall_domain::account::AccountImport;
use serde::{Deserialize, Serialize};

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    accounts: Field<Rows<String>>,
    account_list: Field<Rows<Object<Profile>>>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
struct Profile {
    #[serde(rename = "UserID")]
    user_id: Field<String>,
    nick: Field<String>,
    face_url: Field<String>,
}

/// The reply.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    /// Names that were not imported; empty when all were.
    fail_accounts: Vec<String>,
}

impl ImportCommand for Request {
    const PATH: &'static str = "im_open_login_svc/multiaccount_import";
    type Reply = Reply;

    async fn run(self, call: &SilentCall) -> Result<Reply, Failure> {
        let asked = self.check(call)?;
        let mut fail_accounts = Vec::new();
        let mut imports = Vec::with_capacity(asked.len());
        for (name, import) in asked {
            match import {
                Ok(import) => imports.push(import),
                Err(_) => fail_accounts.push(name),
            }
        }
        if !imports.is_empty() {
            call.import_accounts(imports).await.map_err(internal)?;
        }
        Ok(Reply { fail_accounts })
    }
}

/// Every account asked for: its name as it was written, and what is to be imported.
type Asked = Vec<(String, Result<AccountImport, Failure>)>;

impl Request {
    fn check(self, call: &ReadOnlyCall) -> Result<Asked, Failure> {
        let absent = match (&self.accounts, &self.account_list) {
            (Field::Empty, Field::Absent | Field::Empty) => Some(FieldError::Empty("Accounts".to_owned())),
            (Field::Absent, Field::Empty) => Some(FieldError::Empty("AccountList".to_owned())),
            (Field::Absent, Field::Absent) => Some(FieldError::Missing("Accounts".to_owned())),
            (_, _) => None,
        };
        if let Some(error) = absent {
            return Err(illegal(error));
        }
        let Rows(names) = self.accounts.optional("Accounts").map_err(illegal)?.unwrap_or_default();
        let Rows(objects) = self.account_list.optional("AccountList").map_err(illegal)?.unwrap_or_default();
        refuse_too_many(names.len() + objects.len(), "Accounts", call)?;
        let written_in =
            |entry: &Field<Object<Profile>>| entry.written_member("UserID", |asked| &asked.user_id);
        let written = names.iter().map(Field::written).chain(objects.iter().map(written_in));
        let written: Vec<_> = written.map(echoed).collect();
        let mut imports = each("Accounts", names, |user_id, place| {
            import(Profile { user_id, ..Profile::default() }, place, call)
        })?;
        imports.extend(each("AccountList", objects, |entry, place| {
            let profile = entry.required(place).map_err(illegal)?.0;
            import(profile, &format!("{place}.UserID"), call)
        })?);
        Ok(written.into_iter().zip(imports).collect())
    }
}

/// The account in the member called `field`. Only one that is no text fails the call. [doc]
fn import(profile: Profile, field: &str, call: &ReadOnlyCall) -> Result<AccountImport, Failure> {
    let id = user(profile.user_id, Field::Absent, field);
    let id = id.map_err(|failure| {
        let is_shapeless = failure.code == Code::AccountNotText;
        Failure { is_shapeless, ..failure }
    })?;
    let value = |given, field| {
        let value = profile_value(given, field, call.limits.profile_value);
        value.map_err(|failure| Failure { is_shapeless: false, ..failure })
    };
    Ok(AccountImport {
        id,
        nick: value(profile.nick, "Nick")?,
        face_url: value(profile.face_url, "FaceUrl")?,
    })
}
