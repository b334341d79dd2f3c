//! The page `docs/compatibility.md`: every command of the API, what its golden files show, and what was decided where
//! the API is silent.

mod fields;

use crate::workspace;
use anyhow::{Context as _, Result, bail};
use fields::{Fields, Survey, capitalized, used_names};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Kinds of golden files, which their names begin with.
const KINDS: [&str; 3] = ["success", "refusal", "repeat"];

/// Members of an answer that hold codes: its own, or those of single items.
const CODE_MEMBERS: [&str; 5] = ["ErrorCode", "ResultCode", "RetCode", "Code", "Result"];

/// Smaller numbers are results such as "was a member already", not error codes.
const CODE_MIN: u64 = 10_000;

/// The directory of the commands, relative to the workspace.
const COMMANDS: &str = "crates/server/src/commands";

/// Modules that commands of several services share.
const SHARED: [&str; 2] = ["message_body", "topic"];

/// Files and directories with rules that commands use.
const RULES: [&str; 3] =
    ["crates/domain/src/operations/", "crates/domain/src/import.rs", "crates/domain/src/new_group.rs"];

/// A command in the list that the program prints.
#[derive(Debug, PartialEq, Eq)]
struct ListedCommand<'list> {
    section: &'list str,
    path: &'list str,
    /// Its error code while it is not built.
    planned: Option<&'list str>,
    /// Whether it is this server's own, and not part of the imitated API.
    own: bool,
}

/// The calls and error codes in the golden files of a command.
#[derive(Debug, Default, PartialEq, Eq)]
struct Coverage {
    /// Number of files of each kind.
    files: [usize; KINDS.len()],
    calls: usize,
    codes: BTreeSet<u64>,
}

/// A row of `docs/choices.md`.
#[derive(Debug, PartialEq, Eq)]
struct Choice<'page> {
    text: &'page str,
    file: &'page str,
}

/// The page, from the program's list of commands.
///
/// # Errors
/// When a golden file or a source cannot be read.
pub(crate) fn page(list: &str) -> Result<String> {
    let commands = commands(list)?;
    let choices_page = read(&workspace::root().join("docs/choices.md"))?;
    let choices = choices(&choices_page);
    let root = workspace::root();
    let survey = Survey::read(&root.join("crates/server/tests/golden"), &root.join(COMMANDS))?;
    let mut elements = Fields::default();
    let mut built = String::new();
    let mut coverage = Coverage::default();
    let mut services = BTreeSet::new();
    for section in commands.chunk_by(|one, next| one.section == next.section) {
        let section: Vec<&ListedCommand<'_>> =
            section.iter().filter(|command| command.planned.is_none()).collect();
        if let Some(first) = section.first() {
            write!(built, "\n## {}\n\n{TABLE_HEAD}", first.section)?;
            let mut used = String::new();
            let mut decided = vec![Vec::new(); choices.len()];
            for command in section {
                let of_command = golden(&root.join(golden_folder(command.path)))?;
                let source = source(command.path)?;
                built.push_str(&row(command.path, &source, &of_command));
                coverage.add(of_command);
                let fields = survey.of(command.path);
                writeln!(used, "* `{}`: {}", command_name(command.path), fields.line())?;
                elements.merge(fields.elements);
                let service = folder(command.path).unwrap_or_default();
                let service_is_new = services.insert(service);
                for (choice, names) in choices.iter().zip(&mut decided) {
                    let is_particular = commands.iter().any(|one| choice.names(one.path));
                    let is_shared = !is_particular && choice.is_shared_by(command.path, &source);
                    if is_shared || choice.names(command.path) {
                        names.push(format!("`{}`", command_name(command.path)));
                    } else if service_is_new && choice.file == format!("{COMMANDS}/{service}.rs") {
                        names.push(format!("the service `{service}`"));
                    }
                }
            }
            write!(built, "\nFields:\n\n{used}{}", decisions(&choices, &decided))?;
        }
    }
    let of_the_api = || commands.iter().filter(|command| !command.own);
    let count = of_the_api().filter(|command| command.planned.is_none()).count();
    let [success, refusal, repeat] = coverage.files;
    Ok(format!(
        "# Compatibility\n\n<!-- Made by `cargo xtask docs`; do not edit. -->\n\n\
         {count} of the {} operations of the API are built. {} golden files with {} calls of these hold them to what \
         the API documents: {success} of successes, {refusal} of refusals, {repeat} of repeated calls. They run on both stores.\n\n\
         For each operation: how many files there are of each kind, and every error code they show, of calls and of \
         single items. The codes of the calling convention, which all operations share, are not among them. Below \
         each table: the fields that requests → answers have where a call succeeds, those in a list in brackets and \
         those in an object in braces; then what was decided where the documentation is silent or differs between its \
         editions ([all decisions](choices.md)).\n{built}\n\
         ## Elements of messages\n\nThe members of `MsgContent` by `MsgType`. Others are kept as they came.\n\n\
         `{}`\n{}",
        of_the_api().count(),
        coverage.files.iter().sum::<usize>(),
        coverage.calls,
        elements.line(),
        planned(&commands),
    ))
}

