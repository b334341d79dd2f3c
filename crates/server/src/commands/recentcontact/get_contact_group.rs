//! `recentcontact/get_contact_group`: all folders of an account, and page by page what it keeps about its conversations.
//!
//! [choice] A page has 100 conversations: those with accounts by their names, then those in groups. Each page has all folders.

use super::folder::{FolderRow, MarkRow, row};
use super::{from_account, internal, number, unknown_owner};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Chat, FactFamily, FactKey, FactRange};
use landfall_domain::people::folders::folders_of;
use landfall_domain::people::snapshot::PeopleNeeds;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    start_index: Field<i128>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    contact_item: Vec<MarkRow>,
    group_item: Vec<FolderRow>,
    complete_flag: u8,
    /// 0 at the end.
    next_start_index: usize,
}

impl Command for Request {
    const PATH: &'static str = "recentcontact/get_contact_group";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = from_account(self.from_account)?;
        let start = usize::try_from(number(self.start_index, "StartIndex")?).unwrap_or(usize::MAX);
        let own = Subject::Account(account.clone());
        // Both have a bound, which the writing commands keep.
        let ranges = [FactFamily::Filed, FactFamily::Marks].map(|family| FactRange::all(own.clone(), family));
        let needs = PeopleNeeds {
            accounts: vec![account.clone()],
            facts: vec![(own, FactKey::Folders)],
            ranges: ranges.to_vec(),
            ..PeopleNeeds::default()
        };
        let found = call.people(needs).await.map_err(internal)?;
        if !found.accounts.contains_key(&account) {
            return Err(unknown_owner());
        }
        let chats: BTreeSet<&Chat> = found.facts.keys().filter_map(|(_, key)| chat_of(key)).collect();
        let end = start.saturating_add(call.limits.folders.per_page);
        let page = chats.iter().skip(start).take(call.limits.folders.per_page);
        let more = end < chats.len();
        Ok(Reply {
            contact_item: page.filter_map(|chat| row(&found, &account, chat)).collect(),
            group_item: folders_of(&found, &account).all.iter().map(FolderRow::from).collect(),
            complete_flag: u8::from(!more),
            next_start_index: if more { end } else { 0 },
        })
    }
}

fn chat_of(key: &FactKey) -> Option<&Chat> {
    if let FactKey::Filed(chat) | FactKey::Mark(chat) = key { Some(chat) } else { None }
}
