//! `join_group`: the account joins a group, or applies to.
//!
//! [choice] An account that is a member already gets `AlreadyInGroup`, and nothing changes.

use crate::call::{Call, Command};
use crate::clients::NoticeKind;
use crate::code::Code;
use crate::commands::group_open_http_svc::{group_id, profile::text};
use crate::field::Field;
use crate::reply::Failure;
use crate::webhook::before::{self, Question};
use landfall_domain::limits::Span;
use landfall_domain::operations::join_group::{JoinGroup, Joined};
use serde::{Deserialize, Serialize};

/// What an applicant says, bytes. [choice]
pub(super) const WORDS: Span = Span::up_to(300);

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    apply_message: Field<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    status: &'static str,
}

impl Command for Request {
    const PATH: &'static str = "member_svc/join_group";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let words = text(self.apply_message, "ApplyMessage", WORDS)?;
        let words = words.as_str().to_owned();
        if let Some(kind) = call.type_if_asking(before::APPLY, &group).await? {
            let question = Question::Apply { group: &group, kind, applicant: &call.caller, text: &words };
            call.ask(question, |_| Ok(())).await?;
        }
        let join = JoinGroup { group: group.clone(), account: call.caller.clone(), text: words.clone() };
        let status = match call.change(join).await {
            Err(failure) if failure.code == Code::GroupAlreadyMember => "AlreadyInGroup",
            Err(failure) => return Err(failure),
            Ok(Joined::AtOnce) => "JoinedSuccess",
            Ok(Joined::Waits) => {
                call.tell_leaders(&group, NoticeKind::ApplicationWaits, &words).await?;
                "WaitAdminApproval"
            }
        };
        Ok(Reply { status })
    }
}
