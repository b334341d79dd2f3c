//! Extensions: keys and values that apps attach to a message, and changes of them.

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
