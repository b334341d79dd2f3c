//! `sns/friend_delete_all`: deletes all friends of an account, one-way unless the call says otherwise.
//!
//! They are deleted page by page: a call that fails midway can be repeated.

use super::friend_delete::both_ways;
use super::{from_account, internal, refused};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{FactFamily, FactKey, FactRange};
use landfall_domain::people::operations::delete_friends::DeleteFriends;
use landfall_domain::people::snapshot::PeopleNeeds;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    delete_type: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "sns/friend_delete_all";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let account = from_account(self.from_account)?;
        let both = both_ways(self.delete_type)?;
        let limits = call.limits.friends;
        let (subject, family) = (Subject::Account(account.clone()), FactFamily::Friends);
        let mut after: Option<FactKey> = None;
        loop {
            let range = FactRange { subject: subject.clone(), family, after, limit: limits.per_page };
            let page = call.people(PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() }).await;
            let keys: Vec<_> = page.map_err(internal)?.facts.into_keys().map(|(_, key)| key).collect();
            let friends = keys.iter().filter_map(FactKey::peer).cloned().collect();
            let deletion = DeleteFriends { account: account.clone(), friends, both };
            call.change_people(deletion).await.map_err(|error| refused(error, &account, limits.lists))?;
            if keys.len() < limits.per_page {
                return Ok(Nothing {});
            }
            after = keys.last().cloned();
        }
    }
}
