//! `group_open_avchatroom_http_svc/get_members`: who is in a live-stream group at present.

use super::{group_id, look};
use crate::call::{Call, Command};
use crate::commands::group_open_http_svc::number_up_to;
use crate::given::Given;
use crate::reply::Failure;
use landfall_domain::operation::Needs;
use serde::{Deserialize, Serialize};

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Given<String>,
    timestamp: Given<i128>,
    mark: Given<i128>,
}

/// The reply.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    member_list: [(); 0],
    /// Where the next page starts; 0 at the end.
    next_timestamp: u64,
}

impl Command for Request {
    const PATH: &'static str = "group_open_avchatroom_http_svc/get_members";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        for (given, field) in [(self.timestamp, "Timestamp"), (self.mark, "Mark")] {
            number_up_to(given.optional(field)?.unwrap_or_default(), field, u32::MAX.into())?;
        }
        look(call, group, Needs::default()).await?;
        Ok(Reply { member_list: [], next_timestamp: 0 })
    }
}
