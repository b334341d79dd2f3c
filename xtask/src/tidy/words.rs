//! Words that the project avoids. This file is not searched, since it has to contain them.

use super::tokens::tokens;

/// How often one of some phrases may appear, over all files.
const LIMITS: [(&[&str], usize); 7] = [
    (&["told"], 60),
    (&["who lets", "who asks", "who has", "who was", "who may", "who is"], 25),
    (&["none any more"], 0),
    (&["passed over"], 0),
    (&["for ever"], 0),
    (&["looks whether"], 0),
    (&["stands twice"], 0),
];

/// Names that no type may have.
const TYPES: [&str; 8] =
    ["Scene", "AskedSilently", "Ears", "StoreEars", "Told", "Heard", "FoundedGroup", "Misfit"];

/// How many types may have one of these names.
const TYPES_MAX: usize = 0;

/// The file that is not searched.
const OWN_FILE: &str = "xtask/src/tidy/words.rs";

/// Markers at the start of a line of prose. A phrase may continue after one.
const MARKERS: [&str; 6] = ["///", "//!", "//", "#", "*", ">"];

/// Phrases and types above their limits in `files` (paths and texts).
pub(super) fn problems(files: &[(String, String)]) -> Vec<String> {
    let searched: Vec<_> = files.iter().filter(|(path, _)| path != OWN_FILE).collect();
    let types: Vec<String> = searched.iter().flat_map(|(path, text)| types_in(path, text)).collect();
    let prose: Vec<_> = searched.iter().map(|(path, text)| (path, Prose::of(text))).collect();
    let places = |phrases: &[&str]| -> Vec<String> {
        prose.iter().flat_map(|(path, prose)| prose.places_of(path, phrases)).collect()
    };
    let phrases =
        LIMITS.iter().filter_map(|(phrases, limit)| above(&named(phrases), &places(phrases), *limit));
    phrases.chain(above("types with a forbidden name", &types, TYPES_MAX)).collect()
}

fn named(phrases: &[&str]) -> String {
    format!("\"{}\"", phrases.join("\" or \""))
}

/// Reports more places than allowed, and where they are if none is allowed.
fn above(what: &str, found: &[String], limit: usize) -> Option<String> {
    let places = if limit == 0 { format!("\n    {}", found.join("\n    ")) } else { String::new() };
    (limit < found.len()).then(|| format!("{what}: {} found, {limit} allowed{places}", found.len()))
}

/// A text in lower case with single blanks between its words, whatever lines they are on.
struct Prose {
    text: String,
    /// Where each line begins in it.
    lines: Vec<usize>,
}

impl Prose {
    fn of(source: &str) -> Self {
        let mut prose = Self { text: String::with_capacity(source.len()), lines: Vec::new() };
        for line in source.lines() {
            prose.lines.push(prose.text.len());
            let line = line.trim_start();
            let marker = MARKERS.iter().find(|marker| line.starts_with(**marker));
            let line = marker.map_or(line, |marker| line.trim_start_matches(marker));
            // A string in the source may continue on the next line.
            let line = line.trim_end().trim_end_matches('\\');
            for word in line.split_ascii_whitespace() {
                prose.text.push_str(word);
                prose.text.push(' ');
            }
        }
        prose.text.make_ascii_lowercase();
        prose
    }

    /// The places in the file `path` where one of `phrases` begins.
    fn places_of(&self, path: &str, phrases: &[&str]) -> Vec<String> {
        let mut starts: Vec<usize> = phrases.iter().flat_map(|phrase| self.starts_of(phrase)).collect();
        starts.sort_unstable();
        let line = |start| self.lines.partition_point(|line| *line <= start);
        starts.into_iter().map(|start| format!("{path}:{}", line(start))).collect()
    }

    fn starts_of(&self, phrase: &str) -> impl Iterator<Item = usize> {
        let is_part = |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
        self.text.match_indices(phrase).filter_map(move |(start, found)| {
            let is_whole = !is_part(self.text[..start].chars().next_back())
                && !is_part(self.text[start + found.len()..].chars().next());
            is_whole.then_some(start)
        })
    }
}

/// The places in a file where a type with a forbidden name is defined.
fn types_in(path: &str, source: &str) -> Vec<String> {
    if !path.ends_with(".rs") || !TYPES.iter().any(|name| source.contains(name)) {
        return Vec::new();
    }
    let is_type = |keyword: &str| ["struct", "enum", "trait", "type", "union"].contains(&keyword);
    let tokens = tokens(source);
    let pairs = tokens.iter().zip(tokens.iter().skip(1));
    pairs
        .filter(|(keyword, name)| is_type(keyword.text) && TYPES.contains(&name.text))
        .map(|(_, name)| format!("{path}:{} {}", name.line(source), name.text))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str, phrases: &[&str]) -> Vec<String> {
        Prose::of(text).places_of("a.rs", phrases)
    }

    #[test]
    fn a_phrase_is_found_over_the_end_of_a_line() {
        for text in [
            "x\nNone any more.",
            "x\n/// none\n    /// any more",
            "x\n// none\n// any\n// more",
            "x\n//! none any\n//! more",
            "x\n# none any\n#   more",
            "x\n * none any\n * more",
            "x\n\"none any \\\n    more\"",
        ] {
            assert_eq!(places(text, &["none any more"]), ["a.rs:2"], "{text}");
        }
    }

    #[test]
    fn every_phrase_is_found_at_each_of_its_places() {
        for (phrases, _) in LIMITS {
            let text = format!("{}.\n\n({})", phrases.join("\n"), phrases[0]);
            assert_eq!(places(&text, phrases).len(), phrases.len() + 1, "{text}");
        }
    }

    #[test]
    fn longer_words_and_punctuation_are_no_phrase() {
        for text in ["passed overall", "trespassed over", "passed, over", "passed_over"] {
            assert_eq!(places(text, &["passed over"]), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn places_above_a_limit_are_counted_and_listed_if_none_is_allowed() {
        let found = ["a.rs:1", "b.rs:2"].map(str::to_owned);
        assert_eq!(above("x", &found, 2), None);
        assert_eq!(above("x", &found, 1).as_deref(), Some("x: 2 found, 1 allowed"));
        assert_eq!(above("x", &found, 0).as_deref(), Some("x: 2 found, 0 allowed\n    a.rs:1\n    b.rs:2"));
    }

    #[test]
    fn a_type_is_found_where_it_is_defined() {
        let text = "use x::Scene;\n// struct Scene\npub(crate) struct Scene<'a> {}\ntype SceneAt = Scene;";
        assert_eq!(types_in("a.rs", text), ["a.rs:3 Scene"]);
        for name in TYPES {
            for keyword in ["struct", "enum", "trait", "type"] {
                let text = format!("pub {keyword} {name};");
                assert_eq!(types_in("a.rs", &text), [format!("a.rs:1 {name}")]);
            }
        }
    }

    #[test]
    fn only_the_file_of_the_words_may_contain_them() {
        let told = "told ".repeat(10_000);
        let file = |path: &str| [(path.to_owned(), told.clone())];
        assert_eq!(problems(&file(OWN_FILE)), Vec::<String>::new());
        assert_eq!(problems(&file("xtask/src/tidy.rs")).len(), 1);
    }
}
