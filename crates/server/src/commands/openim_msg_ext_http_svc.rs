//! The service of message extensions.
//!
//! [choice] Extensions of one message may be changed as often as the command may be called; the 200 changes a minute
//! that the documentation allows (23003) are not counted.

pub mod group_get_key_values;
pub mod group_set_key_values;

use serde::Serialize;

/// An extension in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ExtensionRow {
    key: String,
    value: String,
    seq: u32,
}
