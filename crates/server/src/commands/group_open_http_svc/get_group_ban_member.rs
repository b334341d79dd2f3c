//! `group_open_http_svc/get_group_ban_member`: lists the banned accounts of a group and when each ban ends, page by
//! page, sorted by account. Bans that have ended are neither shown nor counted.

use super::parts::visit_parts;
use super::{group_id, number_up_to};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::part::{Part, PartFamily, PartKey};
use landfall_domain::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    limit: Field<i128>,
    offset: Field<i128>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    banned_account_list: Vec<Row>,
    /// Where the next page starts; 0 at the end.
    next_offset: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "Member_Account")]
    member_account: String,
    banned_until: u64,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/get_group_ban_member";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let id = group_id(self.group_id)?;
        let page_max = call.limits.bans_per_page as u64;
        let limit = number_up_to(self.limit.optional("Limit")?.unwrap_or_default(), "Limit", page_max)?;
        // Not given, or 0 as clients send it then, means as many as there may be, as for members. [choice]
        let limit = if limit == 0 { page_max } else { limit };
        let offset =
            number_up_to(self.offset.optional("Offset")?.unwrap_or_default(), "Offset", u32::MAX.into())?;
        let mut reply = Reply { banned_account_list: Vec::new(), next_offset: 0 };
        let mut place = 0;
        let group = visit_parts(call, id, PartFamily::Bans, |key, part| {
            let (PartKey::Ban(account), Part::Ban(until)) = (key, part) else {
                return ControlFlow::Continue(());
            };
            if until <= call.now {
                return ControlFlow::Continue(());
            }
            if place == offset + limit {
                reply.next_offset = place;
                return ControlFlow::Break(());
            }
            if offset <= place {
                let member_account = account.as_str().to_owned();
                reply.banned_account_list.push(Row { member_account, banned_until: until.0 });
            }
            place += 1;
            ControlFlow::Continue(())
        });
        if !group.await?.kind.can().ban {
            return Err(Refusal::TypeForbids("cannot ban accounts").into());
        }
        Ok(reply)
    }
}
