//! `openim_msg_ext_http_svc/group_set_key_values`: sets, deletes or clears the extensions of a message.

use super::ExtensionRow;
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::group_open_http_svc::{group_id, number_up_to};
use crate::commands::message_seq::number;
use crate::given::{Given, Object};
use crate::reply::Failure;
use landfall_domain::limits::{MessageLimits, Span};
use landfall_domain::operations::set_extensions::{
    AskedExtension, ExtensionChange, ExtensionOutcome, ExtensionProblem, SetExtensions,
};
use landfall_domain::text::Text;
use serde::{Deserialize, Serialize};

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Given<String>,
    msg_seq: Given<i128>,
    operate_type: Given<i128>,
    extension_list: Given<Vec<Given<Object<Asked>>>>,
}

/// An extension in the request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Asked {
    key: Given<String>,
    value: Given<String>,
    seq: Given<i128>,
}

/// The reply: one row for each extension named, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    extension_list: Vec<Row>,
}

/// What became of an extension, and what it is now: after a conflict, what somebody else made of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    error_code: u32,
    extension: ExtensionRow,
}

impl Command for Request {
    const PATH: &'static str = "openim_msg_ext_http_svc/group_set_key_values";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let seq = number(self.msg_seq)?;
        let limits = &call.limits.messages;
        let change = match self.operate_type.required("OperateType")? {
            1 => ExtensionChange::Set(asked(self.extension_list, limits)?),
            2 => ExtensionChange::Delete(asked(self.extension_list, limits)?),
            3 => ExtensionChange::Clear,
            other => {
                return Err(Code::GroupParameter
                    .because(format!("OperateType is {other}, not 1 (set), 2 (delete) or 3 (clear)")));
            }
        };
        let count_max = limits.extensions;
        let outcomes = call.change(SetExtensions { group, seq, change, count_max }).await?;
        Ok(Reply { extension_list: outcomes.into_iter().map(row).collect() })
    }
}

fn row(outcome: ExtensionOutcome) -> Row {
    let ExtensionOutcome { problem, key, value, seq } = outcome;
    let error_code = match problem {
        None => 0,
        Some(ExtensionProblem::Conflict) => Code::ExtensionConflict.number(),
        Some(ExtensionProblem::Missing) => Code::ExtensionMissing.number(),
    };
    Row { error_code, extension: ExtensionRow { key, value, seq } }
}

fn asked(
    list: Given<Vec<Given<Object<Asked>>>>,
    limits: &MessageLimits,
) -> Result<Vec<AskedExtension>, Failure> {
    let list = list.required("ExtensionList")?;
    let max = limits.extensions_per_call;
    if max < list.len() {
        return Err(Code::GroupParameter
            .because(format!("ExtensionList names {} extensions; at most {max} are allowed", list.len())));
    }
    list.into_iter()
        .enumerate()
        .map(|(index, item)| {
            let at = |field: &str| format!("ExtensionList[{index}].{field}");
            let item = item.required(&format!("ExtensionList[{index}]"))?.0;
            let key = item.key.required(&at("Key"))?;
            let value = item.value.optional(&at("Value"))?.unwrap_or_default();
            let seq = item.seq.optional(&at("Seq"))?;
            let seq = seq.map(|seq| number_up_to(seq, &at("Seq"), u32::MAX.into())).transpose()?;
            Ok(AskedExtension {
                key: bounded(key, &at("Key"), limits.extension_key)?,
                value: bounded(value, &at("Value"), limits.extension_value)?,
                seq: seq.map(|seq| u32::try_from(seq).unwrap_or(u32::MAX)),
            })
        })
        .collect()
}

fn bounded(text: String, field: &str, allowed: Span) -> Result<String, Failure> {
    Text::parse(text, allowed)
        .map(|text| text.as_str().to_owned())
        .map_err(|problem| Code::GroupParameter.because(format!("{field} {problem}")))
}
