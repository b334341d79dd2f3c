//! `group_open_http_svc/get_online_member_num`: counts the members of a live-stream group at present.

use super::group_id;
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::group::GroupType;
use landfall_domain::snapshot::Needs;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    group_id: String,
    online_member_num: usize,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/get_online_member_num";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = call.snapshot(group_id(self.group_id)?, Needs::default()).await?.group;
        if group.kind != GroupType::AvChatRoom {
            let kind = group.kind.as_str();
            return Err(Code::GroupNotAllowed
                .because(format!("groups of Type {kind} do not count online members; AVChatRoom does")));
        }
        let online_member_num = call.visitor_count(&group.id).await;
        Ok(Reply { group_id: group.id.as_str().to_owned(), online_member_num })
    }
}
