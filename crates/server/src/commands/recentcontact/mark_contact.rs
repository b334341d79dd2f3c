//! `recentcontact/mark_contact`: marks conversations, each with a result of its own.
//!
//! [choice] An item need not give what its `OptType` names: what is not given stays, and so does what its `OptType` does not
//! name. A mark outside 1 to 64 is 50002 in the item's row.

use super::folder::refused;
use super::item::{ContactInput, ContactRow, ItemResult, chat_in, known_groups, problem};
use super::{from_account, number};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Emptiable, Entries, Field, FieldError, Object};
use crate::items::check_each;
use crate::reply::Failure;
use landfall_domain::limits::FolderLimits;
use landfall_domain::people::operations::mark_chats::{AskedMark, MarkChats};
use landfall_domain::text::Text;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    mark_item: Field<Entries<Object<MarkInput>>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct MarkInput {
    opt_type: Field<i128>,
    contact_item: Field<Object<ContactInput>>,
    set_mark: Field<Vec<Field<i128>>>,
    clear_mark: Field<Vec<Field<i128>>>,
    custom_mark: Field<Emptiable>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    result_item: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    opt_type: i128,
    #[serde(flatten)]
    result: ItemResult,
}

impl Command for Request {
    const PATH: &'static str = "recentcontact/mark_contact";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        const FIELD: &str = "MarkItem";
        let limits = call.limits.folders;
        let account = from_account(self.from_account)?;
        let is_empty = matches!(self.mark_item, Field::Empty);
        let Entries(list) =
            if is_empty { Entries::default() } else { self.mark_item.required(FIELD).map_err(illegal)? };
        let max = limits.marked_per_call;
        if list.is_empty() || max < list.len() {
            let text = format!("{FIELD} has {} entries; 1 to {max} are allowed", list.len());
            return Err(Code::ChatMarksIllegal.because(text));
        }
        let written: Vec<(i128, ContactRow)> = list
            .iter()
            .map(|entry| {
                let kind = entry.written_member("OptType", |input| &input.opt_type);
                (kind, ContactRow::within(entry, |input| &input.contact_item))
            })
            .collect();
        let checked = check_each(FIELD, list, |entry, place| mark(entry, place, &limits))?;
        let marks: Vec<AskedMark> =
            checked.iter().filter_map(|checked| checked.as_ref().ok().cloned()).collect();
        let groups = known_groups(call, marks.iter().map(|mark| &mark.chat)).await?;
        let marked = call.change_people(MarkChats { account, marks, groups, limits }).await;
        let mut done = marked.map_err(|error| refused(error, &limits))?.into_iter();
        let row = |((opt_type, contact), checked): ((i128, ContactRow), Result<AskedMark, Failure>)| {
            let result = checked.and_then(|_| {
                done.next().unwrap_or(Ok(())).map_err(|refusal| problem(refusal, limits.marked))
            });
            Row { opt_type, result: ItemResult::of(contact, result) }
        };
        Ok(Reply { result_item: written.into_iter().zip(checked).map(row).collect() })
    }
}

fn illegal(error: FieldError) -> Failure {
    error.failure(Code::ChatParameter)
}

fn mark(entry: Field<Object<MarkInput>>, place: &str, limits: &FolderLimits) -> Result<AskedMark, Failure> {
    let at = |member: &str| format!("{place}.{member}");
    let MarkInput { opt_type, contact_item, set_mark, clear_mark, custom_mark } =
        entry.required(place).map_err(illegal)?.0;
    let kind = number(opt_type, &at("OptType"))?;
    if !(1..=3).contains(&kind) {
        return Err(Code::ChatParameter.because(format!("{} is {kind}; 1 to 3 are allowed", at("OptType"))));
    }
    let chat = chat_in(contact_item, &at("ContactItem"))?;
    let (set, clear) = (bits(set_mark, &at("SetMark"))?, bits(clear_mark, &at("ClearMark"))?);
    let field = at("CustomMark");
    let custom = custom_mark.optional(&field).map_err(illegal)?.map(|Emptiable(custom)| custom);
    let custom = custom.map(|custom| Text::parse(custom, limits.custom)).transpose();
    let custom = custom.map_err(|problem| Code::ChatParameter.because(format!("{field} {problem}")))?;
    Ok(match kind {
        1 => AskedMark { chat, set, clear, custom: None },
        2 => AskedMark { chat, set: 0, clear: 0, custom },
        _ => AskedMark { chat, set, clear, custom },
    })
}

/// Numbers of marks, from 1 to 64, as bits.
fn bits(given: Field<Vec<Field<i128>>>, field: &str) -> Result<u64, Failure> {
    let list = given.optional(field).map_err(illegal)?.unwrap_or_default();
    let mut bits = 0;
    for (index, mark) in list.into_iter().enumerate() {
        let place = format!("{field}[{index}]");
        let mark = mark.required(&place).map_err(illegal)?;
        let bit = u32::try_from(mark).ok().and_then(|mark| 1_u64.checked_shl(mark.checked_sub(1)?));
        let outside = || Code::ChatParameter.because(format!("{place} is {mark}; 1 to 64 are allowed"));
        bits |= bit.ok_or_else(outside)?;
    }
    Ok(bits)
}
