//! `recentcontact/update_contact_group`: renames a folder of conversations, or puts conversations into it and takes them out.
//!
//! [choice] A call that renames a folder moves no conversations, and the other way round. A new name that another folder has
//! is 50002.

use super::folder::{FolderRow, name, refused};
use super::item::{ContactInput, ContactRow, ItemResult, chat_in, known_groups, problem};
use super::{from_account, number};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Entries, Field, FieldError, Object};
use crate::items::check_each;
use crate::reply::Failure;
use landfall_domain::limits::FolderLimits;
use landfall_domain::people::operations::change_folder::{ChangeFolder, FolderMove};
use landfall_domain::text::Text;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    update_type: Field<i128>,
    update_group: Field<Object<UpdateInput>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct UpdateInput {
    update_group_type: Field<i128>,
    old_group_name: Field<String>,
    new_group_name: Field<String>,
    contact_update_item: Field<Entries<Object<MoveInput>>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct MoveInput {
    contact_opt_type: Field<i128>,
    contact_item: Field<Object<ContactInput>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    update_type: u32,
    update_group_result: Updated,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Updated {
    update_group_type: u32,
    #[serde(flatten)]
    folder: FolderRow,
    old_group_name: String,
    contact_result_item: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    contact_opt_type: i128,
    #[serde(flatten)]
    result: ItemResult,
}

/// An entry as it was written, and as it was read.
type Asked = (i128, ContactRow, Result<FolderMove, Failure>);

impl Command for Request {
    const PATH: &'static str = "recentcontact/update_contact_group";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let limits = call.limits.folders;
        let account = from_account(self.from_account)?;
        let update_type = one_of(number(self.update_type, "UpdateType")?, 1, "UpdateType")?;
        let update = self.update_group.required("UpdateGroup").map_err(illegal)?.0;
        const KIND: &str = "UpdateGroup.UpdateGroupType";
        let kind = one_of(number(update.update_group_type, KIND)?, 2, KIND)?;
        let name = name(update.old_group_name, "UpdateGroup.OldGroupName", &limits)?;
        let new_name = if kind == 1 { Some(new_name(update.new_group_name, &limits)?) } else { None };
        let asked = if kind == 2 { moves(update.contact_update_item, &limits)? } else { Vec::new() };
        let moves: Vec<FolderMove> =
            asked.iter().filter_map(|(_, _, moved)| moved.as_ref().ok().cloned()).collect();
        // Taking out needs nobody to be there.
        let into = moves.iter().filter(|moved| moved.into).map(|moved| &moved.chat);
        let groups = known_groups(call, into).await?;
        let old_group_name = name.as_str().to_owned();
        let change = ChangeFolder { account, name, makes: false, new_name, moves, groups, limits };
        let changed = call.change_people(change).await.map_err(|error| refused(error, &limits))?;
        let mut done = changed.results.into_iter();
        let row = |(contact_opt_type, contact, moved): Asked| {
            let result = moved.and_then(|_| {
                done.next().unwrap_or(Ok(())).map_err(|refusal| problem(refusal, limits.filed))
            });
            Row { contact_opt_type, result: ItemResult::of(contact, result) }
        };
        let contact_result_item = asked.into_iter().map(row).collect();
        let folder = (&changed.folder).into();
        let update_group_result =
            Updated { update_group_type: kind, folder, old_group_name, contact_result_item };
        Ok(Reply { update_type, update_group_result })
    }
}

fn illegal(error: FieldError) -> Failure {
    error.failure(Code::ChatParameter)
}

/// A number from 1 to `max`.
fn one_of(number: u32, max: u32, field: &str) -> Result<u32, Failure> {
    if (1..=max).contains(&number) {
        return Ok(number);
    }
    let allowed = if max == 1 { "1 is allowed" } else { "1 and 2 are allowed" };
    Err(Code::ChatParameter.because(format!("{field} is {number}; {allowed}")))
}

fn new_name(given: Field<String>, limits: &FolderLimits) -> Result<Text, Failure> {
    name(given, "UpdateGroup.NewGroupName", limits)
}

fn moves(given: Field<Entries<Object<MoveInput>>>, limits: &FolderLimits) -> Result<Vec<Asked>, Failure> {
    const FIELD: &str = "UpdateGroup.ContactUpdateItem";
    let Entries(list) = given.optional(FIELD).map_err(illegal)?.unwrap_or_default();
    let max = limits.filed_per_call;
    if max < list.len() {
        return Err(Code::TooManyChats
            .because(format!("{FIELD} has {} entries; at most {max} are allowed", list.len())));
    }
    let written: Vec<(i128, ContactRow)> = list
        .iter()
        .map(|entry| {
            let kind = entry.written_member("ContactOptType", |input| &input.contact_opt_type);
            (kind, ContactRow::within(entry, |input| &input.contact_item))
        })
        .collect();
    let moves = check_each(FIELD, list, |entry, place| {
        let input = entry.required(place).map_err(illegal)?.0;
        let field = format!("{place}.ContactOptType");
        let into = one_of(number(input.contact_opt_type, &field)?, 2, &field)? == 1;
        Ok(FolderMove { chat: chat_in(input.contact_item, &format!("{place}.ContactItem"))?, into })
    })?;
    let asked = written.into_iter().zip(moves);
    Ok(asked.map(|((kind, contact), moved)| (kind, contact, moved)).collect())
}