const TABLE_HEAD: &str = "| Operation | Success | Refusal | Repeat | Codes |\n|---|---|---|---|---|\n";

fn row(path: &str, source: &str, coverage: &Coverage) -> String {
    let codes: Vec<String> = coverage.codes.iter().map(ToString::to_string).collect();
    let [success, refusal, repeat] = coverage.files;
    format!(
        "| [`{path}`](../{})<br>{} | {success} | {refusal} | {repeat} | {} |\n",
        golden_folder(path),
        summary(source),
        codes.join(", ")
    )
}

/// The decisions about a section, each with the commands it is about.
fn decisions(choices: &[Choice<'_>], decided: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (choice, names) in choices.iter().zip(decided).filter(|(_, names)| !names.is_empty()) {
        text.push_str(if text.is_empty() { "\nDecisions:\n\n" } else { "" });
        // A command that the decision itself names is not repeated before it.
        let mut names = names.clone();
        names.retain(|name| !choice.text.contains(name));
        let about = if names.is_empty() { String::new() } else { format!("{}: ", names.join(", ")) };
        text.push_str(&format!("* {about}{}\n", choice.text));
    }
    text
}

/// The section of the commands that are not built.
fn planned(commands: &[ListedCommand<'_>]) -> String {
    let code = commands.iter().find_map(|command| command.planned);
    let Some(code) = code else { return String::new() };
    let mut text = format!("\n## Planned\n\nThese are known by name, answer {code} and change nothing.\n\n");
    for section in commands.chunk_by(|one, next| one.section == next.section) {
        let names: Vec<String> = section
            .iter()
            .filter(|command| command.planned.is_some())
            .map(|command| format!("`{}`", command.path))
            .collect();
        if let (Some(first), false) = (section.first(), names.is_empty()) {
            text.push_str(&format!("* **{}**: {}\n", first.section, names.join(", ")));
        }
    }
    text
}

fn commands(list: &str) -> Result<Vec<ListedCommand<'_>>> {
    list.lines()
        .map(|line| match line.split('\t').collect::<Vec<_>>().as_slice() {
            [section, path, state] => {
                let planned = (*state != "built" && *state != "own").then_some(*state);
                Ok(ListedCommand { section, path, planned, own: *state == "own" })
            }
            _ => bail!("no line of the list of commands: {line:?}"),
        })
        .collect()
}

fn choices(page: &str) -> Vec<Choice<'_>> {
    page.lines()
        .filter_map(|line| {
            let (text, file) = line.strip_prefix("| ")?.strip_suffix("` |")?.rsplit_once(" | `")?;
            Some(Choice { text, file })
        })
        .collect()
}

impl Choice<'_> {
    /// The path of its file below the commands, without its extension.
    fn command(&self) -> Option<&str> {
        self.file.strip_prefix(COMMANDS)?.trim_start_matches('/').strip_suffix(".rs")
    }

    /// Whether it is marked in the file of a command, or names the command.
    fn names(&self, path: &str) -> bool {
        self.command() == Some(path) || self.text.contains(&format!("`{}`", command_name(path)))
    }

    /// Whether it is marked in a file that the source of a command uses.
    fn is_shared_by(&self, path: &str, source: &str) -> bool {
        let own = self.command();
        let is_near = own.is_some_and(|own| SHARED.contains(&own) || folder(own) == folder(path));
        let is_rule = RULES.iter().any(|rule| self.file.starts_with(rule));
        let name = Path::new(self.file).file_stem().unwrap_or_default();
        (is_near || is_rule) && used_names(source).any(|used| name == used)
    }
}

/// The folder of a path with slashes.
fn folder(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(folder, _)| folder)
}

impl Coverage {
    fn add(&mut self, other: Self) {
        for (sum, more) in self.files.iter_mut().zip(other.files) {
            *sum += more;
        }
        self.calls += other.calls;
        self.codes.extend(other.codes);
    }

    /// Adds the text of a golden file of the command `path`.
    fn read(&mut self, kind: usize, path: &str, text: &str) -> Result<()> {
        if let Some(count) = self.files.get_mut(kind) {
            *count += 1;
        }
        for (_, _, answer) in calls(text).filter(|(called, ..)| called == path) {
            self.calls += 1;
            let answer = serde_json::from_str(&answer).with_context(|| format!("an answer of {path}"))?;
            collect_codes(&answer, &mut self.codes);
        }
        Ok(())
    }
}

