//! `group_open_attr_http_svc/get_group_attr`: reads all attributes of a group of any type, sorted by key.

use crate::call::{Call, Command};
use crate::commands::group_open_http_svc::group_id;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::part::PartKey;
use landfall_domain::snapshot::Needs;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
}

/// The same command under the service of the other attribute commands, where two published clients send it. [client]
#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct GroupServiceRequest(Request);

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    group_attr_ary: Vec<Row>,
}

/// An attribute; its member names are in lower case. [doc]
#[derive(Debug, Serialize)]
struct Row {
    key: String,
    value: String,
}

impl Command for GroupServiceRequest {
    const PATH: &'static str = "group_open_http_svc/get_group_attr";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        self.0.run(call).await
    }
}

impl Command for Request {
    const PATH: &'static str = "group_open_attr_http_svc/get_group_attr";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let needs = Needs { parts: vec![PartKey::Attributes], ..Needs::default() };
        let snapshot = call.snapshot(group, needs).await?;
        let rows = snapshot.attributes().into_iter().map(|(key, value)| Row { key, value });
        Ok(Reply { group_attr_ary: rows.collect() })
    }
}
