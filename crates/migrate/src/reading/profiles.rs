//! Profiles of accounts.

use super::Reading;
use super::people::field_value;
use super::rows::or_default;
use crate::format::{FieldValue, TagValue};
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
    /// The other fields.
    pub fields: Vec<TagValue>,
}

/// Fields that a server without a list of them is asked for.
const STANDARD: [&str; 10] = [
    "Tag_Profile_IM_Gender",
    "Tag_Profile_IM_BirthDay",
    "Tag_Profile_IM_Location",
    "Tag_Profile_IM_SelfSignature",
    "Tag_Profile_IM_AllowType",
    "Tag_Profile_IM_Language",
    "Tag_Profile_IM_MsgSettings",
    "Tag_Profile_IM_AdminForbidType",
    "Tag_Profile_IM_Level",
    "Tag_Profile_IM_Role",
];

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
    #[serde(deserialize_with = "or_default")]
    profile_item: Vec<ProfileField>,
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
                    fields: fields(&row.profile_item),
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
        let tags: Vec<_> = [NICK, FACE].into_iter().chain(STANDARD).collect();
        let body = json!({ "To_Account": accounts, "TagList": tags });
        match self.ask::<ProfileAnswer>("profile/portrait_get", &body).await {
            Ok(answer) => Ok(Some(answer.user_profile_item.into_iter().map(profile).collect())),
            Err(CallError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The fields besides nick and picture, without those that are empty.
fn fields(items: &[ProfileField]) -> Vec<TagValue> {
    let others = items.iter().filter(|field| ![NICK, FACE].contains(&field.tag.as_str()));
    let values = others.filter_map(|field| field_value(&field.tag, &field.value));
    values.filter(|field| field.value != FieldValue::default()).collect()
}

fn profile(row: ProfileRow) -> Profile {
    let value = |tag: &str| {
        let field = row.profile_item.iter().find(|field| field.tag == tag)?;
        field.value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let fields = fields(&row.profile_item);
    Profile { nick: value(NICK), face_url: value(FACE), account: row.account, fields }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_what_the_account_has_set() {
        let row = serde_json::from_value(json!({
            "To_Account": "ann",
            "ProfileItem": [{ "Tag": NICK, "Value": "Ann" }, { "Tag": FACE, "Value": "" }, { "Tag": "x", "Value": 1 }, { "Tag": "y", "Value": "" }],
            "ResultCode": 0,
        }));
        let fields = vec![TagValue { tag: "x".to_owned(), value: FieldValue::Number(1) }];
        let expected =
            Profile { account: "ann".to_owned(), nick: Some("Ann".to_owned()), face_url: None, fields };
        assert_eq!(profile(row.unwrap()), expected);
    }
}
