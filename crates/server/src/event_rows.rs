//! Rows and lists that webhook events and client frames share, field by field as the API documents them.

use landfall_domain::attributes::AttributeChange;
use landfall_domain::extension::{ExtensionChange, ExtensionOutcome};
use landfall_domain::ids::UserId;
use landfall_domain::message::At;
use landfall_domain::people::portrait::{PortraitItem, PortraitTag, PortraitValue};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MemberRow<'text> {
    #[serde(rename = "Member_Account")]
    pub(crate) account: &'text str,
}

pub(crate) fn member_rows<'text>(accounts: impl IntoIterator<Item = &'text UserId>) -> Vec<MemberRow<'text>> {
    accounts.into_iter().map(|account| MemberRow { account: account.as_str() }).collect()
}

/// One mention in a message: everybody, or one account.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AtRow<'text> {
    group_at_all_flag: u8,
    #[serde(rename = "GroupAt_Account", skip_serializing_if = "Option::is_none")]
    account: Option<&'text str>,
}

/// The accounts that a message mentions, as `GroupAtInfo`.
pub(crate) fn at_rows(At { everybody, accounts }: &At) -> Vec<AtRow<'_>> {
    let all = everybody.then_some(AtRow { group_at_all_flag: 1, account: None });
    let one = |account| AtRow { group_at_all_flag: 0, account: Some(UserId::as_str(account)) };
    all.into_iter().chain(accounts.iter().map(one)).collect()
}

/// The keys of an attribute are written in lower case. [doc]
#[derive(Serialize)]
pub(crate) struct AttributeRow<'text> {
    key: &'text str,
    value: &'text str,
}

/// A change of attributes as `OptionType` and `GroupAttr`.
pub(crate) fn attribute_rows(change: &AttributeChange) -> (&'static str, Vec<AttributeRow<'_>>) {
    match change {
        AttributeChange::Replace(all) => ("set", all.iter().map(attribute_row).collect()),
        AttributeChange::Add(some) => ("modify", some.iter().map(attribute_row).collect()),
        AttributeChange::Delete(keys) => {
            ("delete", keys.iter().map(|key| AttributeRow { key, value: "" }).collect())
        }
        AttributeChange::Clear => ("clear", Vec::new()),
    }
}

fn attribute_row<'text>((key, value): (&'text String, &'text String)) -> AttributeRow<'text> {
    AttributeRow { key, value }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ExtensionRow<'text> {
    key: &'text str,
    value: &'text str,
    seq: u32,
}

/// The row of an extension; `None` when it was not changed.
pub(crate) fn extension_row(outcome: &ExtensionOutcome) -> Option<ExtensionRow<'_>> {
    let ExtensionOutcome { problem, key, value, seq } = outcome;
    problem.is_none().then_some(ExtensionRow { key, value, seq: *seq })
}

/// A change of extensions as `OperateType`. [doc]
pub(crate) fn operate_type(change: &ExtensionChange) -> u8 {
    match change {
        ExtensionChange::Set(_) => 1,
        ExtensionChange::Delete(_) => 2,
        ExtensionChange::Clear => 3,
    }
}

/// An account, and another among its friends or on its blocklist.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PairRow<'text> {
    #[serde(rename = "From_Account")]
    from: &'text str,
    #[serde(rename = "To_Account")]
    to: &'text str,
    /// Who added the friend.
    #[serde(rename = "Initiator_Account", skip_serializing_if = "Option::is_none")]
    initiator: Option<&'text str>,
}

impl<'text> PairRow<'text> {
    pub(crate) fn of(from: &'text UserId, to: &'text UserId) -> Self {
        Self { from: from.as_str(), to: to.as_str(), initiator: None }
    }

    pub(crate) fn added_by(self, initiator: &'text UserId) -> Self {
        Self { initiator: Some(initiator.as_str()), ..self }
    }
}

/// A field of a portrait.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PortraitRow {
    tag: String,
    value: PortraitValueRow,
}

/// A number or a text, by the field.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum PortraitValueRow {
    Number(u32),
    Text(String),
}

impl PortraitRow {
    pub(crate) fn of(tag: &PortraitTag, value: &PortraitValue) -> Self {
        let value = match value {
            PortraitValue::Number(number) => PortraitValueRow::Number(*number),
            PortraitValue::Text(text) => PortraitValueRow::Text(text.as_str().to_owned()),
        };
        Self { tag: tag.to_string(), value }
    }
}

pub(crate) fn portrait_rows(items: &[PortraitItem]) -> Vec<PortraitRow> {
    items.iter().map(|PortraitItem { tag, value }| PortraitRow::of(tag, value)).collect()
}
