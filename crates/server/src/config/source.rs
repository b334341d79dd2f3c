//! Joins the three layers into one tree in which every value has its origin.

use super::problem::{Origin, Problem, Problems};
use super::{DEFAULT, page};
use std::collections::BTreeMap;
use std::ffi::OsString;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and its origin.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Flag(bool),
    /// A type that no setting has, by its name.
    Other(&'static str),
    List(Vec<Node>),
    Table(BTreeMap<String, Node>),
    /// Text of a variable: its meaning depends on the type that is expected.
    Variable(String),
}

impl Value {
    /// Its type, for a message. Never the value, which may be a secret key in the wrong place.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Variable(_) => "text",
            Self::Integer(_) => "a number",
            Self::Flag(_) => "true or false",
            Self::Other(kind) => kind,
            Self::List(_) => "a list",
            Self::Table(_) => "a section",
        }
    }
}

/// Lays `text` over the default and `variables` over both. `None` when `text` is not TOML; its problems are recorded.
pub(super) fn layers(
    name: &str,
    text: &str,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    problems: &Problems,
) -> Option<Node> {
    let default = parse(DEFAULT, |_| Origin::Default, problems);
    let file = parse(text, |line| Origin::File { name: name.to_owned(), line }, problems);
    let mut root = overlay(default?, file?);
    for variable in Variable::recognized(variables, problems) {
        if let Err(text) = insert(&mut root, &variable, &variable.path) {
            problems.add(Problem { path: variable.dotted(), origin: Some(variable.origin()), text });
        }
    }
    Some(root)
}

/// Reads TOML; the text of a problem never quotes the input, because the line may hold a key.
fn parse(text: &str, origin: impl Fn(usize) -> Origin, problems: &Problems) -> Option<Node> {
    let place = |offset: usize| {
        let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
        origin(1 + before.iter().filter(|&&byte| byte == b'\n').count())
    };
    let (table, mut errors) = DeTable::parse_recoverable(text);
    errors.sort_by_key(|error| error.span().map(|span| span.start));
    for error in &errors {
        let origin = error.span().map(|span| place(span.start));
        problems.add(Problem {
            path: String::new(),
            origin,
            text: format!("is not TOML: {}", error.message()),
        });
    }
    errors.is_empty().then(|| table_node(table.get_ref(), place(table.span().start), &place))
}

fn table_node(table: &DeTable<'_>, origin: Origin, place: &dyn Fn(usize) -> Origin) -> Node {
    let entries = table.iter().map(|(key, value)| {
        // The origin of a setting is the line of its name, which is the beginning of a long list.
        (key.get_ref().clone().into_owned(), node(value, place(key.span().start), place))
    });
    Node { value: Value::Table(entries.collect()), origin }
}

fn node(value: &Spanned<DeValue<'_>>, origin: Origin, place: &dyn Fn(usize) -> Origin) -> Node {
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Other("a number too large"),
        },
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Float(_) => Value::Other("a number with a fraction"),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(items) => {
            Value::List(items.iter().map(|item| node(item, place(item.span().start), place)).collect())
        }
        DeValue::Table(table) => return table_node(table, origin, place),
    };
    Node { value, origin }
}

/// Tables are joined; anything else of the upper layer replaces the lower.
fn overlay(lower: Node, upper: Node) -> Node {
    match (lower.value, upper.value) {
        (Value::Table(mut lower), Value::Table(upper_entries)) => {
            for (key, above) in upper_entries {
                let joined = match lower.remove(&key) {
                    Some(below) => overlay(below, above),
                    None => above,
                };
                lower.insert(key, joined);
            }
            Node { value: Value::Table(lower), origin: upper.origin }
        }
        (_, value) => Node { value, origin: upper.origin },
    }
}

/// A segment of the path of a setting. Numbers order as numbers, so entry 2 is added before entry 10.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PathSegment {
    Index(usize),
    Key(String),
}

/// A variable that names a setting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Variable {
    path: Vec<PathSegment>,
    name: String,
    value: String,
}

const PREFIX: &str = "LANDFALL__";

