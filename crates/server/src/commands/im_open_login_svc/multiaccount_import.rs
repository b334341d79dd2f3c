//! `im_open_login_svc/multiaccount_import`: imports up to 100 accounts. The answer names those that fail.
//!
//! Two shapes are documented, a list of names and a list of objects; both are taken, also together.

use super::{illegal, internal, profile_value, refuse_too_many, user};
use crate::call::{ImportCommand, ReadOnlyCall, SilentCall};
use crate::code::Code;
use crate::field::{Entries, Field, FieldError, Object};
use crate::items::{check_each, echoed};
use crate::reply::Failure;
use landfall_domain::account::AccountImport;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    accounts: Field<Entries<String>>,
    account_list: Field<Entries<Object<AccountProfileInput>>>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
struct AccountProfileInput {
    #[serde(rename = "UserID")]
    user_id: Field<String>,
    nick: Field<String>,
    face_url: Field<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    /// Accounts that were not imported; empty when all were.
    fail_accounts: Vec<String>,
}

impl ImportCommand for Request {
    const PATH: &'static str = "im_open_login_svc/multiaccount_import";
    type Reply = Reply;

    async fn run(self, call: &SilentCall) -> Result<Reply, Failure> {
        let requested = self.check(call)?;
        let mut fail_accounts = Vec::new();
        let mut imports = Vec::with_capacity(requested.len());
        for (name, import) in requested {
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

/// Every requested account: its name as it was written, and its import.
type ImportEntries = Vec<(String, Result<AccountImport, Failure>)>;

impl Request {
    fn check(self, call: &ReadOnlyCall) -> Result<ImportEntries, Failure> {
        let absent = match (&self.accounts, &self.account_list) {
            (Field::Empty, Field::Absent | Field::Empty) => Some(FieldError::Empty("Accounts".to_owned())),
            (Field::Absent, Field::Empty) => Some(FieldError::Empty("AccountList".to_owned())),
            (Field::Absent, Field::Absent) => Some(FieldError::Missing("Accounts".to_owned())),
            (_, _) => None,
        };
        if let Some(error) = absent {
            return Err(illegal(error));
        }
        let Entries(names) = self.accounts.optional("Accounts").map_err(illegal)?.unwrap_or_default();
        let Entries(objects) =
            self.account_list.optional("AccountList").map_err(illegal)?.unwrap_or_default();
        refuse_too_many(names.len() + objects.len(), "Accounts", call)?;
        let written_in = |entry: &Field<Object<AccountProfileInput>>| {
            entry.written_member("UserID", |requested| &requested.user_id)
        };
        let written = names.iter().map(Field::written).chain(objects.iter().map(written_in));
        let written: Vec<_> = written.map(echoed).collect();
        let mut imports = check_each("Accounts", names, |user_id, place| {
            import(AccountProfileInput { user_id, ..AccountProfileInput::default() }, place, call)
        })?;
        imports.extend(check_each("AccountList", objects, |entry, place| {
            let profile = entry.required(place).map_err(illegal)?.0;
            import(profile, &format!("{place}.UserID"), call)
        })?);
        Ok(written.into_iter().zip(imports).collect())
    }
}

/// The import of one account. Only a name that is no string fails the whole call. [doc]
fn import(profile: AccountProfileInput, field: &str, call: &ReadOnlyCall) -> Result<AccountImport, Failure> {
    let id = user(profile.user_id, Field::Absent, field);
    let id = id.map_err(|failure| {
        let is_structural = failure.code == Code::AccountNotText;
        Failure { is_structural, ..failure }
    })?;
    let value = |given, field| {
        let value = profile_value(given, field, call.limits.profile_value);
        value.map_err(|failure| Failure { is_structural: false, ..failure })
    };
    Ok(AccountImport {
        id,
        nick: value(profile.nick, "Nick")?,
        face_url: value(profile.face_url, "FaceUrl")?,
    })
}
