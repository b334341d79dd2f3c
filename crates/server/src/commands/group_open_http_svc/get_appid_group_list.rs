//! `group_open_http_svc/get_appid_group_list`: lists the ids of the app's groups, page by page, in order of
//! arrival.

use super::{listed_type, number_up_to};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::Failure;
use serde::{Deserialize, Serialize};

/// `{}` is a valid request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    limit: Field<i128>,
    next: Field<i128>,
    group_type: Field<String>,
    /// One client calls `GroupType` so. [client]
    #[serde(rename = "Type")]
    kind: Field<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    /// All groups of the requested type, on all pages.
    total_count: u64,
    group_id_list: Vec<Row>,
    /// Where the next page starts; 0 at the end.
    next: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    group_id: String,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/get_appid_group_list";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let page_max = call.limits.groups_per_page;
        let limit =
            number_up_to(self.limit.optional("Limit")?.unwrap_or_default(), "Limit", page_max as u64)?;
        let limit = usize::try_from(limit).ok().filter(|limit| *limit != 0).unwrap_or(page_max);
        let from = number_up_to(self.next.optional("Next")?.unwrap_or_default(), "Next", u64::MAX)?;
        let word = self.group_type.or(self.kind).optional("GroupType")?;
        let kind = word.as_deref().map(listed_type).transpose()?;
        let page = match kind {
            // A type that cannot be created here has no groups.
            Some(None) => return Ok(Reply { total_count: 0, group_id_list: Vec::new(), next: 0 }),
            Some(Some(kind)) => call.list_groups(Some(kind), from, limit).await?,
            None => call.list_groups(None, from, limit).await?,
        };
        Ok(Reply {
            total_count: page.total,
            group_id_list: page.ids.iter().map(|id| Row { group_id: id.as_str().to_owned() }).collect(),
            next: page.next,
        })
    }
}
