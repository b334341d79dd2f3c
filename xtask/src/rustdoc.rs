//! The documentation must build without a warning, except for the tags that say where a fact comes from: rustdoc takes
//! `[choice]` for a link to an item of that name. Switching the warning off would let real dead links pass.

use crate::workspace::cargo;
use anyhow::{Result, bail};
use serde::Deserialize;
use std::process::Stdio;

/// What may stand in brackets without being a link.
const TAGS: [&str; 6] = ["app", "choice", "client", "doc", "inferred", "sample"];

/// A line of cargo's output, as far as it matters here.
#[derive(Deserialize)]
struct Line {
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    message: String,
    code: Option<Code>,
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

/// Builds the documentation of the workspace.
///
/// # Errors
/// When rustdoc warns of anything but a tag. Its warnings are printed.
pub(crate) fn run() -> Result<()> {
    let mut command = cargo(&["doc", "--workspace", "--no-deps", "--locked", "--message-format", "json"]);
    let done = command.stderr(Stdio::inherit()).output()?;
    let output = String::from_utf8_lossy(&done.stdout);
    let warnings = warnings(&output)?;
    for warning in &warnings {
        eprintln!("{warning}");
    }
    if !warnings.is_empty() {
        bail!("rustdoc has {} complaints", warnings.len());
    }
    if !done.status.success() {
        bail!("`cargo doc` failed ({})", done.status);
    }
    Ok(())
}

/// The warnings in the lines of JSON in `output`, without those about tags.
fn warnings(output: &str) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    for line in output.lines() {
        let line: Line = serde_json::from_str(line)?;
        if let Some(message) = line.message.filter(|message| !is_summary(message) && !is_tag(message)) {
            warnings.push(message.rendered.unwrap_or(message.message));
        }
    }
    Ok(warnings)
}

/// The count at the end of a crate's warnings.
fn is_summary(message: &Message) -> bool {
    message.code.is_none() && message.message.ends_with(" emitted")
}

fn is_tag(message: &Message) -> bool {
    let is_link = message.code.as_ref().is_some_and(|code| code.code == "rustdoc::broken_intra_doc_links");
    is_link && TAGS.iter().any(|tag| message.message == format!("unresolved link to `{tag}`"))
}

#[cfg(test)]
mod tests {
    use super::warnings;

    const LINK: &str = "rustdoc::broken_intra_doc_links";

    fn line(code: Option<&str>, message: &str) -> String {
        let code = code.map(|code| serde_json::json!({"code": code, "explanation": null}));
        serde_json::json!({
            "reason": "compiler-message",
            "message": {"level": "warning", "message": message, "code": code, "rendered": null}
        })
        .to_string()
    }

    #[test]
    fn tags_are_no_links_but_other_dead_links_are_found() {
        let output = [
            line(Some(LINK), "unresolved link to `choice`"),
            line(Some(LINK), "unresolved link to `GroupName`"),
            line(Some("rustdoc::bare_urls"), "unresolved link to `choice`"),
            line(None, "2 warnings emitted"),
            r#"{"reason": "build-finished", "success": true}"#.to_owned(),
        ];
        let found = warnings(&output.join("\n")).unwrap();
        assert_eq!(found, ["unresolved link to `GroupName`", "unresolved link to `choice`"]);
    }

    #[test]
    fn an_error_without_a_code_is_found() {
        assert_eq!(warnings(&line(None, "expected one of `!`")).unwrap(), ["expected one of `!`"]);
    }
}
