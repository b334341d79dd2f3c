//! `recentcontact/create_contact_group`: makes a folder of conversations.
//!
//! [choice] `ContactItem` may be empty: then so is the folder. A folder that exists is filled.

use super::folder::{FolderRow, name, only, refused};
use super::from_account;
use super::item::{ContactInput, ContactRow, ItemResult, chat_in, known_groups, problem};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Entries, Field, Object};
use crate::items::check_each;
use crate::reply::Failure;
use landfall_domain::people::operations::change_folder::{ChangeFolder, FolderMove};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    group_contact_item: Field<Vec<Field<Object<FolderInput>>>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct FolderInput {
    group_name: Field<String>,
    contact_item: Field<Entries<Object<ContactInput>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    group_result_item: [Row; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    group_item: FolderRow,
    result_item: Vec<ItemResult>,
}

impl Command for Request {
    const PATH: &'static str = "recentcontact/create_contact_group";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        const FIELD: &str = "GroupContactItem";
        let illegal = |error: crate::field::FieldError| error.failure(Code::ChatParameter);
        let limits = call.limits.folders;
        let account = from_account(self.from_account)?;
        let entry = only(self.group_contact_item.required(FIELD).map_err(illegal)?, FIELD)?;
        let place = format!("{FIELD}[0]");
        let FolderInput { group_name, contact_item } = entry.required(&place).map_err(illegal)?.0;
        let name = name(group_name, &format!("{place}.GroupName"), &limits)?;
        let field = format!("{place}.ContactItem");
        let Entries(list) = contact_item.optional(&field).map_err(illegal)?.unwrap_or_default();
        let max = limits.filed_per_call;
        if max < list.len() {
            return Err(Code::TooManyChats
                .because(format!("{field} has {} entries; at most {max} are allowed", list.len())));
        }
        let rows: Vec<ContactRow> = list.iter().map(ContactRow::from).collect();
        let checked = check_each(&field, list, chat_in)?;
        let chats: Vec<_> = checked.iter().filter_map(|checked| checked.as_ref().ok().cloned()).collect();
        let groups = known_groups(call, chats.iter()).await?;
        let moves = chats.into_iter().map(|chat| FolderMove { chat, into: true }).collect();
        let change = ChangeFolder { account, name, makes: true, new_name: None, moves, groups, limits };
        let changed = call.change_people(change).await.map_err(|error| refused(error, &limits))?;
        let mut done = changed.results.into_iter();
        let result = |(row, checked): (ContactRow, Result<_, Failure>)| {
            let result = checked.and_then(|_| {
                done.next().unwrap_or(Ok(())).map_err(|refusal| problem(refusal, limits.filed))
            });
            ItemResult::of(row, result)
        };
        let result_item = rows.into_iter().zip(checked).map(result).collect();
        Ok(Reply { group_result_item: [Row { group_item: (&changed.folder).into(), result_item }] })
    }
}
