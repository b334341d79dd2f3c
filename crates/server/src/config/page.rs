//! The manual's page of the configuration, made from the commented default, so that the two cannot differ.

use super::DEFAULT;

/// The manual's page of the configuration, in Markdown.
#[must_use]
pub fn page() -> String {
    let mut page = String::from("# Configuration\n");
    let mut section = Section::default();
    let mut prose: Vec<&str> = Vec::new();
    for line in DEFAULT.lines() {
        match Line::parse(line) {
            Line::Prose(text) => prose.push(text),
            Line::Empty => append_prose(&mut page, &mut prose),
            Line::Section { name, list } => {
                section = section.next(name, list);
                let brackets = if list { format!("[[{name}]]") } else { format!("[{name}]") };
                page.push_str(&format!("\n## `{brackets}`\n"));
                append_prose(&mut page, &mut prose);
            }
            Line::Setting { key, value, example } => {
                let variable = section.variable(key);
                let kind = if example { "Example" } else { "Default" };
                page.push_str(&format!("\n### `{}`\n", section.dotted(key)));
                append_prose(&mut page, &mut prose);
                page.push_str(&format!("\n{kind}: `{value}`. Variable: `{variable}`.\n"));
            }
        }
    }
    append_prose(&mut page, &mut prose);
    page
}

/// The variable of every setting; entries of lists have the number 0.
pub(super) fn variables() -> Vec<String> {
    let mut section = Section::default();
    let mut variables = Vec::new();
    for line in DEFAULT.lines() {
        match Line::parse(line) {
            Line::Section { name, list } => section = section.next(name, list),
            Line::Setting { key, .. } => variables.push(section.variable(key)),
            Line::Prose(_) | Line::Empty => {}
        }
    }
    variables
}

/// Writes the lines collected so far; empty ones separate paragraphs.
fn append_prose(page: &mut String, prose: &mut Vec<&str>) {
    if !prose.is_empty() {
        page.push('\n');
    }
    for line in prose.drain(..) {
        // Escapes only characters that are markup in Markdown here.
        page.push_str(&line.replace('<', "&lt;").replace('*', "\\*"));
        page.push('\n');
    }
}

#[derive(Default)]
struct Section {
    name: &'static str,
    /// The name, or its beginning, that means an entry of a list; empty when there is none.
    list: &'static str,
}

impl Section {
    /// The section after this one; one inside a list's entry follows it.
    fn next(&self, name: &'static str, list: bool) -> Self {
        let inside = name.strip_prefix(self.list).is_some_and(|rest| rest.starts_with('.'));
        let list = match (list, inside) {
            (true, _) => name,
            (false, true) => self.list,
            (false, false) => "",
        };
        Self { name, list }
    }

    fn dotted(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn variable(&self, key: &str) -> String {
        let mut segments = vec!["LANDFALL".to_owned()];
        if !self.list.is_empty() {
            segments.extend([self.list.to_uppercase(), "0".to_owned()]);
        }
        let inside = self.name.strip_prefix(self.list).unwrap_or(self.name);
        segments.extend(inside.split('.').filter(|segment| !segment.is_empty()).map(str::to_uppercase));
        segments.push(key.to_uppercase());
        segments.join("__")
    }
}

/// The kind of a line of the default configuration.
enum Line {
    Empty,
    Prose(&'static str),
    Section { name: &'static str, list: bool },
    Setting { key: &'static str, value: &'static str, example: bool },
}

impl Line {
    fn parse(line: &'static str) -> Self {
        if line.is_empty() {
            return Self::Empty;
        }
        if let Some(prose) =
            line.strip_prefix("# ").or_else(|| line.strip_prefix('#').filter(|rest| rest.is_empty()))
        {
            return Self::Prose(prose);
        }
        let (code, example) = match line.strip_prefix('#') {
            Some(code) => (code, true),
            None => (line, false),
        };
        if let Some(name) = code.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]")) {
            return Self::Section { name, list: true };
        }
        if let Some(name) = code.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return Self::Section { name, list: false };
        }
        match code.split_once(" = ") {
            Some((key, value)) => Self::Setting { key, value, example },
            None => Self::Prose(code),
        }
    }
}
