//! Changes of extensions in requests, and their outcomes in answers: the same for messages of groups and of accounts.

use super::ExtensionRow;
use crate::code::Code;
use crate::field::{Entries, Field, Object};
use crate::items::{check_each, echoed};
use crate::reply::Failure;
use landfall_domain::extension::{AskedExtension, ExtensionChange, ExtensionOutcome, ExtensionProblem};
use landfall_domain::limits::{MessageLimits, Span};
use landfall_domain::text::Text;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ExtensionInput {
    key: Field<String>,
    value: Field<String>,
    seq: Field<i128>,
}

/// The outcome of an extension and its present value: after a conflict, that of the other writer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Row {
    error_code: u32,
    extension: ExtensionRow,
}

/// A change that was asked for.
pub(super) struct Asked {
    pub(super) change: ExtensionChange,
    /// Rows of the invalid entries, `None` in the places of the others.
    rows: Vec<Option<Row>>,
}

impl Asked {
    /// Of `OperateType` and `ExtensionList`. What is wrong with either as a whole has the code `illegal`.
    pub(super) fn read(
        kind: Field<i128>,
        list: Field<Entries<Object<ExtensionInput>>>,
        limits: &MessageLimits,
        illegal: Code,
    ) -> Result<Self, Failure> {
        let kind = kind.required("OperateType").map_err(|error| error.failure(illegal))?;
        let change: fn(Vec<AskedExtension>) -> ExtensionChange = match kind {
            1 => ExtensionChange::Set,
            2 => ExtensionChange::Delete,
            3 => return Ok(Self { change: ExtensionChange::Clear, rows: Vec::new() }),
            other => {
                return Err(
                    illegal.because(format!("OperateType is {other}, not 1 (set), 2 (delete) or 3 (clear)"))
                );
            }
        };
        let (rows, right) = requested(list, limits, illegal)?;
        Ok(Self { change: change(right), rows })
    }

    /// The rows of all entries: those of `outcomes` for the valid ones.
    pub(super) fn into_rows(self, outcomes: Vec<ExtensionOutcome>) -> Vec<Row> {
        let mut outcomes = outcomes.into_iter();
        let rows = self.rows.into_iter().map(|refused| refused.or_else(|| outcomes.next().map(row)));
        rows.flatten().collect()
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
    illegal: Code,
) -> Result<(Vec<Option<Row>>, Vec<AskedExtension>), Failure> {
    let Entries(list) = list.required("ExtensionList").map_err(|error| error.failure(illegal))?;
    let max = limits.extensions_per_call;
    if max < list.len() {
        return Err(illegal
            .because(format!("ExtensionList names {} extensions; at most {max} are allowed", list.len())));
    }
    let keys = list.iter().map(|entry| entry.written_member("Key", |requested| &requested.key));
    let keys: Vec<_> = keys.map(echoed).collect();
    let entries = check_each("ExtensionList", list, |entry, place| {
        let at = |field: &str| format!("{place}.{field}");
        let requested = entry.required(place).map_err(|error| error.failure(illegal))?.0;
        let key = requested.key.required(&at("Key")).map_err(|error| error.failure(illegal))?;
        let value = requested.value.optional(&at("Value")).map_err(|error| error.failure(illegal))?;
        let seq = requested.seq.optional(&at("Seq")).map_err(|error| error.failure(illegal))?;
        let seq = seq.map(|seq| number_32(seq, &at("Seq"), illegal)).transpose()?;
        Ok(AskedExtension {
            key: bounded(key, &at("Key"), limits.extension_key, illegal)?,
            value: bounded(value.unwrap_or_default(), &at("Value"), limits.extension_value, illegal)?,
            seq,
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

fn number_32(number: i128, field: &str, illegal: Code) -> Result<u32, Failure> {
    u32::try_from(number)
        .map_err(|_| illegal.because(format!("{field} is {number}; 0 to {} are allowed", u32::MAX)))
}

fn bounded(text: String, field: &str, allowed: Span, illegal: Code) -> Result<String, Failure> {
    Text::parse(text, allowed)
        .map(|text| text.as_str().to_owned())
        .map_err(|problem| illegal.because(format!("{field} {problem}")))
}
