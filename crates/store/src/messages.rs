//! Messages as a store writes them: everything besides number, sender and times.

use landfall_domain::ids::UserId;
use landfall_domain::message::{At, Body, Content, Recall, Tip, TipField, TipKind};
use landfall_domain::people::message::DirectMessage;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Fields that most messages do not have.
#[derive(Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Details {
    receipt: bool,
    extensible: bool,
    no_unread: bool,
    at_everybody: bool,
    at: Vec<String>,
    to: Vec<String>,
    /// The number of the kind, and the accounts.
    tip: Option<(u8, Vec<String>)>,
    /// Of a tip the numbers of fields, and their values; of a recalled message who recalled it, and why.
    changes: Vec<(u8, String)>,
}

fn names(accounts: &[UserId]) -> Vec<String> {
    accounts.iter().map(ToString::to_string).collect()
}

fn accounts(names: &[String]) -> Option<Vec<UserId>> {
    names.iter().map(|name| UserId::parse(name)).collect()
}

/// Who recalled a message, among the fields of one whose content is gone.
const OPERATOR: u8 = 0;
/// Why it was recalled.
const REASON: u8 = 1;

fn recall_fields(Recall { operator, reason }: &Recall) -> Vec<(u8, String)> {
    let reason = (!reason.is_empty()).then(|| (REASON, reason.to_string()));
    [(OPERATOR, operator.to_string())].into_iter().chain(reason).collect()
}

/// Who recalled a message whose content is gone, where the fields say so; `None` when they are damaged.
fn recall(fields: Vec<(u8, String)>) -> Option<Option<Recall>> {
    let mut recall = None;
    for (number, value) in fields {
        match (number, &mut recall) {
            (OPERATOR, None) => {
                recall = Some(Recall { operator: UserId::parse(&value)?, reason: Box::default() });
            }
            (REASON, Some(recall)) => recall.reason = value.into(),
            _ => return None,
        }
    }
    Some(recall)
}

impl Details {
    /// `None` when the message has none of them.
    pub(crate) fn of(content: &Content) -> Option<Self> {
        let details = match content {
            Content::Gone(None) => Self::default(),
            Content::Gone(Some(recall)) => Self { changes: recall_fields(recall), ..Self::default() },
            Content::Sent(body) => Self {
                receipt: body.receipt,
                extensible: body.extensible,
                no_unread: body.no_unread,
                at_everybody: body.at.everybody,
                at: names(&body.at.accounts),
                to: names(&body.to),
                ..Self::default()
            },
            Content::Tip(tip) => Self {
                tip: Some((tip.kind.number(), names(&tip.accounts))),
                changes: tip.changes.iter().map(|(field, value)| (field.code(), value.clone())).collect(),
                ..Self::default()
            },
        };
        (details != Self::default()).then_some(details)
    }

    /// The content of a message whose body, when it has one, consists of `elements` and `custom`; `None` when this
    /// is damaged.
    pub(crate) fn content(self, elements: &str, custom: &str) -> Option<Content> {
        Some(match self.tip {
            Some((kind, names)) => Content::Tip(Tip {
                kind: TipKind::from_number(kind)?,
                accounts: accounts(&names)?,
                changes: self
                    .changes
                    .into_iter()
                    .map(|(number, value)| Some((TipField::from_code(number)?, value)))
                    .collect::<Option<_>>()?,
            }),
            None if elements.is_empty() => Content::Gone(recall(self.changes)?),
            None => Content::Sent(Body {
                elements: elements.into(),
                custom: custom.into(),
                receipt: self.receipt,
                extensible: self.extensible,
                no_unread: self.no_unread,
                at: At { everybody: self.at_everybody, accounts: accounts(&self.at)? },
                to: accounts(&self.to)?,
            }),
        })
    }
}

/// Fields that most messages between two accounts do not have.
#[derive(Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DirectDetails {
    common: Option<Details>,
    quiet: bool,
    push: String,
}

impl DirectDetails {
    /// `None` when the message has none of them.
    pub(crate) fn of(message: &DirectMessage) -> Option<Self> {
        let (common, quiet) = (Details::of(&message.content), message.quiet);
        let details = Self { common, quiet, push: message.push.as_ref().to_owned() };
        (details != Self::default()).then_some(details)
    }

    /// The content of a message, as of [`Details::content`]; then whether it is quiet, and its push fields.
    pub(crate) fn parts(self, elements: &str, custom: &str) -> Option<(Content, bool, Box<str>)> {
        let content = self.common.unwrap_or_default().content(elements, custom)?;
        Some((content, self.quiet, self.push.into()))
    }
}

/// Elements and custom data of a content; empty where there are none.
pub(crate) fn texts(content: &Content) -> (&str, &str) {
    match content {
        Content::Sent(body) => (&body.elements, &body.custom),
        Content::Tip(_) | Content::Gone(_) => ("", ""),
    }
}

/// The length of a [`day`].
pub(crate) const SECONDS_PER_DAY: u64 = 86_400;

/// The day of a second, counted from 1970: messages are removed by the day on which they were sent.
pub(crate) fn day(sent: Timestamp) -> u32 {
    u32::try_from(sent.0 / SECONDS_PER_DAY).unwrap_or(u32::MAX)
}
