//! `official_account_open_http_svc/modify_official_account_base_info`: changes what an official account says of itself.
//!
//! [choice] An empty text clears its field; `Name` cannot be empty. A call that changes nothing is 6017. Subscribers beyond
//! a lower `MaxSubscriberNum` stay.

use super::{
    CUSTOM, FACE_URL, INTRODUCTION, NAME, ORGANIZATION, SUBSCRIBERS_MAX, illegal, internal, number,
    official_id, refused, text,
};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::forbidden::refuse_words;
use crate::field::{Emptiable, Field};
use crate::reply::{Failure, Nothing};
use landfall_domain::limits::Span;
use landfall_domain::people::operations::modify_official::ModifyOfficial;
use landfall_domain::text::Text;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Official_Account")]
    official_account: Field<String>,
    /// One client calls it so. [client]
    #[serde(rename = "OfficialAccount")]
    misspelled: Field<String>,
    name: Field<Emptiable>,
    introduction: Field<Emptiable>,
    face_url: Field<Emptiable>,
    organization: Field<Emptiable>,
    custom_string: Field<Emptiable>,
    max_subscriber_num: Field<i128>,
}

impl Command for Request {
    const PATH: &'static str = "official_account_open_http_svc/modify_official_account_base_info";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let account = official_id(self.official_account.or(self.misspelled), "Official_Account")?;
        let change = ModifyOfficial {
            account,
            name: optional(self.name, "Name", NAME)?,
            face_url: optional(self.face_url, "FaceUrl", FACE_URL)?,
            introduction: optional(self.introduction, "Introduction", INTRODUCTION)?,
            organization: optional(self.organization, "Organization", ORGANIZATION)?,
            custom: optional(self.custom_string, "CustomString", CUSTOM)?,
            max_subscribers: number(self.max_subscriber_num, "MaxSubscriberNum", SUBSCRIBERS_MAX)?,
        };
        let ModifyOfficial { name, face_url, introduction, organization, custom, max_subscribers, .. } =
            &change;
        let texts = [name, face_url, introduction, organization, custom];
        if texts.iter().all(|text| text.is_none()) && max_subscribers.is_none() {
            return Err(Code::OfficialParameter.because("no field to change is given"));
        }
        let texts = [("Name", name), ("Introduction", introduction)];
        let texts = texts.map(|(field, text)| (field, text.as_ref().map(Text::as_str)));
        refuse_words(texts, call, Code::TextRefused, internal).await?;
        call.change_people(change).await.map_err(refused)?;
        Ok(Nothing {})
    }
}

fn optional(given: Field<Emptiable>, field: &str, bounds: Span) -> Result<Option<Text>, Failure> {
    let given = given.optional(field).map_err(illegal)?;
    given.map(|Emptiable(given)| text(given, field, bounds)).transpose()
}
