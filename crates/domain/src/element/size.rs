//! How much of a message its elements are.
//!
//! The size of a message is that of what it says, not of how that is written: names and texts without their
//! escapes, in UTF-8, and numbers, `true`, `false` and `null` as they are written; brackets, braces, quotes, colons,
//! commas and white space do not count. It is a sixth of what is written at least, so that what does not count has a bound.

/// An escaped byte takes so many at most.
const ESCAPED: usize = 6;

/// The size in bytes of `json`, which is well-formed.
#[must_use]
pub fn size(json: &str) -> usize {
    let mut said = 0;
    let mut is_text = false;
    let mut rest = json.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'"' => is_text = !is_text,
            b'\\' if is_text => {
                let (bytes, after) = escape(rest);
                said += bytes;
                rest = after;
            }
            b'[' | b']' | b'{' | b'}' | b':' | b',' if !is_text => {}
            byte if !is_text && byte.is_ascii_whitespace() => {}
            _ => said += 1,
        }
    }
    said.max(json.len() / ESCAPED)
}

/// The bytes of the character whose escape begins `rest`, behind the backslash, and what follows it.
fn escape(rest: &[u8]) -> (usize, &[u8]) {
    let Some((b'u', digits)) = rest.split_first() else { return (1, rest.get(1..).unwrap_or_default()) };
    let (digits, after) = digits.split_at_checked(4).unwrap_or((digits, &[]));
    let unit = std::str::from_utf8(digits).ok().and_then(|digits| u16::from_str_radix(digits, 16).ok());
    let bytes = match unit {
        Some(..0x80) => 1,
        // The latter are halves of a pair, which is a character of four bytes.
        Some(0x80..0x800 | 0xd800..0xe000) => 2,
        Some(_) | None => 3,
    };
    (bytes, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_counts_and_how_it_is_written_does_not() {
        for (json, expected) in [
            ("[]", 0),
            (r#""abc""#, 3),
            (r#""a\nb""#, 3),
            (r#""\"\\\/\b\f\r\t""#, 7),
            (r#""é""#, 2),
            (r#""\u00e9""#, 2),
            (r#""\u00E9""#, 2),
            (r#""\u0041""#, 1),
            (r#""\u0000\u007f\u0080""#, 4),
            (r#""\u07ff\u0800\uffff""#, 8),
            (r#""\u4f60好""#, 6),
            (r#""\ud83d\ude00😀""#, 8),
            (r#""[{:,}] ""#, 7),
            (r#"{"a":{"bc":["d",1.50,-2e3,true,false,null]}}"#, 4 + 4 + 4 + 4 + 5 + 4),
            ("[ 1 ,\n\t 2 ]", 2),
            (r#"[{"MsgType":"TIMTextElem","MsgContent":{"Text":"a\u0062\n"}}]"#, 7 + 11 + 10 + 4 + 3),
        ] {
            assert_eq!(size(json), expected, "{json}");
        }
    }

    #[test]
    fn what_does_not_count_has_a_bound() {
        assert_eq!(size(&"[".repeat(600)), 100);
        assert_eq!(size(&format!("[{}1]", " ".repeat(57))), 10);
        // What is escaped counts by itself.
        let escaped = format!("\"{}\"", "\\u0001".repeat(100));
        assert_eq!(size(&escaped), 100);
        let pair = "\\ud83d\\ude00".repeat(100);
        assert_eq!(size(&format!("\"{pair}\"")), 400);
    }

    #[test]
    fn what_is_cut_off_is_counted_without_a_panic() {
        for cut in [r#""\"#, r#""\u"#, r#""\u00"#, r#""\uzzzz"#, "\"\\é", ""] {
            assert!(size(cut) <= 5, "{cut}");
        }
    }
}