/// The calls of a golden file: command, request and answer of each.
fn calls(text: &str) -> impl Iterator<Item = (String, String, String)> {
    // The same mark before each call, whether it is made once or repeated.
    let marked = format!("\n{text}").replace("\n>> ", "\n> ");
    let read = |call: &str| {
        let (command, rest) = call.split_once('\n')?;
        let (request, answer) = rest.split_once("\n< ")?;
        let answer = answer.split("\n\n").next()?.split("\n#").next()?;
        Some((command.to_owned(), request.to_owned(), answer.to_owned()))
    };
    marked.split("\n> ").skip(1).filter_map(read).collect::<Vec<_>>().into_iter()
}

/// Adds all codes in an answer.
fn collect_codes(value: &Value, codes: &mut BTreeSet<u64>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let code = member.as_u64().filter(|code| CODE_MIN <= *code);
                codes.extend(code.filter(|_| CODE_MEMBERS.contains(&name.as_str())));
                collect_codes(member, codes);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect_codes(element, codes)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The coverage by the golden files in the folder of a command.
fn golden(folder: &Path) -> Result<Coverage> {
    let mut coverage = Coverage::default();
    let path = folder.iter().rev().take(2).collect::<Vec<_>>();
    let path = path.into_iter().rev().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
    let entries = fs::read_dir(folder).with_context(|| format!("{path} is built and has no golden files"))?;
    for entry in entries {
        let file = entry?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let kind = KINDS.iter().position(|kind| name.starts_with(&format!("{kind}_")));
        let kind = kind.with_context(|| format!("{} is of no kind", file.display()))?;
        coverage.read(kind, &path, &read(&file)?).with_context(|| file.display().to_string())?;
    }
    Ok(coverage)
}

fn golden_folder(path: &str) -> String {
    format!("crates/server/tests/golden/{path}")
}

/// The source of a command; empty for an alias, which has no file.
fn source(path: &str) -> Result<String> {
    let file: PathBuf = workspace::root().join(COMMANDS).join(format!("{path}.rs"));
    if file.exists() { read(&file) } else { Ok(String::new()) }
}

/// The first sentence about a command in its source.
fn summary(source: &str) -> String {
    let head = source.lines().map_while(|line| line.strip_prefix("//! ")).collect::<Vec<_>>().join(" ");
    let Some((_, text)) = head.split_once("`: ") else {
        return "A second name of another operation.".to_owned();
    };
    let sentence = text.split_once(". ").map_or(text, |(sentence, _)| sentence).trim_end_matches('.');
    format!("{}.", capitalized(sentence))
}

fn command_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &str = "# > no call\n> s/other\n{}\n< {\"ErrorCode\": 10010}\n> s/c\n{\"a\":\n 1}\n< {\"ErrorCode\": 0,\n \
        \"L\": [{\"Result\": 10004}, {\"Result\": 2}]}\n\n# Again.\n>> s/c\n{}\n< {\"ErrorCode\": 10049}\n# End.\n";

    #[test]
    fn codes_of_calls_and_items_are_found() {
        let mut coverage = Coverage::default();
        coverage.read(1, "s/c", GOLDEN).unwrap();
        assert_eq!(coverage, Coverage { files: [0, 1, 0], calls: 2, codes: [10_004, 10_049].into() });
    }

    #[test]
    fn a_decision_is_about_the_commands_that_use_its_file() {
        let source = "//! `s/c`: does it. And more.\n\nuse super::{shared, other::Thing};\nuse landfall_domain::operations::rule::X;\n";
        let about = |file: &str| {
            let choice = Choice { text: "It is not `cc`", file };
            choice.names("s/c") || choice.is_shared_by("s/c", source)
        };
        for file in ["s/c", "s/shared", "s/other"] {
            assert!(about(&format!("{COMMANDS}/{file}.rs")), "{file}");
        }
        assert!(about("crates/domain/src/operations/rule.rs"));
        for file in ["s/d", "s", "t/shared"] {
            assert!(!about(&format!("{COMMANDS}/{file}.rs")), "{file}");
        }
        assert!(
            !about("crates/domain/src/operations/none.rs") && !about("crates/domain/src/operation/rule.rs")
        );
        assert!(Choice { text: "It is `c`", file: "" }.names("s/c"));
        assert_eq!(summary(source), "Does it.");
    }

    #[test]
    fn rows_of_the_decisions_are_read() {
        let page = "| Decision | Where |\n|---|---|\n| It is `so` | `a/b.rs` |\n";
        assert_eq!(choices(page), [Choice { text: "It is `so`", file: "a/b.rs" }]);
    }

    #[test]
    fn planned_commands_are_listed_at_the_end() {
        let commands = commands("A\ts/c\tbuilt\nA\ts/d\t60017\nB\tt/e\t60017\n").unwrap();
        let text = planned(&commands);
        assert!(
            text.contains("answer 60017") && text.ends_with("* **A**: `s/d`\n* **B**: `t/e`\n"),
            "{text}"
        );
    }
}
