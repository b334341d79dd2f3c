//! `group_open_avchatroom_http_svc/modify_user_info`: adds marks to members of a live-stream group, or removes
//! them.
//!
//! Only a member in the group can carry marks, and no account counts as one; so each row of the answer has an empty
//! list of marks. [choice]

use super::{group_id, live_group, refuse_too_many_accounts, required_account, sets};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Field, Object};
use crate::items::check_all;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::snapshot::Needs;
use serde::{Deserialize, Serialize};

/// Lowest mark that an app may choose.
const MARK_MIN: i128 = 1_000;

/// The one lower mark; the service gives it a meaning of its own. [doc]
const SPECIAL_MARK: i128 = 500;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    command_type: Field<i128>,
    member_list: Field<Vec<Field<Object<MarkedMemberInput>>>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct MarkedMemberInput {
    #[serde(rename = "Member_Account")]
    member_account: Field<String>,
    marks: Field<Vec<Field<i128>>>,
}

/// One row for each requested member, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    command_type: u8,
    member_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "Member_Account")]
    member_account: String,
    marks: [u32; 0],
}

impl Command for Request {
    const PATH: &'static str = "group_open_avchatroom_http_svc/modify_user_info";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let sets = sets(self.command_type)?;
        let list = self.member_list.required("MemberList")?;
        refuse_too_many_accounts(list.len(), "MemberList", call.limits.live.marked_per_call)?;
        let members =
            check_all("MemberList", list, |entry, name| member(entry.required(name)?.0, name, call))?;
        live_group(call, group, Needs::default()).await?;
        let rows =
            members.iter().map(|account| Row { member_account: account.as_str().to_owned(), marks: [] });
        Ok(Reply { command_type: if sets { 1 } else { 2 }, member_list: rows.collect() })
    }
}

/// The account of the entry called `name`; checks its marks.
fn member(
    MarkedMemberInput { member_account: account, marks }: MarkedMemberInput,
    name: &str,
    call: &Call,
) -> Result<UserId, Failure> {
    let account = required_account(account, &format!("{name}.Member_Account"))?;
    let field = format!("{name}.Marks");
    let marks = marks.required(&field)?;
    let max = call.limits.live.marks;
    if max < marks.len() {
        return Err(Code::GroupParameter
            .because(format!("{field} names {} marks; at most {max} are allowed", marks.len())));
    }
    check_all(&field, marks, |mark, field| {
        let mark = mark.required(field)?;
        if mark != SPECIAL_MARK && !(MARK_MIN..=u32::MAX.into()).contains(&mark) {
            return Err(Code::GroupParameter
                .because(format!("{field} is {mark}; {MARK_MIN} to {} are allowed", u32::MAX)));
        }
        Ok(())
    })?;
    Ok(account)
}
