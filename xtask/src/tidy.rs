//! `cargo xtask tidy`: rules about the source that no lint knows.

mod circles;
mod references;
mod tokens;
mod words;

use crate::workspace;
use anyhow::{Context as _, Result, bail};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// Files that may violate a rule. A file that no longer does must leave the list, and the number in its type may only
/// be lowered.
const EXCEPTIONS: [(&str, Rule); 0] = [];

/// Longest file of Rust, in lines: longer ones hold more than one subject.
const LINES_MAX: usize = 500;

/// Directories that hold nothing written by hand, at any depth.
const SKIPPED_DIRECTORIES: [&str; 2] = ["target", ".git"];

/// Extensions of the files that are read.
const EXTENSIONS: [&str; 3] = ["rs", "md", "toml"];

/// Marks of work that was left for later, or of a test that does not run. Written in two parts, so that this file
/// does not contain them.
const MARKS: [&str; 5] = [
    concat!("FIX", "ME"),
    concat!("TO", "DO"),
    concat!("XX", "X"),
    concat!("todo", "!"),
    concat!("#[ig", "nore"),
];

/// A rule for source files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// At most [`LINES_MAX`] lines.
    Length,
    /// None of the [`MARKS`].
    NoMarks,
    /// The file of a command starts by saying what the command does.
    CommandHeader,
}

/// A file that violates a rule.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    path: String,
    rule: Rule,
    /// What is wrong, and where.
    text: String,
}

/// Checks all sources.
///
/// # Errors
/// Lists every violation, and every exception that is no longer needed.
pub(crate) fn run() -> Result<()> {
    let mut files = Vec::new();
    collect(workspace::root(), &mut files)?;
    files.sort();
    let mut problems = words::problems(&files);
    files.retain(|(path, _)| path.ends_with(".rs"));
    problems.extend(circles::problems(&files));
    let violations: Vec<Violation> = files.iter().flat_map(|(path, text)| check(path, text)).collect();
    problems.extend(judge(violations, &EXCEPTIONS));
    if !problems.is_empty() {
        bail!("{} in the sources:\n  {}", problems.len(), problems.join("\n  "));
    }
    println!("{} source files are tidy", files.len());
    Ok(())
}

/// Adds path (relative to the workspace, with slashes) and text of every file to read below `directory`.
fn collect(directory: &Path, files: &mut Vec<(String, String)>) -> Result<()> {
    let unreadable = || format!("cannot read {}", directory.display());
    for entry in fs::read_dir(directory).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        let is_one_of = |names: &[&str], name: Option<&OsStr>| {
            name.and_then(OsStr::to_str).is_some_and(|name| names.contains(&name))
        };
        if path.is_dir() {
            if !is_one_of(&SKIPPED_DIRECTORIES, path.file_name()) {
                collect(&path, files)?;
            }
        } else if is_one_of(&EXTENSIONS, path.extension()) {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let relative = path.strip_prefix(workspace::root()).unwrap_or(&path);
            files.push((relative.to_string_lossy().into_owned(), text));
        }
    }
    Ok(())
}

/// All violations of one file.
fn check(path: &str, text: &str) -> Vec<Violation> {
    let violation = |rule, text| Violation { path: path.to_owned(), rule, text };
    let mut violations = Vec::new();
    let lines = text.lines().count();
    if LINES_MAX < lines {
        violations
            .push(violation(Rule::Length, format!("{path}: {lines} lines; at most {LINES_MAX} are allowed")));
    }
    for (position, line) in text.lines().enumerate() {
        if let Some(mark) = MARKS.iter().find(|mark| holds_word(line, mark)) {
            violations.push(violation(Rule::NoMarks, format!("{path}:{}: {mark}", position + 1)));
        }
    }
    if is_command(path) && !text.starts_with("//!") {
        violations.push(violation(
            Rule::CommandHeader,
            format!("{path}:1: the file of a command starts with `//!` and says what the command does"),
        ));
    }
    violations
}

/// Whether `path` is the file of one command: `crates/server/src/commands/<service>/<command>.rs`.
fn is_command(path: &str) -> bool {
    path.strip_prefix("crates/server/src/commands/").is_some_and(|rest| rest.matches('/').count() == 1)
}

/// Whether `line` holds `mark` and not just a longer word around it.
fn holds_word(line: &str, mark: &str) -> bool {
    let is_part = |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(mark).any(|(start, _)| {
        !is_part(line[..start].chars().next_back()) && !is_part(line[start + mark.len()..].chars().next())
    })
}

/// The problems to report: violations without an exception, then exceptions without a violation.
fn judge(violations: Vec<Violation>, exceptions: &[(&str, Rule)]) -> Vec<String> {
    let excuses = |exception: &(&str, Rule), violation: &Violation| {
        *exception == (violation.path.as_str(), violation.rule)
    };
    let stale: Vec<String> = exceptions
        .iter()
        .filter(|exception| !violations.iter().any(|violation| excuses(exception, violation)))
        .map(|(path, rule)| {
            format!(
                "{path}: complies with {rule:?} now, so remove it from the exceptions in xtask/src/tidy.rs"
            )
        })
        .collect();
    let unexcused = violations
        .into_iter()
        .filter(|violation| !exceptions.iter().any(|exception| excuses(exception, violation)))
        .map(|violation| violation.text);
    unexcused.chain(stale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<Rule> {
        check(path, text).into_iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn a_file_may_have_500_lines_and_no_more() {
        assert_eq!(rules("crates/a/src/lib.rs", &"\n".repeat(500)), []);
        assert_eq!(rules("crates/a/src/lib.rs", &"\n".repeat(501)), [Rule::Length]);
    }

    #[test]
    fn each_mark_is_found_with_its_line() {
        for mark in MARKS {
            let found = check("crates/a/src/lib.rs", &format!("fn a() {{}}\n// {mark} later\n"));
            assert_eq!(found.len(), 1, "{mark}");
            assert_eq!(found[0].text, format!("crates/a/src/lib.rs:2: {mark}"));
        }
    }

    #[test]
    fn a_mark_within_a_longer_word_is_allowed() {
        for mark in MARKS {
            assert_eq!(rules("crates/a/src/lib.rs", &format!("let a{mark}b = 1;\n")), [], "{mark}");
        }
    }

    #[test]
    fn commands_say_what_they_do() {
        let command = "crates/server/src/commands/group_open_http_svc/import_group.rs";
        assert_eq!(rules(command, "use std::fmt;\n"), [Rule::CommandHeader]);
        assert_eq!(rules(command, "//! `group_open_http_svc/import_group`\n"), []);
        assert_eq!(rules("crates/server/src/commands/group_open_http_svc.rs", "use std::fmt;\n"), []);
    }

    #[test]
    fn an_exception_excuses_one_rule_of_one_file() {
        let long = || check("crates/a/src/lib.rs", &"\n".repeat(501));
        assert_eq!(judge(long(), &[("crates/a/src/lib.rs", Rule::Length)]), Vec::<String>::new());
        assert_eq!(judge(long(), &[("crates/b/src/lib.rs", Rule::Length)]).len(), 2);
        assert_eq!(judge(long(), &[("crates/a/src/lib.rs", Rule::NoMarks)]).len(), 2);
    }

    #[test]
    fn an_exception_without_a_violation_is_reported() {
        let problems = judge(Vec::new(), &[("crates/a/src/lib.rs", Rule::Length)]);
        assert_eq!(
            problems,
            [
                "crates/a/src/lib.rs: complies with Length now, so remove it from the exceptions in xtask/src/tidy.rs"
            ]
        );
    }
}
