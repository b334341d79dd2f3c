//! Extensions: keys and values that apps attach to a message, and changes of them.

use std::collections::BTreeMap;

/// Figures of a message's extensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtensionHead {
    /// Number of the last change.
    pub latest_seq: u32,
    /// Number of the change that removed all.
    pub clear_seq: u32,
    /// How many there are.
    pub count: u32,
}

/// An extension of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    pub value: String,
    /// Number of the change that made it so.
    pub seq: u32,
}

/// The extensions of a message between two accounts, with their figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    pub head: ExtensionHead,
    pub all: BTreeMap<String, Extension>,
}

/// A change of a message's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExtensionChange {
    /// Sets these extensions.
    Set(Vec<AskedExtension>),
    /// Deletes these extensions; their values are ignored.
    Delete(Vec<AskedExtension>),
    /// Deletes all extensions.
    Clear,
}

impl ExtensionChange {
    pub(crate) fn asked(&self) -> &[AskedExtension] {
        match self {
            Self::Set(asked) | Self::Delete(asked) => asked,
            Self::Clear => &[],
        }
    }

    /// Changes one extension that is `present` now, and gives its place what it is afterwards.
    pub(crate) fn apply(
        &self,
        asked: &AskedExtension,
        present: &mut Option<Extension>,
        head: &mut ExtensionHead,
    ) -> ExtensionOutcome {
        let known = present.as_ref().map_or(0, |present| present.seq);
        let deletes = matches!(self, Self::Delete(_));
        let problem = if deletes && present.is_none() {
            Some(ExtensionProblem::Missing)
        } else if asked.seq.is_some_and(|seq| seq != known) {
            Some(ExtensionProblem::Conflict)
        } else {
            None
        };
        if problem.is_none() {
            head.latest_seq = head.latest_seq.saturating_add(1);
            head.count = head.count.saturating_sub(u32::from(present.is_some()));
            *present = (!deletes).then(|| Extension { value: asked.value.clone(), seq: head.latest_seq });
            head.count = head.count.saturating_add(u32::from(present.is_some()));
        }
        let (value, seq) = match &present {
            Some(extension) => (extension.value.clone(), extension.seq),
            None if problem.is_none() => (String::new(), head.latest_seq),
            None => (String::new(), 0),
        };
        ExtensionOutcome { problem, key: asked.key.clone(), value, seq }
    }
}

impl ExtensionHead {
    /// The figures once all extensions are removed.
    pub(crate) fn cleared(self) -> Self {
        let latest_seq = self.latest_seq.saturating_add(1);
        Self { latest_seq, clear_seq: latest_seq, count: 0 }
    }
}

/// An extension in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedExtension {
    pub key: String,
    pub value: String,
    /// Number of the change the caller knows of, 0 for a key that is not there. Administrators may leave it out; then
    /// nothing is compared. [doc]
    pub seq: Option<u32>,
}

/// The result for one extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionOutcome {
    /// The reason why it did not change, if it did not.
    pub problem: Option<ExtensionProblem>,
    pub key: String,
    /// Its value now; empty when there is none.
    pub value: String,
    /// Number of the change that made it so; 0 when it never was there.
    pub seq: u32,
}

/// The reason why an extension did not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtensionProblem {
    /// Another caller changed it; the outcome holds the present value.
    Conflict,
    /// It does not exist and cannot be deleted.
    Missing,
}
