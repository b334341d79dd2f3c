//! `profile/portrait_get`: answers fields of the profiles of accounts, one row for each account, in their order. Fields that
//! were never set are left out.
//!
//! A name that no account has gets a row with 40003, and stands in `Fail_Account` too. [choice]

use super::{illegal, internal, known_tag};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::event_rows::PortraitRow;
use crate::field::{Field, FieldError};
use crate::items::{check_all, echoed};
use crate::reply::Failure;
use landfall_domain::account::Account;
use landfall_domain::ids::UserId;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactKey};
use landfall_domain::people::portrait::{Portrait, PortraitTag, PortraitValue};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::text::Text;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "To_Account")]
    to_account: Field<Vec<Field<String>>>,
    tag_list: Field<Vec<Field<String>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    user_profile_item: Vec<Row>,
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    fail_account: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "To_Account")]
    to_account: String,
    profile_item: Vec<PortraitRow>,
    result_code: u32,
    result_info: &'static str,
}

impl Command for Request {
    const PATH: &'static str = "profile/portrait_get";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let names = names(self.to_account, call)?;
        let tags = self.tag_list.required("TagList").map_err(illegal)?;
        let tags = check_all("TagList", tags, |tag, place| {
            let raw = tag.required(place).map_err(illegal)?;
            known_tag(&raw, place, call).map(|(tag, _)| tag)
        })?;
        let accounts: Vec<UserId> = names.iter().filter_map(|name| UserId::parse(name)).collect();
        let portrait = |account: &UserId| (Subject::Account(account.clone()), FactKey::Portrait);
        // Nicks and pictures stand in the accounts themselves.
        let needs_portraits = tags.iter().any(|tag| !matches!(tag, PortraitTag::Nick | PortraitTag::Image));
        let facts = if needs_portraits { accounts.iter().map(portrait).collect() } else { Vec::new() };
        let found = call.people(PeopleNeeds { accounts, facts, ..PeopleNeeds::default() }).await;
        let found = found.map_err(internal)?;
        let rows: Vec<Row> = names.into_iter().map(|name| row(name, &tags, &found)).collect();
        let failed = rows.iter().filter(|row| row.result_code != 0).map(|row| row.to_account.clone());
        Ok(Reply { fail_account: failed.collect(), user_profile_item: rows })
    }
}

fn names(to_account: Field<Vec<Field<String>>>, call: &Call) -> Result<Vec<String>, Failure> {
    let list = to_account.required("To_Account").map_err(|error| match &error {
        FieldError::Missing(_) | FieldError::Empty(_) => error.failure(Code::ProfileAccountsMissing),
        FieldError::WrongType { .. } | FieldError::Unreadable { .. } => illegal(error),
    })?;
    let max = call.limits.accounts_per_call;
    if max < list.len() {
        let text = format!("To_Account names {} accounts; at most {max} are allowed", list.len());
        return Err(Code::ProfileParameter.because(text));
    }
    check_all("To_Account", list, |name, place| {
        let code =
            if matches!(name, Field::WrongType(_)) { Code::AccountNotText } else { Code::ProfileParameter };
        name.required(place).map_err(|error| error.failure(code))
    })
}

fn row(name: String, tags: &[PortraitTag], found: &PeopleSnapshot) -> Row {
    let known = UserId::parse(&name).and_then(|id| Some((found.accounts.get(&id)?, id)));
    let Some((account, id)) = known else {
        return Row {
            to_account: echoed(name),
            profile_item: Vec::new(),
            result_code: Code::ProfileAccountUnknown.number(),
            result_info: "the account does not exist",
        };
    };
    let portrait = match found.fact(&Subject::Account(id), &FactKey::Portrait) {
        Some(Fact::Portrait(portrait)) => Some(portrait),
        Some(_) | None => None,
    };
    let items = tags.iter().filter_map(|tag| Some(PortraitRow::of(tag, &value(tag, account, portrait)?)));
    Row { profile_item: items.collect(), to_account: name, result_code: 0, result_info: "" }
}

fn value(tag: &PortraitTag, account: &Account, portrait: Option<&Portrait>) -> Option<PortraitValue> {
    let given = |text: &Text| (!text.as_str().is_empty()).then(|| PortraitValue::Text(text.clone()));
    match tag {
        PortraitTag::Nick => given(&account.nick),
        PortraitTag::Image => given(&account.face_url),
        PortraitTag::Gender
        | PortraitTag::BirthDay
        | PortraitTag::Location
        | PortraitTag::SelfSignature
        | PortraitTag::AllowType
        | PortraitTag::Language
        | PortraitTag::MsgSettings
        | PortraitTag::AdminForbidType
        | PortraitTag::Level
        | PortraitTag::Role
        | PortraitTag::Custom(_) => portrait?.0.get(tag).cloned(),
    }
}
