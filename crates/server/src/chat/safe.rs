//! What others have written, made harmless for a terminal.

/// In place of a character that a terminal or a reader could be deceived with.
const REPLACEMENT: char = '\u{fffd}';

/// Without control characters and marks of direction. What follows the end of a line is indented, so that it is not taken
/// for a line of its own.
pub(super) fn text(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for character in raw.chars() {
        match character {
            '\n' => safe.push_str("\n    "),
            '\t' => safe.push(' '),
            character if deceives(character) => safe.push(REPLACEMENT),
            character => safe.push(character),
        }
    }
    safe
}

/// A frame as it came, with the control characters in its strings escaped.
pub(super) fn json(frame: &str) -> String {
    let mut safe = String::with_capacity(frame.len());
    for character in frame.chars() {
        if character.is_control() {
            safe.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            safe.push(character);
        }
    }
    safe
}

fn deceives(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{061c}')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_others_write_moves_the_cursor_or_looks_like_another_line() {
        assert_eq!(
            text("a\u{1b}[2Jb\u{9b}1mc\rd\u{7}\u{202e}e"),
            "a\u{fffd}[2Jb\u{fffd}1mc\u{fffd}d\u{fffd}\u{fffd}e"
        );
        assert_eq!(text("one\n21:04 #5 ann: two"), "one\n    21:04 #5 ann: two");
        assert_eq!(text("Grüße 你好 👍"), "Grüße 你好 👍");
    }

    #[test]
    fn a_frame_stays_the_same_value() {
        let frame = "{\"Text\":\"a\u{9b}b\u{7f}\"}";
        let safe = json(frame);
        assert!(!safe.contains(char::is_control));
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parse(&safe), parse(frame));
    }
}
