//! `official_account_open_http_svc/create_official_account`: makes an official account.
//!
//! [choice] An owner that is not imported is 6017. Without an id the server makes one: the prefix and 16 digits.

use super::{
    CUSTOM, FACE_URL, INTRODUCTION, NAME, ORGANIZATION, SUBSCRIBERS_MAX, account, illegal, internal, number,
    official_id, refused, text,
};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::forbidden::refuse_words;
use crate::field::Field;
use crate::reply::Failure;
use crate::webhook::before::Question;
use landfall_domain::people::official::generate_id;
use landfall_domain::people::operations::create_official::CreateOfficial;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "OfficialAccountUserID")]
    user_id: Field<String>,
    /// As the other commands call it.
    #[serde(rename = "Official_Account")]
    official_account: Field<String>,
    #[serde(rename = "Owner_Account")]
    owner_account: Field<String>,
    name: Field<String>,
    introduction: Field<String>,
    face_url: Field<String>,
    organization: Field<String>,
    custom_string: Field<String>,
    max_subscriber_num: Field<i128>,
}

#[derive(Debug, Serialize)]
pub struct Reply {
    #[serde(rename = "OfficialAccountUserID")]
    user_id: String,
}

impl Command for Request {
    const PATH: &'static str = "official_account_open_http_svc/create_official_account";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let new = self.check(call)?;
        let texts = [("Name", Some(new.name.as_str())), ("Introduction", Some(new.introduction.as_str()))];
        refuse_words(texts, call, Code::TextRefused, internal).await?;
        let question = Question::CreateOfficial { owner: &new.owner, name: new.name.as_str() };
        call.ask(question, |_| Ok(())).await?;
        let user_id = new.account.to_string();
        call.change_people(new).await.map_err(refused)?;
        Ok(Reply { user_id })
    }
}

impl Request {
    fn check(self, call: &Call) -> Result<CreateOfficial, Failure> {
        let owner = account(self.owner_account, "Owner_Account")?;
        let name = text(self.name.required("Name").map_err(illegal)?, "Name", NAME)?;
        let given = self.user_id.or(self.official_account);
        let account = if given.is_given() {
            official_id(given, "OfficialAccountUserID")?
        } else {
            generate_id(call.random_bits)
        };
        let optional = |given: Field<String>, field, bounds| {
            text(given.optional(field).map_err(illegal)?.unwrap_or_default(), field, bounds)
        };
        let max = number(self.max_subscriber_num, "MaxSubscriberNum", SUBSCRIBERS_MAX)?;
        Ok(CreateOfficial {
            account,
            owner,
            name,
            face_url: optional(self.face_url, "FaceUrl", FACE_URL)?,
            introduction: optional(self.introduction, "Introduction", INTRODUCTION)?,
            organization: optional(self.organization, "Organization", ORGANIZATION)?,
            custom: optional(self.custom_string, "CustomString", CUSTOM)?,
            max_subscribers: max.unwrap_or(SUBSCRIBERS_MAX),
        })
    }
}
