//! Paragraphs that a merge cut in half: they begin or end in the middle of a sentence.

use crate::page;

/// A run of lines that is no list, table, heading, quoted or fenced text.
struct Paragraph {
    text: String,
    /// Its first line, counted from 1.
    line: usize,
}

/// The paragraphs of a page, in order. Lines of a list up to the next empty line belong to it, and so does all indented
/// text.
fn paragraphs(page: &str) -> Vec<Paragraph> {
    let mut found: Vec<Paragraph> = Vec::new();
    let (mut is_fenced, mut is_list, mut continues) = (false, false, false);
    for (index, line) in page.lines().enumerate() {
        let is_fence = line.trim_start().starts_with("```");
        is_fenced ^= is_fence;
        is_list = !line.is_empty() && (is_list || is_item(line));
        let is_prose = !is_fenced
            && !is_fence
            && !is_list
            && !line.starts_with([' ', '#', '|', '>', '<'])
            && !line.is_empty();
        match found.last_mut() {
            Some(paragraph) if is_prose && continues => paragraph.text.push_str(&format!(" {line}")),
            _ if is_prose => found.push(Paragraph { text: line.to_owned(), line: index + 1 }),
            _ => {}
        }
        continues = is_prose;
    }
    found
}

/// Whether a line begins a list, which in the middle of a paragraph only the number 1 does.
fn is_item(line: &str) -> bool {
    ["* ", "- ", "1. "].iter().any(|mark| line.starts_with(mark))
}

/// What shows that text was lost from a paragraph.
fn fault(paragraph: &str) -> Option<&'static str> {
    let emphasis = ['*', '_'];
    let begin = paragraph.trim_start_matches(emphasis);
    if begin.starts_with(|first: char| {
        first.is_lowercase() || first.is_ascii_punctuation() && !"[`\"(".contains(first)
    }) {
        return Some("begins in the middle of a sentence");
    }
    // A code span may end a paragraph that is nothing else.
    let end = paragraph.trim_end_matches(emphasis).trim_end_matches([')', '"']);
    let is_code =
        paragraph.starts_with('`') && paragraph.ends_with('`') && paragraph.matches('`').count() == 2;
    if !end.ends_with(['.', ':', '?', '!']) && !is_code {
        return Some("ends without a full stop");
    }
    let prose: String = paragraph.split('`').step_by(2).collect::<Vec<_>>().join("`");
    let is_cut = prose.split(". ").skip(1).any(|next| next.starts_with(char::is_lowercase));
    is_cut.then_some("has a sentence that begins in its middle")
}

#[test]
fn every_paragraph_is_whole() {
    let mut faults = Vec::new();
    let mut count = 0;
    for name in page::every() {
        for Paragraph { text, line } in paragraphs(&page::read(&name)) {
            count += 1;
            faults.extend(fault(&text).map(|fault| format!("{name}:{line}: the paragraph {fault}: {text}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(100 < count, "only {count} paragraphs were found");
}

#[test]
fn a_paragraph_that_a_merge_cut_is_found() {
    for (paragraph, expected) in [
        (
            "callback) and **durably** (an answer leaves after its sync).",
            "begins in the middle of a sentence",
        ),
        (") and **durably**.", "begins in the middle of a sentence"),
        ("**durably** stored.", "begins in the middle of a sentence"),
        ("They do not connect to it: apps hear of events through a", "ends without a full stop"),
        ("It is for teams that leave, `landfall serve`", "ends without a full stop"),
        ("Apps hear of events through a [gateway](docs/gateway.md)", "ends without a full stop"),
        (
            "Clients connect with a WebSocket and hear what happens. that leave a chat cloud or a home-made chat.",
            "has a sentence that begins in its middle",
        ),
    ] {
        assert_eq!(fault(paragraph), Some(expected), "{paragraph}");
    }
}

#[test]
fn a_whole_paragraph_has_no_fault() {
    for paragraph in [
        "It is **durable**.",
        "`landfall serve` starts it. `landfall check` reads it. See [limits](limits.md):",
        "(It once was another.)",
        "**What does it say?** It says \"done.\"",
        "`TIMTextElem{Text}, TIMFaceElem{Data, Index}`",
        "`a. b` is code.",
        "王家 is a name. 4 are numbers!",
    ] {
        assert_eq!(fault(paragraph), None, "{paragraph}");
    }
}

#[test]
fn only_prose_is_a_paragraph() {
    let page = "# Title\n\nOne\ntwo.\n\n* an entry\n  goes on\nand on\n\n1. an entry\n\n| a | table |\n\n    code\n\n\
        ```sh run\nls\n\nls\n```\nThree.\n<!-- a remark -->\n> a quotation\n";
    let found: Vec<(String, usize)> =
        paragraphs(page).into_iter().map(|Paragraph { text, line }| (text, line)).collect();
    assert_eq!(found, [("One two.".to_owned(), 3), ("Three.".to_owned(), 21)]);
}
