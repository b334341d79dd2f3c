//! `all_member_push/im_get_tag`: the tags of up to 100 accounts, in the order in which they came.
//!
//! The answer has the list twice, because published clients read it as `Tags`. [client]

use super::{internal, to_accounts};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::FactKey;
use landfall_domain::people::snapshot::PeopleNeeds;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Request {
    #[serde(rename = "To_Account")]
    to_account: Field<Vec<Field<String>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    user_tags: Vec<Row>,
    tags: Vec<Row>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    #[serde(rename = "To_Account")]
    to_account: String,
    #[serde(rename = "Tags")]
    tags: Vec<String>,
}

impl Command for Request {
    const PATH: &'static str = "all_member_push/im_get_tag";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let accounts = to_accounts(self.to_account, call)?;
        let facts = accounts.iter().map(|id| (Subject::Account(id.clone()), FactKey::Tags)).collect();
        let found = call.people(PeopleNeeds { facts, ..PeopleNeeds::default() }).await.map_err(internal)?;
        let rows = accounts.into_iter().map(|id| {
            let tags = found.tags(&id).into_iter();
            Row { to_account: id.to_string(), tags: tags.map(|tag| tag.as_str().to_owned()).collect() }
        });
        let user_tags: Vec<_> = rows.collect();
        Ok(Reply { tags: user_tags.clone(), user_tags })
    }
}
