//! `landfall_import_svc/get_accounts`: says what up to 100 accounts were imported with.

use super::list_of;
use crate::call::{ImportCommand, SilentCall};
use crate::event_rows::PortraitRow;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactKey};
use landfall_domain::people::snapshot::PeopleNeeds;
use serde::{Deserialize, Serialize};

/// Accounts of one call.
const ACCOUNTS_MAX: usize = 100;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    account_list: Field<Vec<Field<String>>>,
}

/// One row for each requested account that is there, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    account_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "UserID")]
    user_id: String,
    nick: String,
    face_url: String,
    /// The other fields of its profile.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    profile_item: Vec<PortraitRow>,
}

impl ImportCommand for Request {
    const PATH: &'static str = "landfall_import_svc/get_accounts";
    type Reply = Reply;

    async fn run(self, call: &SilentCall) -> Result<Reply, Failure> {
        let ids = list_of(self.account_list, "AccountList", ACCOUNTS_MAX, UserId::parse)?;
        let found = call.accounts(ids.clone()).await?;
        let place = |id: &UserId| (Subject::Account(id.clone()), FactKey::Portrait);
        let facts = ids.iter().map(place).collect();
        let portraits = call.people(PeopleNeeds { facts, ..PeopleNeeds::default() }).await?;
        let rows = ids.into_iter().zip(found).filter_map(|(id, account)| {
            let account = account?;
            let (nick, face_url) = (account.nick.into_string(), account.face_url.into_string());
            let profile_item = match portraits.facts.get(&place(&id)) {
                Some(Fact::Portrait(fields)) => {
                    fields.0.iter().map(|(tag, value)| PortraitRow::of(tag, value)).collect()
                }
                Some(_) | None => Vec::new(),
            };
            Some(Row { user_id: id.to_string(), nick, face_url, profile_item })
        });
        Ok(Reply { account_list: rows.collect() })
    }
}
