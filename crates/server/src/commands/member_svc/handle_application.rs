//! `handle_application`: a member with the right to approve decides on an application.

use super::{join_group::WORDS, parse_application_id};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::group_open_http_svc::profile::text;
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::operations::handle_application::HandleApplication;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    application_id: Field<String>,
    action: Field<String>,
    handle_message: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "member_svc/handle_application";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let (group, account) = parse_application_id(&self.application_id.required("ApplicationId")?)?;
        let agree = match self.action.required("Action")?.as_str() {
            "Agree" => true,
            "Reject" => false,
            other => {
                let problem = format!("Action is {other:?}, not Agree or Reject");
                return Err(Code::GroupParameter.because(problem));
            }
        };
        let words = text(self.handle_message, "HandleMessage", WORDS)?;
        let words = words.as_str().to_owned();
        let operator = call.caller.clone();
        call.change(HandleApplication { group, operator, account, agree, text: words }).await?;
        Ok(Nothing {})
    }
}
