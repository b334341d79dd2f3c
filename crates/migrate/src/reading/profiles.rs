//! Nicks and faces of accounts.

use super::Reading;
use super::rows::or_default;
use crate::server::CallError;
use serde::Deserialize;
use serde_json::{Value, json};

/// Accounts asked for in one call.
pub const ACCOUNTS_PER_CALL: usize = 100;

const NICK: &str = "Tag_Profile_IM_Nick";
const FACE: &str = "Tag_Profile_IM_Image";

/// What an account calls itself, where it says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    pub account: String,
    pub nick: Option<String>,
    pub face_url: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ProfileAnswer {
    #[serde(deserialize_with = "or_default")]
    user_profile_item: Vec<ProfileRow>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ProfileRow {
    #[serde(rename = "To_Account")]
    account: String,
    #[serde(deserialize_with = "or_default")]
    profile_item: Vec<ProfileField>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ProfileField {
    tag: String,
    value: Value,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ImportedAnswer {
    account_list: Vec<Imported>,
}

/// An account as Landfall says it was imported.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Imported {
    #[serde(rename = "UserID")]
    account: String,
    nick: String,
    face_url: String,
}

impl Reading<'_> {
    /// Like [`account_profiles`](Self::account_profiles), of a Landfall server: what the accounts were imported with.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn imported_profiles(&self, accounts: &[String]) -> Result<Option<Vec<Profile>>, CallError> {
        let body = json!({ "AccountList": accounts });
        let given = |text: String| (!text.is_empty()).then_some(text);
        match self.ask::<ImportedAnswer>("landfall_import_svc/get_accounts", &body).await {
            Ok(answer) => {
                let rows = answer.account_list.into_iter().map(|row| Profile {
                    account: row.account,
                    nick: given(row.nick),
                    face_url: given(row.face_url),
                });
                Ok(Some(rows.collect()))
            }
            Err(CallError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The profiles of at most [`ACCOUNTS_PER_CALL`] accounts; `None` when the server has no such command.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn account_profiles(&self, accounts: &[String]) -> Result<Option<Vec<Profile>>, CallError> {
        let body = json!({ "To_Account": accounts, "TagList": [NICK, FACE] });
        match self.ask::<ProfileAnswer>("profile/portrait_get", &body).await {
            Ok(answer) => Ok(Some(answer.user_profile_item.into_iter().map(profile).collect())),
            Err(CallError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn profile(row: ProfileRow) -> Profile {
    let value = |tag: &str| {
        let field = row.profile_item.iter().find(|field| field.tag == tag)?;
        field.value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    };
    Profile { nick: value(NICK), face_url: value(FACE), account: row.account }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_what_the_account_has_set() {
        let row = serde_json::from_value(json!({
            "To_Account": "ann",
            "ProfileItem": [{ "Tag": NICK, "Value": "Ann" }, { "Tag": FACE, "Value": "" }, { "Tag": "x", "Value": 1 }],
            "ResultCode": 0,
        }));
        let expected = Profile { account: "ann".to_owned(), nick: Some("Ann".to_owned()), face_url: None };
        assert_eq!(profile(row.unwrap()), expected);
    }
}
