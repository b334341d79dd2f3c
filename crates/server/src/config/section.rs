//! Reads settings out of the tree: each reader records its problems and goes on.

use super::problem::{Origin, Problem, Problems};
use super::source::{Node, Value, interpret};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

/// A section that is being read. A key that was not requested before [`Section::finish`] is unknown.
pub(super) struct Section<'p> {
    path: String,
    origin: Origin,
    entries: BTreeMap<String, Node>,
    asked: Vec<&'static str>,
    folder: &'p Path,
    problems: &'p Problems,
}

/// One value with its name and origin.
pub(super) struct Item<'p> {
    path: String,
    node: Node,
    folder: &'p Path,
    problems: &'p Problems,
}

/// Name and origin of a value that was already read.
pub(super) struct Location<'p> {
    path: String,
    origin: Origin,
    problems: &'p Problems,
}

impl Location<'_> {
    /// Its name, such as `app[0].sdk_app_id`.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn refuse(&self, text: String) {
        self.problems.add(Problem { path: self.path.clone(), origin: Some(self.origin.clone()), text });
    }
}

impl<'p> Section<'p> {
    /// The whole configuration. Relative paths in it start at `folder`, those in variables at the current directory.
    pub(super) fn root(node: Node, folder: &'p Path, problems: &'p Problems) -> Option<Self> {
        Item { path: String::new(), node, folder, problems }.section()
    }

    /// The value of `key`, if it has one.
    pub(super) fn optional(&mut self, key: &'static str) -> Option<Item<'p>> {
        self.asked.push(key);
        let node = self.entries.remove(key)?;
        Some(Item { path: self.path_of(key), node, folder: self.folder, problems: self.problems })
    }

    /// The value of `key`; its absence is a problem.
    pub(super) fn required(&mut self, key: &'static str) -> Option<Item<'p>> {
        let item = self.optional(key);
        if item.is_none() {
            self.refuse(key, "is missing".to_owned());
        }
        item
    }

    /// Records a problem of `key` with the origin of this section.
    pub(super) fn refuse(&self, key: &str, text: String) {
        self.problems.add(Problem { path: self.path_of(key), origin: Some(self.origin.clone()), text });
    }

    /// Records the unknown keys.
    pub(super) fn finish(self) {
        for (key, node) in &self.entries {
            let text = match closest(key, &self.asked) {
                Some(known) => format!("is unknown; did you mean {known:?}?"),
                None => format!("is unknown; known here are {}", self.asked.join(", ")),
            };
            self.problems.add(Problem { path: self.path_of(key), origin: Some(node.origin.clone()), text });
        }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

impl<'p> Item<'p> {
    /// Its name and origin, for problems found after it was read.
    pub(super) fn location(&self) -> Location<'p> {
        Location { path: self.path.clone(), origin: self.node.origin.clone(), problems: self.problems }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn refuse(&self, text: String) {
        self.problems.add(Problem { path: self.path.clone(), origin: Some(self.node.origin.clone()), text });
    }

    fn refuse_kind(&self, expected: &str) {
        self.refuse(format!("must be {expected}; found {}", self.node.value.kind()));
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Value::Text(text) | Value::Variable(text) = &self.node.value {
            return Some(text);
        }
        self.refuse_kind("text in quotes");
        None
    }

    /// Parses its text; `allowed` describes the possible values. The problem quotes the text.
    pub(super) fn parse<T>(&self, allowed: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.text()?;
        let parsed = parse(text);
        if parsed.is_none() {
            self.refuse(format!("must be {allowed}; found {text:?}"));
        }
        parsed
    }

    /// The folder at which a relative path in it starts.
    pub(super) fn folder(&self) -> &'p Path {
        match &self.node.origin {
            Origin::Default | Origin::File { .. } => self.folder,
            Origin::Variable(_) => Path::new(""),
        }
    }

    /// The one of `choices` that it names.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Option<T> {
        let words: Vec<String> = choices.iter().map(|(word, _)| format!("{word:?}")).collect();
        self.parse(&words.join(" or "), |text| {
            choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice)
        })
    }

    /// Its number, when it is within `allowed`.
    pub(super) fn whole_number<T: TryFrom<i64>>(self, allowed: RangeInclusive<i64>) -> Option<T> {
        let expected = format!("a whole number from {} to {}", allowed.start(), allowed.end());
        let item = self.interpreted();
        let Value::Integer(number) = item.node.value else {
            item.refuse_kind(&expected);
            return None;
        };
        if !allowed.contains(&number) {
            item.refuse(format!("must be {expected}; found {number}"));
            return None;
        }
        T::try_from(number).ok()
    }

    pub(super) fn flag(self) -> Option<bool> {
        let item = self.interpreted();
        if let Value::Flag(flag) = item.node.value {
            return Some(flag);
        }
        item.refuse_kind("true or false");
        None
    }

    pub(super) fn list(self) -> Option<Vec<Item<'p>>> {
        let item = self.interpreted();
        let Value::List(nodes) = item.node.value else {
            item.refuse_kind("a list in [ ]");
            return None;
        };
        let Self { path, folder, problems, .. } = item;
        let entries = nodes.into_iter().enumerate();
        let entry = |(index, node)| Item { path: format!("{path}[{index}]"), node, folder, problems };
        Some(entries.map(entry).collect())
    }

    pub(super) fn section(self) -> Option<Section<'p>> {
        let item = self.interpreted();
        let Value::Table(entries) = item.node.value else {
            item.refuse_kind("a section");
            return None;
        };
        let Self { path, node: Node { origin, .. }, folder, problems } = item;
        Some(Section { path, origin, entries, asked: Vec::new(), folder, problems })
    }

    /// Reads the text of a variable as TOML, where a value other than text is expected.
    fn interpreted(mut self) -> Self {
        if let Value::Variable(text) = &self.node.value
            && let Some(node) = interpret(text, &self.node.origin)
        {
            self.node = node;
        }
        self
    }
}

/// The one of `known` that `word` was probably meant to be: at most two letters differ, and at most half of them.
pub(super) fn closest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let distances = known.iter().map(|candidate| (distance(word, candidate), *candidate));
    let (distance, candidate) = distances.min()?;
    (distance <= 2 && distance * 2 <= candidate.chars().count()).then_some(candidate)
}

/// How many letters must be added, removed or changed to turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (line, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, to) in b.chars().enumerate() {
            let changed = diagonal + usize::from(from != to);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[b.chars().count()]
}
