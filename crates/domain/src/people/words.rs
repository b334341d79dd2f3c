//! Words that an app does not let anybody send.

use crate::text::Text;

/// The words of an app, each once, in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(pub Vec<Text>);
