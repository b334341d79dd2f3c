//! What golden files and a server say about the commands. A test asks again, and compares with `facts.json`.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The facts about one command.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// What it does, in one sentence.
    pub summary: String,
    /// The body of a call that works, and its answer: JSON. Empty for a command without a sample.
    pub request: String,
    pub answer: String,
    /// Fields without which every call is refused: `GroupId`, `MemberList[].Member_Account`.
    pub required: BTreeSet<String>,
    /// Codes and texts with which a value of a field was refused. The texts have the limits.
    pub fields: BTreeMap<String, Vec<(u32, String)>>,
    /// Codes that golden files show, each with a text.
    pub codes: BTreeMap<u32, String>,
}

static FACTS: LazyLock<BTreeMap<String, Facts>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("facts.json")).expect("a test writes the file, and reads it")
});
static NONE: LazyLock<Facts> = LazyLock::new(Facts::default);

/// The facts about the command at `service/command`; empty ones when it is not built.
#[must_use]
pub fn of(path: &str) -> &'static Facts {
    FACTS.get(path).unwrap_or(&NONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::COMMANDS;

    #[test]
    fn every_built_command_has_its_facts_and_a_sample() {
        let built: BTreeSet<&str> =
            COMMANDS.iter().filter(|entry| entry.run.is_some()).map(|entry| entry.path).collect();
        assert_eq!(FACTS.keys().map(String::as_str).collect::<BTreeSet<_>>(), built);
        for (path, facts) in &*FACTS {
            assert!(facts.request.starts_with('{') || path.ends_with("/upload"), "{path}: {}", facts.request);
        }
    }
}
