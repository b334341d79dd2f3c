//! JSON that is kept as it was written. A history, an event or a frame carries it as part of a larger document, and a
//! reader that fails on the part loses the whole document. So it is checked here, once, before it is kept.
//!
//! JSON that readers refuse or understand differently is refused: half of a surrogate pair, a name that appears twice in
//! one object, a number too large for a `double`, and nesting that is too deep. A NUL is allowed: documented samples have
//! one.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// Checks the JSON value in the member called `field`, in which lists and objects are nested `depth_max` levels deep at
/// most.
///
/// # Errors
/// Why a common reader may fail on it; the text names the place.
pub(crate) fn check(field: &str, json: &str, depth_max: usize) -> Result<(), String> {
    let position = Position::default();
    let look = Checker { position: &position, depth_left: depth_max };
    let mut reader = serde_json::Deserializer::from_str(json);
    look.deserialize(&mut reader).map_err(|error| {
        let problem = position.problem.take().unwrap_or_else(|| unreadable(&error));
        let mut place = field.to_owned();
        for step in position.path.take() {
            // Writing to a string has no way to fail.
            match step {
                PathStep::Member(name) => write!(place, ".{name}").unwrap_or_default(),
                PathStep::Entry(index) => write!(place, "[{index}]").unwrap_or_default(),
            }
        }
        format!("{place} {problem}")
    })
}

/// JSON over several lines, for people: its members stay in their order, its numbers keep their digits.
pub(crate) fn indented(json: &str) -> String {
    let mut shown = String::with_capacity(json.len().saturating_mul(2));
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let mut letters = json.trim().chars().peekable();
    let line = |shown: &mut String, depth: usize| {
        shown.push('\n');
        shown.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(letter) = letters.next() {
        if in_text {
            shown.push(letter);
            in_text = escaped || letter != '"';
            escaped = letter == '\\' && !escaped;
            continue;
        }
        match letter {
            '{' | '[' => {
                while letters.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                shown.push(letter);
                if let Some(end) = letters.next_if(|next| matches!(next, '}' | ']')) {
                    shown.push(end);
                } else {
                    depth = depth.saturating_add(1);
                    line(&mut shown, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut shown, depth);
                shown.push(letter);
            }
            ',' => {
                shown.push(letter);
                line(&mut shown, depth);
            }
            ':' => shown.push_str(": "),
            space if space.is_ascii_whitespace() => {}
            other => {
                in_text = other == '"';
                shown.push(other);
            }
        }
    }
    shown
}

/// Why well-formed JSON cannot be read.
pub(crate) fn unreadable(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(&*text, |(text, _)| text);
    known_problem(text).map_or_else(|| format!("cannot be read: {text}"), str::to_owned)
}

/// Why a whole body cannot be read, with the place.
pub(crate) fn unreadable_body(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ").and_then(|(text, _)| known_problem(text)) {
        Some(problem) => {
            format!("it {problem} at line {} column {}", error.line(), error.column())
        }
        None => text,
    }
}

/// Our text for errors of the reader that are not about syntax.
fn known_problem(text: &str) -> Option<&'static str> {
    match text {
        "lone leading surrogate in hex escape" | "unexpected end of hex escape" => {
            Some("holds half of a surrogate pair")
        }
        "number out of range" => Some("holds a number that is too large"),
        _ => None,
    }
}

enum PathStep {
    Member(String),
    Entry(usize),
}

#[derive(Default)]
struct Position {
    /// The path to the value that is being read.
    path: RefCell<Vec<PathStep>>,
    /// What is wrong with it, unless the reader reports it.
    problem: RefCell<Option<String>>,
}

#[derive(Clone, Copy)]
struct Checker<'a> {
    position: &'a Position,
    depth_left: usize,
}

impl Checker<'_> {
    fn refuse<E: Error>(self, problem: String) -> E {
        *self.position.problem.borrow_mut() = Some(problem);
        E::custom("")
    }

    fn inside<E: Error>(self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left, ..self }),
            None => Err(self.refuse("is nested too deep".to_owned())),
        }
    }

    /// On an error the path stays as it is, so that the error can name it.
    fn at<T, E>(self, step: PathStep, look: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.position.path.borrow_mut().push(step);
        let seen = look()?;
        self.position.path.borrow_mut().pop();
        Ok(seen)
    }
}

impl<'de> DeserializeSeed<'de> for Checker<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Checker<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        let mut index = 0;
        while self.at(PathStep::Entry(index), || list.next_element_seed(inside))?.is_some() {
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        let mut names = BTreeSet::new();
        while let Some(name) = object.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(self.refuse(format!("has the name {name:?} twice")));
            }
            self.at(PathStep::Member(name), || object.next_value_seed(inside))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(json: &str) -> Result<(), String> {
        check("F", json, 3)
    }

    #[test]
    fn json_for_people_has_a_line_for_each_member() {
        let json = r#" {"b":[ ],"a" : {"t":"x,{\"}\\","n":1.50},"l":[1,{}]} "#;
        let shown = "{\n  \"b\": [],\n  \"a\": {\n    \"t\": \"x,{\\\"}\\\\\",\n    \"n\": 1.50\n  },\n  \"l\": [\n    1,\n    {}\n  ]\n}";
        assert_eq!(indented(json), shown);
        assert_eq!(indented(shown), shown);
        assert_eq!(indented(""), "");
    }

    #[test]
    fn readable_json_is_accepted() {
        for json in [
            r#""\ud83d\ude00 \u0000 \ufffe""#,
            r#"{"a":[1.50,-0,12345678901234567890123,1e-400,1.7976931348623157e308],"A":{"a":null}}"#,
            "[[[]]]",
            r#"{"a":{"b":{}}}"#,
            "true",
        ] {
            assert_eq!(problem(json), Ok(()), "{json}");
        }
    }

    #[test]
    fn unreadable_json_is_refused_with_its_place() {
        for (json, expected) in [
            (r#""\ud83d""#, "F holds half of a surrogate pair"),
            (r#"[0,{"T":"cut \ud83d"}]"#, "F[1].T holds half of a surrogate pair"),
            (r#"{"T":"\ud83d\ud83d"}"#, "F.T holds half of a surrogate pair"),
            (r#"{"T":"\ud83d\n"}"#, "F.T holds half of a surrogate pair"),
            (r#"{"T":["\ude00 \ud83d"]}"#, "F.T[0] holds half of a surrogate pair"),
            (r#"{"T":{"\ud83d":1}}"#, "F.T holds half of a surrogate pair"),
            (r#"{"n":1e400}"#, "F.n holds a number that is too large"),
            (r#"[{"a":1,"b":2,"\u0061":3}]"#, r#"F[0] has the name "a" twice"#),
            ("[[[[]]]]", "F[0][0][0] is nested too deep"),
        ] {
            assert_eq!(problem(json), Err(expected.to_owned()), "{json}");
        }
    }
}
