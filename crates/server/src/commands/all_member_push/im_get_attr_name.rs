//! `all_member_push/im_get_attr_name`: the names of the attributes of an app.

use super::internal;
use crate::call::{Call, Command};
use crate::reply::Failure;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::FactKey;
use landfall_domain::people::snapshot::PeopleNeeds;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Deserialize, Default)]
pub struct Request {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    attr_names: BTreeMap<String, String>,
}

impl Command for Request {
    const PATH: &'static str = "all_member_push/im_get_attr_name";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let facts = vec![(Subject::App, FactKey::AttributeNames)];
        let found = call.people(PeopleNeeds { facts, ..PeopleNeeds::default() }).await.map_err(internal)?;
        let names = found.slots(&Subject::App, &FactKey::AttributeNames).into_iter();
        Ok(Reply {
            attr_names: names.map(|(slot, name)| (slot.to_string(), name.as_str().to_owned())).collect(),
        })
    }
}
