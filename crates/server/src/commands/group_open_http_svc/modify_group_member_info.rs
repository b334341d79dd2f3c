//! `group_open_http_svc/modify_group_member_info`: changes the role, receive option, name card, mute and custom
//! fields of a member.
//!
//! [choice] An account that is no member is 10004. A call that names nothing to change succeeds and changes nothing.

use super::profile::{CustomFieldInput, member_fields, new_text};
use super::{group_id, mute_end, required_account, time};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::forbidden::refuse_words;
use crate::field::{Emptiable, Field, Object};
use crate::reply::{Failure, Nothing};
use landfall_domain::member::{ReceiveOption, Role};
use landfall_domain::operations::modify_member::ModifyMember;
use landfall_domain::snapshot::Needs;
use landfall_domain::text::Text;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    #[serde(rename = "Member_Account")]
    member_account: Field<String>,
    role: Field<String>,
    msg_flag: Field<String>,
    /// An empty one removes the name card. [choice]
    name_card: Field<Emptiable>,
    app_member_defined_data: Field<Vec<Field<Object<CustomFieldInput>>>>,
    mute_time: Field<i128>,
    shut_up_time: Field<i128>,
    /// The end of the mute, from one client, which often sends 0 without meaning. [client]
    mute_until: Field<i128>,
    shut_up_until: Field<i128>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/modify_group_member_info";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let fields = self.app_member_defined_data;
        let mute_time = self.mute_time.or(self.shut_up_time);
        let mut operation = ModifyMember {
            group: group_id(self.group_id)?,
            operator: call.caller.clone(),
            account: required_account(self.member_account, "Member_Account")?,
            role: self.role.optional("Role")?.as_deref().map(role).transpose()?,
            receive_option: self.msg_flag.optional("MsgFlag")?.as_deref().map(receive_option).transpose()?,
            name_card: new_text(self.name_card, "NameCard", call.limits.name_card)?,
            fields: Vec::new(),
            muted_until: mute_time
                .optional("MuteTime")?
                .map(|seconds| mute_end(seconds, call))
                .transpose()?
                .or(time(self.mute_until.or(self.shut_up_until), "MuteUntil")?),
        };
        if fields.is_given() {
            // The type decides which fields exist; it never changes.
            let kind = call.snapshot(operation.group.clone(), Needs::default()).await?.group.kind;
            operation.fields = member_fields(fields, "AppMemberDefinedData", kind, call)?;
        }
        let card = operation.name_card.as_ref().map(Text::as_str);
        refuse_words([("NameCard", card)], call, Code::TextRefused, Failure::from).await?;
        call.change(operation).await?;
        Ok(Nothing {})
    }
}

fn role(word: &str) -> Result<Role, Failure> {
    Role::parse(word)
        .filter(|role| *role != Role::Owner)
        .ok_or_else(|| Code::GroupParameter.because(format!("Role is {word:?}, not Admin or Member")))
}

fn receive_option(word: &str) -> Result<ReceiveOption, Failure> {
    ReceiveOption::parse(word).ok_or_else(|| {
        let known = ReceiveOption::ALL.map(ReceiveOption::as_str).join(", ");
        Code::GroupParameter.because(format!("MsgFlag is {word:?}, not one of {known}"))
    })
}
