//! Messages as commands name them: by their numbers.

use super::group_open_http_svc::number_up_to;
use crate::code::Code;
use crate::given::{Given, Misfit, Object};
use crate::reply::Failure;
use serde::Deserialize;

/// An item of a list of messages.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Item {
    msg_seq: Given<i128>,
}

/// The number of the message a command is about.
pub(super) fn number(given: Given<i128>) -> Result<u32, Failure> {
    number_in(given.required("MsgSeq")?, "MsgSeq")
}

/// The numbers of the messages in `MsgSeqList`: at least one, at most `max`.
pub(super) fn numbers(list: Given<Vec<Given<Object<Item>>>>, max: usize) -> Result<Vec<u32>, Failure> {
    let list = list.required("MsgSeqList")?;
    if max < list.len() {
        return Err(Code::GroupParameter
            .because(format!("MsgSeqList names {} messages; at most {max} are allowed", list.len())));
    }
    list.into_iter()
        .enumerate()
        .map(|(index, item)| {
            let item = item.required(&format!("MsgSeqList[{index}]"))?.0;
            let field = format!("MsgSeqList[{index}].MsgSeq");
            number_in(item.msg_seq.optional(&field)?.ok_or_else(|| Misfit::Missing(field.clone()))?, &field)
        })
        .collect()
}

fn number_in(number: i128, field: &str) -> Result<u32, Failure> {
    number_up_to(number, field, u32::MAX.into()).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
}
