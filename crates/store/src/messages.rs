//! Messages as a store writes them: everything besides number, sender and times.

use landfall_domain::ids::UserId;
use landfall_domain::message::{At, Body, Content, Tip, TipField, TipKind};
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
    /// Numbers of fields, and their values.
    changes: Vec<(u8, String)>,
}

fn names(accounts: &[UserId]) -> Vec<String> {
    accounts.iter().map(ToString::to_string).collect()
}

fn accounts(names: &[String]) -> Option<Vec<UserId>> {
    names.iter().map(|name| UserId::parse(name)).collect()
}

impl Details {
    /// `None` when the message has none of them.
    pub(crate) fn of(content: &Content) -> Option<Self> {
        let details = match content {
            Content::Gone => Self::default(),
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
            None if elements.is_empty() => Content::Gone,
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
        Content::Tip(_) | Content::Gone => ("", ""),
    }
}

/// The length of a [`day`].
pub(crate) const SECONDS_PER_DAY: u64 = 86_400;

/// The day of a second, counted from 1970: messages are removed by the day on which they were sent.
pub(crate) fn day(sent: Timestamp) -> u32 {
    u32::try_from(sent.0 / SECONDS_PER_DAY).unwrap_or(u32::MAX)
}
