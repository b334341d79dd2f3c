//! What a push to everybody can choose its receivers by: attributes, of which an app names up to ten, and tags.

use crate::text::Text;
use std::collections::BTreeMap;

/// Texts under the numbers of attributes, 0 to 9: the names that an app gives them, or the values of an account.
pub type Slots = BTreeMap<u8, Text>;

/// The numbers of attributes. [doc]
pub const ATTRIBUTES: u8 = 10;

/// The number of the attribute with this name.
#[must_use]
pub fn slot(names: &Slots, name: &Text) -> Option<u8> {
    names.iter().find(|(_, of)| *of == name).map(|(slot, _)| *slot)
}

/// The accounts that are meant; `Attribute` is what stands for an attribute. An empty list asks for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience<Attribute> {
    /// Every account.
    Everybody,
    /// By attributes and their values.
    Attributes {
        /// All of them are equal.
        all: Vec<(Attribute, Text)>,
        /// One of them is equal.
        any: Vec<(Attribute, Text)>,
    },
    /// By tags.
    Tags {
        /// The account has all of them.
        all: Vec<Text>,
        /// The account has one of them.
        any: Vec<Text>,
    },
}

impl Audience<Text> {
    /// The same by the numbers of attributes.
    ///
    /// # Errors
    /// No attribute has this name.
    pub fn numbered(self, names: &Slots) -> Result<Audience<u8>, Text> {
        let numbered = |list: Vec<(Text, Text)>| {
            let number = |(name, value): (Text, Text)| match slot(names, &name) {
                Some(slot) => Ok((slot, value)),
                None => Err(name),
            };
            list.into_iter().map(number).collect::<Result<Vec<_>, Text>>()
        };
        Ok(match self {
            Self::Everybody => Audience::Everybody,
            Self::Attributes { all, any } => {
                Audience::Attributes { all: numbered(all)?, any: numbered(any)? }
            }
            Self::Tags { all, any } => Audience::Tags { all, any },
        })
    }
}

impl Audience<u8> {
    /// Whether an account with these attributes and tags is meant.
    #[must_use]
    pub fn includes(&self, attributes: &Slots, tags: &[Text]) -> bool {
        match self {
            Self::Everybody => true,
            Self::Attributes { all, any } => {
                let has = |(slot, value): &(u8, Text)| attributes.get(slot) == Some(value);
                all.iter().all(has) && (any.is_empty() || any.iter().any(has))
            }
            Self::Tags { all, any } => {
                let has = |tag: &Text| tags.contains(tag);
                all.iter().all(has) && (any.is_empty() || any.iter().any(has))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::text;

    #[test]
    fn both_lists_hold_together_and_an_empty_one_asks_for_nothing() {
        let texts = |names: &[&str]| names.iter().map(|name| text(name)).collect::<Vec<_>>();
        let tags = |all: &[&str], any: &[&str]| Audience::Tags { all: texts(all), any: texts(any) };
        let has = texts(&["a", "b"]);
        for (audience, expected) in [
            (Audience::Everybody, true),
            (tags(&[], &[]), true),
            (tags(&["a", "b"], &[]), true),
            (tags(&["a", "c"], &[]), false),
            (tags(&[], &["c", "b"]), true),
            (tags(&["a"], &["c"]), false),
        ] {
            assert_eq!(audience.includes(&Slots::new(), &has), expected, "{audience:?}");
        }
        let names = Slots::from([(0, text("sex")), (7, text("city"))]);
        let pair = |name: &str, value: &str| (text(name), text(value));
        let asked = Audience::Attributes { all: vec![pair("city", "x")], any: vec![pair("sex", "f")] };
        let audience = asked.numbered(&names).unwrap();
        assert!(audience.includes(&[(0, text("f")), (7, text("x"))].into(), &[]));
        assert!(!audience.includes(&[(0, text("f"))].into(), &[]));
        assert!(!audience.includes(&[(7, text("x"))].into(), &[]));
        let unknown = Audience::Attributes { all: vec![], any: vec![pair("age", "1")] };
        assert_eq!(unknown.numbered(&names), Err(text("age")));
    }
}
