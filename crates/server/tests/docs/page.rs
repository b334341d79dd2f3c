//! The documents and their fenced blocks.

use std::path::{Path, PathBuf};

/// A fenced block.
pub(crate) struct Block {
    /// The words after the fence: the language, then how the block is tested.
    pub(crate) words: Vec<String>,
    pub(crate) text: String,
    /// The line of its opening fence, counted from 1.
    pub(crate) line: usize,
}

impl Block {
    /// Whether the words of the block begin with these.
    pub(crate) fn is(&self, words: &[&str]) -> bool {
        self.words.iter().zip(words).filter(|(has, wanted)| has == wanted).count() == words.len()
    }
}

/// The directory of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// One document, by its path in the workspace.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every document whose examples the tests run.
pub(crate) fn all() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned()];
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().to_str().unwrap().to_owned();
        pages.extend(name.ends_with(".md").then(|| format!("docs/{name}")));
    }
    pages.sort();
    pages
}

/// Every document, those without examples included.
pub(crate) fn every() -> Vec<String> {
    let mut pages = all();
    pages.extend(["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(str::to_owned));
    pages
}

/// The fenced blocks of a page, in order.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let text = read(page);
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let Some(words) = line.strip_prefix("```") else { continue };
        let inside: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        blocks.push(Block {
            words: words.split(' ').map(str::to_owned).collect(),
            text: inside.join("\n") + "\n",
            line: index + 1,
        });
    }
    blocks
}

/// Whether `line` is `pattern`, in which `…` stands for anything.
pub(crate) fn fits(pattern: &str, line: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('…') else { return pattern == line };
    let Some(mut left) = line.strip_prefix(first) else { return false };
    let (between, last) = rest.rsplit_once('…').unwrap_or(("", rest));
    for part in between.split('…') {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}

#[test]
fn an_ellipsis_stands_for_anything() {
    for (pattern, line) in [
        ("a…c", "abbc"),
        ("a…", "abc"),
        ("…", ""),
        ("abc", "abc"),
        ("…c", "abc"),
        ("a…c…", "abcd"),
        ("a…c", "acbc"),
    ] {
        assert!(fits(pattern, line), "{pattern} {line}");
    }
    for (pattern, line) in [("a…c", "ab"), ("abc", "abcd"), ("a…c", "abcd"), ("b…", "abc"), ("", "a")] {
        assert!(!fits(pattern, line), "{pattern} {line}");
    }
}
