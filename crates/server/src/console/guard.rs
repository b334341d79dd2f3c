//! What the server keeps in memory for the console.

use super::attempts::Attempts;
use super::password::Hashing;
use crate::config::ConsoleConfig;

#[derive(Default)]
pub(crate) struct Guard {
    /// Whether the console is served at the address of everything else.
    pub(crate) at_main: bool,
    /// Whether browsers may send its cookies over HTTPS only.
    pub(crate) secure: bool,
    pub(crate) hashing: Hashing,
    pub(crate) attempts: Attempts,
}

impl Guard {
    /// `secure`: the server speaks HTTPS.
    pub(crate) fn new(config: &ConsoleConfig, secure: bool) -> Self {
        Self { at_main: config.enabled && config.listen.is_none(), secure, ..Self::default() }
    }
}
