//! The tokens of Rust source, without comments, strings and characters.

/// A name, a number, `::` or a single punctuation character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'text> {
    pub(super) text: &'text str,
    /// Where it begins, in bytes.
    start: usize,
}

impl Token<'_> {
    /// Its line in `source`, counted from 1.
    pub(super) fn line(&self, source: &str) -> usize {
        source[..self.start].bytes().filter(|byte| *byte == b'\n').count() + 1
    }
}

/// All tokens of `source`, which is expected to compile. For other text the tokens are arbitrary.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = source[start..].chars().next() {
        let rest = &source[start..];
        let (length, is_token) = match first {
            _ if first.is_whitespace() => (first.len_utf8(), false),
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
            '/' if rest.starts_with("/*") => (comment(rest), false),
            '"' => (string(rest), false),
            '\'' => (character(rest), false),
            _ if is_name_part(first) => match raw_string(rest) {
                Some(length) => (length, false),
                None => (rest.find(|c| !is_name_part(c)).unwrap_or(rest.len()), true),
            },
            ':' if rest.starts_with("::") => (2, true),
            _ => (first.len_utf8(), true),
        };
        if is_token {
            tokens.push(Token { text: &rest[..length], start });
        }
        start += length;
    }
    tokens
}

fn is_name_part(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Length of the block comment at the start of `text`; such comments nest.
fn comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut end = 0;
    while let Some(found) = text[end..].find(['/', '*']) {
        end += found;
        match text.get(end..end + 2) {
            Some("/*") => (depth, end) = (depth + 1, end + 2),
            Some("*/") if depth == 1 => return end + 2,
            Some("*/") => (depth, end) = (depth - 1, end + 2),
            Some(_) | None => end += 1,
        }
    }
    text.len()
}

/// Length of the string at the start of `text`, quotes included.
fn string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, character)| {
        let ends = !escaped && *character == '"';
        escaped = !escaped && *character == '\\';
        ends
    });
    end.map_or(text.len(), |(end, _)| end + 1)
}

/// Length of the raw string at the start of `text`, if there is one.
fn raw_string(text: &str) -> Option<usize> {
    let rest = ["r", "br", "cr"].iter().find_map(|prefix| text.strip_prefix(prefix))?;
    let inner = rest.trim_start_matches('#');
    let hashes = &rest[..rest.len() - inner.len()];
    let inner = inner.strip_prefix('"')?;
    let end = format!("\"{hashes}");
    let length = inner.find(&end).map_or(inner.len(), |found| found + end.len());
    Some(text.len() - inner.len() + length)
}

/// Length of the character at the start of `text`, or only of the quote where a lifetime begins.
fn character(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    let (_, first) = characters.next().unwrap_or_default();
    let (second_start, second) = characters.next().unwrap_or_default();
    if first == '\\' {
        // The escaped character may itself be a quote.
        let escaped_end = second_start + second.len_utf8();
        return text[escaped_end..].find('\'').map_or(text.len(), |found| escaped_end + found + 1);
    }
    if second == '\'' { second_start + 1 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        tokens(source).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn names_and_punctuation_are_tokens() {
        assert_eq!(texts("pub(super) use a::b_1;"), ["pub", "(", "super", ")", "use", "a", "::", "b_1", ";"]);
    }

    #[test]
    fn comments_and_literals_are_no_tokens() {
        for literal in [
            "// a::b",
            "/* a /* b */ c */",
            r#""a::b""#,
            r#""a \" b \\""#,
            r##"r#"a " b"#"##,
            r#"br"a \""#,
            "'a'",
            r"'\''",
            r"'\\'",
            r"'\u{41}'",
            "'ü'",
        ] {
            assert_eq!(texts(&format!("x {literal}\n y")), ["x", "y"], "{literal}");
        }
    }

    #[test]
    fn lifetimes_end_nothing() {
        assert_eq!(texts("&'a str, 'b'"), ["&", "a", "str", ","]);
    }

    #[test]
    fn a_source_that_ends_in_the_middle_is_read_to_its_end() {
        for source in ["\"a", "r#\"a", "/* a", "'", "'\\", "'\\u{", "//", "a:"] {
            tokens(source);
        }
    }

    #[test]
    fn lines_are_counted_from_1() {
        let source = "a\n\"\n\"\nb";
        let lines: Vec<usize> = tokens(source).iter().map(|token| token.line(source)).collect();
        assert_eq!(lines, [1, 4]);
    }
}
