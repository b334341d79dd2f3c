//! `all_member_push/im_get_attr`: the attributes of up to 100 accounts, by their names.
//!
//! The answer has the list twice, because published clients read it as `Attrs`. [client]

use super::{internal, to_accounts};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::FactKey;
use landfall_domain::people::snapshot::PeopleNeeds;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Request {
    #[serde(rename = "To_Account")]
    to_account: Field<Vec<Field<String>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    user_attrs: Vec<Row>,
    attrs: Vec<Row>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    #[serde(rename = "To_Account")]
    to_account: String,
    #[serde(rename = "Attrs")]
    attrs: BTreeMap<String, String>,
}

impl Command for Request {
    const PATH: &'static str = "all_member_push/im_get_attr";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let accounts = to_accounts(self.to_account, call)?;
        let place = |subject: Subject| (subject, FactKey::Attributes);
        let facts = accounts.iter().map(|id| place(Subject::Account(id.clone())));
        let facts = facts.chain([(Subject::App, FactKey::AttributeNames)]).collect();
        let found = call.people(PeopleNeeds { facts, ..PeopleNeeds::default() }).await.map_err(internal)?;
        let names = found.slots(&Subject::App, &FactKey::AttributeNames);
        let rows = accounts.into_iter().map(|id| {
            let values = found.slots(&Subject::Account(id.clone()), &FactKey::Attributes).into_iter();
            let named = values.filter_map(|(slot, value)| {
                Some((names.get(&slot)?.as_str().to_owned(), value.as_str().to_owned()))
            });
            Row { to_account: id.to_string(), attrs: named.collect() }
        });
        let user_attrs: Vec<_> = rows.collect();
        Ok(Reply { attrs: user_attrs.clone(), user_attrs })
    }
}
