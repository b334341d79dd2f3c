//! What clients may call, and what their golden files show.

use super::calls::calls;
use super::{COMMANDS, collect_codes, read, summary};
use crate::workspace;
use anyhow::{Context as _, Result};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The sources of the requests that the gateway alone has, relative to the workspace.
const REQUESTS: &str = "crates/server/src/clients/requests";

/// All that clients may call, in the order of the program's list.
pub(super) struct Clients(Vec<Callable>);

struct Callable {
    path: String,
    /// Calls of it in its golden file.
    calls: usize,
    codes: BTreeSet<u64>,
}

impl Clients {
    /// # Errors
    /// A golden file cannot be read.
    pub(super) fn read(list: &str) -> Result<Self> {
        let callables = list.lines().map(|path| {
            let text = read(&workspace::root().join(file(path)))?;
            Callable::of(path, &text).with_context(|| file(path))
        });
        Ok(Self(callables.collect::<Result<_>>()?))
    }

    /// The cell of a command: its calls by clients, if they may call it.
    pub(super) fn cell(&self, path: &str) -> String {
        let callable = self.0.iter().find(|callable| callable.path == path);
        callable.map_or_else(String::new, Callable::link)
    }

    pub(super) fn summary(&self) -> String {
        let calls: usize = self.0.iter().map(|callable| callable.calls).sum();
        format!(
            "Clients can make {} of the requests over the [gateway](gateway.md#acting-as-a-member): operations of the API, \
             with the [rights of members](rights.md), and [others](#for-clients-only). {calls} calls of clients check them, by \
             the owner, an administrator, an ordinary member and a stranger in groups of all types.\n\n",
            self.0.len()
        )
    }

    /// The section of what only clients have.
    ///
    /// # Errors
    /// A source cannot be read.
    pub(super) fn section(&self, is_rest: impl Fn(&str) -> bool) -> Result<String> {
        let mut text = String::from(
            "\n## For clients only\n\nFields and answers are in [the gateway](gateway.md#commands).\n\n\
             | Request | Calls | Codes |\n|---|---|---|\n",
        );
        for callable in self.0.iter().filter(|callable| !is_rest(&callable.path)) {
            let Callable { path, codes, .. } = callable;
            let folder = if path.contains('/') { COMMANDS } else { REQUESTS };
            let source = read(&workspace::root().join(format!("{folder}/{path}.rs")))?;
            let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
            let (what, link) = (summary(&source), callable.link());
            writeln!(text, "| `{path}`<br>{what} | {link} | {} |", codes.join(", "))?;
        }
        Ok(text)
    }
}

impl Callable {
    fn of(path: &str, text: &str) -> Result<Self> {
        let mut callable = Self { path: path.to_owned(), calls: 0, codes: BTreeSet::new() };
        for call in calls(text).filter(|call| call.is_of_client(path)) {
            callable.calls += 1;
            if call.answer.trim() != "nothing" {
                collect_codes(&serde_json::from_str(&call.answer)?, &mut callable.codes);
            }
        }
        Ok(callable)
    }

    fn link(&self) -> String {
        format!("[{}](../{})", self.calls, file(&self.path))
    }
}

fn file(path: &str) -> String {
    format!("crates/server/tests/golden/clients/{path}.golden")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_clients_and_their_codes_are_counted() {
        let text = "> s/c {}\n< {\"ErrorCode\": 10004}\n> ann: c {}\n< {\"ErrorCode\": 10007}\n> ann: c {}\n< nothing\n";
        let callable = Callable::of("s/c", text).unwrap();
        assert_eq!((callable.calls, callable.codes.clone()), (2, [10_007].into()));
        let clients = Clients(vec![callable]);
        assert_eq!(clients.cell("s/c"), "[2](../crates/server/tests/golden/clients/s/c.golden)");
        assert_eq!(clients.cell("s/d"), "");
    }
}
