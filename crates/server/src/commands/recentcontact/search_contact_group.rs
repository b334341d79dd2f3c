//! `recentcontact/search_contact_group`: what an account keeps about some conversations.
//!
//! [choice] A conversation about which it keeps nothing has no row.

use super::folder::{FolderRow, MarkRow, keys, row};
use super::item::{ContactInput, chat_in};
use super::{from_account, internal, unknown_owner};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Entries, Field, Object};
use crate::items::check_all;
use crate::reply::Failure;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Chat, FactKey};
use landfall_domain::people::folders::{filed_of, folders_of};
use landfall_domain::people::snapshot::PeopleNeeds;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    contact_item: Field<Entries<Object<ContactInput>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    contact_result_item: Vec<MarkRow>,
    /// The folders that the rows name. [doc]
    group_item: Vec<FolderRow>,
}

impl Command for Request {
    const PATH: &'static str = "recentcontact/search_contact_group";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        const FIELD: &str = "ContactItem";
        let account = from_account(self.from_account)?;
        let list = self.contact_item.required(FIELD);
        let Entries(list) = list.map_err(|error| error.failure(Code::ChatParameter))?;
        let max = call.limits.folders.looked_for;
        if max < list.len() {
            return Err(Code::ChatParameter
                .because(format!("{FIELD} has {} entries; at most {max} are allowed", list.len())));
        }
        let chats: Vec<Chat> = check_all(FIELD, list, chat_in)?;
        let own = Subject::Account(account.clone());
        let facts = chats.iter().flat_map(keys).chain([FactKey::Folders]).map(|key| (own.clone(), key));
        let needs =
            PeopleNeeds { accounts: vec![account.clone()], facts: facts.collect(), ..PeopleNeeds::default() };
        let found = call.people(needs).await.map_err(internal)?;
        if !found.accounts.contains_key(&account) {
            return Err(unknown_owner());
        }
        let filed = chats.iter().filter_map(|chat| filed_of(&found, &account, chat));
        let named: BTreeSet<u32> = filed.flat_map(|filed| filed.folders.iter().copied()).collect();
        let folders = folders_of(&found, &account);
        Ok(Reply {
            contact_result_item: chats.iter().filter_map(|chat| row(&found, &account, chat)).collect(),
            group_item: folders
                .all
                .iter()
                .filter(|folder| named.contains(&folder.id))
                .map(FolderRow::from)
                .collect(),
        })
    }
}
