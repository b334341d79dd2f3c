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
    /// Its value.
    pub value: String,
    /// Number of the change that made it so.
    pub seq: u32,
}

/// What is to become of a message's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExtensionChange {
    /// These are set.
    Set(Vec<AskedExtension>),
    /// These are deleted; their values do not count.
    Delete(Vec<AskedExtension>),
    /// All are deleted.
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

/// One extension, as a caller wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedExtension {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Number of the change the caller knows of, 0 for a key that is not there. Administrators may leave it out; then
    /// nothing is compared. [doc]
    pub seq: Option<u32>,
}

/// What became of one extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionOutcome {
    /// Why nothing changed, if so.
    pub problem: Option<ExtensionProblem>,
    /// Its key.
    pub key: String,
    /// Its value now; empty when there is none.
    pub value: String,
    /// Number of the change that made it so; 0 when it never was there.
    pub seq: u32,
}

/// Why one extension did not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtensionProblem {
    /// Somebody else changed it; the outcome says what it is now.
    Conflict,
    /// It is not there and cannot be deleted.
    Missing,
}
