//! `openim_msg_ext_http_svc/group_set_key_values`: sets, deletes or clears the extensions of a message.
//!
//! [choice] An invalid key, value or number is 10004 in its row.

use super::ExtensionRow;
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::group_open_http_svc::{group_id, number_up_to};
use crate::commands::message_seq::number;
use crate::field::{Entries, Field, Object};
use crate::items::{check_each, echoed};
use crate::reply::Failure;
use landfall_domain::extension::{AskedExtension, ExtensionChange, ExtensionOutcome, ExtensionProblem};
use landfall_domain::limits::{MessageLimits, Span};
use landfall_domain::operations::set_extensions::SetExtensions;
use landfall_domain::text::Text;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    msg_seq: Field<i128>,
    operate_type: Field<i128>,
    extension_list: Field<Entries<Object<ExtensionInput>>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ExtensionInput {
    key: Field<String>,
    value: Field<String>,
    seq: Field<i128>,
}

/// One row for each requested extension, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    extension_list: Vec<Row>,
}

/// The outcome of an extension and its present value: after a conflict, that of the other writer.
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
        let kind = self.operate_type.required("OperateType")?;
        let change: fn(Vec<AskedExtension>) -> ExtensionChange = match kind {
            1 => ExtensionChange::Set,
            2 => ExtensionChange::Delete,
            3 => |_| ExtensionChange::Clear,
            other => {
                return Err(Code::GroupParameter
                    .because(format!("OperateType is {other}, not 1 (set), 2 (delete) or 3 (clear)")));
            }
        };
        let (rows, right) =
            if kind == 3 { (Vec::new(), Vec::new()) } else { requested(self.extension_list, limits)? };
        let (change, count_max) = (change(right), limits.extensions);
        let mut outcomes = call.change(SetExtensions { group, seq, change, count_max }).await?.into_iter();
        let rows = rows.into_iter().map(|refused| refused.or_else(|| outcomes.next().map(row)));
        Ok(Reply { extension_list: rows.flatten().collect() })
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

/// Rows of the invalid entries, `None` in the places of the others, and the valid entries.
fn requested(
    list: Field<Entries<Object<ExtensionInput>>>,
    limits: &MessageLimits,
) -> Result<(Vec<Option<Row>>, Vec<AskedExtension>), Failure> {
    let Entries(list) = list.required("ExtensionList")?;
    let max = limits.extensions_per_call;
    if max < list.len() {
        return Err(Code::GroupParameter
            .because(format!("ExtensionList names {} extensions; at most {max} are allowed", list.len())));
    }
    let keys = list.iter().map(|entry| entry.written_member("Key", |requested| &requested.key));
    let keys: Vec<_> = keys.map(echoed).collect();
    let entries = check_each("ExtensionList", list, |entry, place| {
        let at = |field: &str| format!("{place}.{field}");
        let requested = entry.required(place)?.0;
        let key = requested.key.required(&at("Key"))?;
        let value = requested.value.optional(&at("Value"))?.unwrap_or_default();
        let seq = requested.seq.optional(&at("Seq"))?;
        let seq = seq.map(|seq| number_up_to(seq, &at("Seq"), u32::MAX.into())).transpose()?;
        Ok(AskedExtension {
            key: bounded(key, &at("Key"), limits.extension_key)?,
            value: bounded(value, &at("Value"), limits.extension_value)?,
            seq: seq.map(|seq| u32::try_from(seq).unwrap_or(u32::MAX)),
        })
    })?;
    let rows = keys.into_iter().zip(&entries).map(|(key, entry)| {
        let failure = entry.as_ref().err()?;
        Some(Row {
            error_code: failure.number(),
            extension: ExtensionRow { key, value: String::new(), seq: 0 },
        })
    });
    let rows = rows.collect();
    Ok((rows, entries.into_iter().flatten().collect()))
}

fn bounded(text: String, field: &str, allowed: Span) -> Result<String, Failure> {
    Text::parse(text, allowed)
        .map(|text| text.as_str().to_owned())
        .map_err(|problem| Code::GroupParameter.because(format!("{field} {problem}")))
}
