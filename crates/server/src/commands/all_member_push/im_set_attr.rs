//! `all_member_push/im_set_attr`: sets attributes of up to 100 accounts, by their names; those not given stay.
//!
//! Published clients call the list `Attrs`, and write numbers, which are kept as texts. [client]

use super::items::Members;
use super::{attributes, few_accounts, illegal, label};
use crate::call::{Call, Command, ReadOnlyCall};
use crate::code::Code;
use crate::commands::account::required_account;
use crate::field::{Field, Object};
use crate::items::check_all;
use crate::reply::{Failure, Nothing};
use landfall_domain::ids::UserId;
use landfall_domain::people::operations::label_accounts::LabelChange;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    user_attrs: Field<Vec<Field<Object<Item>>>>,
    attrs: Field<Vec<Field<Object<Item>>>>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Item {
    #[serde(rename = "To_Account")]
    to_account: Field<String>,
    #[serde(rename = "Attrs")]
    attrs: Field<Members>,
}

impl Command for Request {
    const PATH: &'static str = "all_member_push/im_set_attr";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        const FIELD: &str = "UserAttrs";
        let list = self.user_attrs.or(self.attrs).required(FIELD).map_err(illegal)?;
        few_accounts(list.len(), FIELD, call)?;
        let changes = check_all(FIELD, list, |entry, place| {
            let Object(item) = entry.required(place).map_err(illegal)?;
            change(item, place, call)
        })?;
        label(changes, call).await
    }
}

fn change(given: Item, place: &str, call: &ReadOnlyCall) -> Result<(UserId, LabelChange), Failure> {
    let id = required_account(given.to_account, &format!("{place}.To_Account"), Code::MessageJsonParse)?;
    let place = format!("{place}.Attrs");
    let members = given.attrs.required(&place).map_err(illegal)?;
    Ok((id, LabelChange::SetAttributes(attributes(members, &place, call)?)))
}