impl Variable {
    /// Those among `variables` that start with [`PREFIX`], outer settings before those inside them.
    fn recognized(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        problems: &Problems,
    ) -> Vec<Self> {
        let mut recognized = Vec::new();
        for (name, value) in variables {
            let name = name.to_string_lossy().into_owned();
            if let Some(meant) = respelt(&name) {
                problems.add(Problem::unplaced(&name, format!("is not a setting; did you mean {meant}?")));
                continue;
            }
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            let path: Vec<PathSegment> = rest.split("__").map(PathSegment::parse).collect();
            let variable = Self { path, name, value: String::new() };
            match value.into_string() {
                Ok(_) if variable.path.contains(&PathSegment::Key(String::new())) => {
                    let text = format!("must be {PREFIX}SECTION__KEY");
                    problems.add(Problem { path: String::new(), origin: Some(variable.origin()), text });
                }
                Ok(value) => recognized.push(Self { value, ..variable }),
                Err(_) => problems.add(Problem {
                    path: variable.dotted(),
                    origin: Some(variable.origin()),
                    text: "is not UTF-8".to_owned(),
                }),
            }
        }
        recognized.sort();
        recognized
    }

    fn origin(&self) -> Origin {
        Origin::Variable(self.name.clone())
    }

    /// The path as problems print it: `app[0].secret_key`.
    fn dotted(&self) -> String {
        let mut dotted = String::new();
        for segment in &self.path {
            match segment {
                PathSegment::Index(index) => dotted.push_str(&format!("[{index}]")),
                PathSegment::Key(key) if dotted.is_empty() => dotted.push_str(key),
                PathSegment::Key(key) => {
                    dotted.push('.');
                    dotted.push_str(key);
                }
            }
        }
        dotted
    }
}

/// The variable that `name` was most likely meant to be: that of a setting, with the same words joined differently. Other names
/// with the same beginning belong to other tools of ours or to an orchestrator.
fn respelt(name: &str) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    let words: Vec<&str> = upper.split('_').filter(|word| !word.is_empty()).collect();
    if words.first() != PREFIX.strip_suffix("__").as_ref() {
        return None;
    }
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let mut numbers = words.iter().copied().filter(|word| is_number(word));
    let same = |known: &String| {
        let known = known.split('_').filter(|word| !word.is_empty());
        known.eq(words.iter().map(|word| if is_number(word) { "0" } else { word }))
    };
    let known = page::variables().into_iter().find(same)?;
    let segments = known
        .split("__")
        .map(|segment| if segment == "0" { numbers.next().unwrap_or(segment) } else { segment });
    let meant = segments.collect::<Vec<_>>().join("__");
    // The prefix is case-sensitive, the rest is not.
    (!name.starts_with(PREFIX) || meant != upper).then_some(meant)
}

impl PathSegment {
    fn parse(word: &str) -> Self {
        match word.parse() {
            Ok(index) => Self::Index(index),
            Err(_) => Self::Key(word.to_lowercase()),
        }
    }
}

/// Puts the variable at `path` below `node`, creating missing tables and entries. The error says what is in the way.
fn insert(node: &mut Node, variable: &Variable, path: &[PathSegment]) -> Result<(), String> {
    let Some((segment, rest)) = path.split_first() else {
        *node = Node { value: Value::Variable(variable.value.clone()), origin: variable.origin() };
        return Ok(());
    };
    // One variable may hold a whole list, and others change an entry of it.
    if let Value::Variable(text) = &node.value
        && let Some(parsed) = interpret(text, &node.origin)
    {
        *node = parsed;
    }
    let empty = || Node {
        value: match rest.first() {
            Some(PathSegment::Index(_)) => Value::List(Vec::new()),
            Some(PathSegment::Key(_)) | None => Value::Table(BTreeMap::new()),
        },
        origin: variable.origin(),
    };
    match (&mut node.value, segment) {
        (Value::Table(entries), PathSegment::Key(key)) => {
            insert(entries.entry(key.clone()).or_insert_with(empty), variable, rest)
        }
        (Value::List(entries), PathSegment::Index(index)) => {
            if entries.len() == *index {
                entries.push(empty());
            }
            let count = entries.len();
            match entries.get_mut(*index) {
                Some(entry) => insert(entry, variable, rest),
                None => Err(format!("entries are counted from 0 without gaps, and there are {count}")),
            }
        }
        (value @ Value::List(_), PathSegment::Key(_)) => {
            Err(format!("needs the number of an entry of {}, counted from 0", value.kind()))
        }
        (value, PathSegment::Key(_) | PathSegment::Index(_)) => {
            Err(format!("is inside {}, which has no settings", value.kind()))
        }
    }
}

/// The text of a variable read as a TOML value; `None` when it is not one.
pub(super) fn interpret(text: &str, origin: &Origin) -> Option<Node> {
    let value = DeValue::parse(text.trim()).ok()?;
    Some(node(&value, origin.clone(), &|_| origin.clone()))
}
