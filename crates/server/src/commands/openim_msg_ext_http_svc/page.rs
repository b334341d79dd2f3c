//! A page of the extensions of a message.
//!
//! [choice] `StartSeq` is the lowest number that is answered, so the next page starts behind the last one of this.
//! What was deleted is not answered: a reader that finds `LatestSeq` beyond what it has reads again from 0.

use super::ExtensionRow;
use landfall_domain::extension::ExtensionHead;
use landfall_domain::limits::MessageLimits;
use serde::Serialize;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExtensionPage {
    extension_list: Vec<ExtensionRow>,
    /// 1 when this page is the last.
    complete_flag: u8,
    /// The number of the last change to any extension.
    latest_seq: u32,
    /// The number of the change that cleared all; extensions with a lower number are gone.
    clear_seq: u32,
}

impl ExtensionPage {
    /// Those from the number `start` on.
    pub(super) fn of(
        mut rows: Vec<ExtensionRow>,
        start: u32,
        head: &ExtensionHead,
        limits: &MessageLimits,
    ) -> Self {
        rows.retain(|row| start <= row.seq);
        rows.sort_by_key(|row| row.seq);
        let complete = rows.len() <= limits.extensions_per_page;
        rows.truncate(limits.extensions_per_page);
        Self {
            extension_list: rows,
            complete_flag: complete.into(),
            latest_seq: head.latest_seq,
            clear_seq: head.clear_seq,
        }
    }
}
