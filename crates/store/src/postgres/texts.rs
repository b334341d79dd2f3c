//! Texts as PostgreSQL takes them: all of Unicode but U+0000, which the API lets through.
//!
//! U+0000 is kept as U+10FFFF and `0`, U+10FFFF itself as U+10FFFF and `1`. U+10FFFF is no character and stands in no
//! text people write, so what is in the tables reads and sorts as it is.

use std::borrow::Cow;

const MARK: char = '\u{10ffff}';

/// The text as it is kept.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    // The first byte of U+10FFFF stands in few other texts.
    if !text.bytes().any(|byte| byte == 0 || byte == 0xf4) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\0' => kept.extend([MARK, '0']),
            MARK => kept.extend([MARK, '1']),
            other => kept.push(other),
        }
    }
    Cow::Owned(kept)
}

/// The text that is kept as `kept`.
pub(super) fn unescape(kept: String) -> String {
    if !kept.contains(MARK) {
        return kept;
    }
    let mut text = String::with_capacity(kept.len());
    let mut characters = kept.chars();
    while let Some(character) = characters.next() {
        if character != MARK {
            text.push(character);
            continue;
        }
        match characters.next() {
            Some('0') => text.push('\0'),
            Some('1') => text.push(MARK),
            // Nothing this program wrote; shown as it stands.
            other => text.extend([MARK].into_iter().chain(other)),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_two_characters_change() {
        assert_eq!(escape("a\0b"), "a\u{10ffff}0b");
        assert_eq!(escape("\u{10ffff}0"), "\u{10ffff}10");
        assert!(
            matches!(escape("Büchertisch \u{1f4da} \u{100000}"), Cow::Owned(same) if same == "Büchertisch \u{1f4da} \u{100000}")
        );
        assert!(matches!(escape("plain \\ '"), Cow::Borrowed(_)));
        assert_eq!(unescape("\u{10ffff}".to_owned()), "\u{10ffff}");
        assert_eq!(unescape("\u{10ffff}x".to_owned()), "\u{10ffff}x");
    }

    proptest! {
        #[test]
        fn texts_come_back(text in prop::collection::vec(prop_oneof![Just('\0'), Just('\u{10ffff}'), Just('0'), any::<char>()], 0..20)) {
            let text: String = text.into_iter().collect();
            let kept = escape(&text).into_owned();
            prop_assert!(!kept.contains('\0'));
            prop_assert_eq!(unescape(kept), text);
        }
    }
}
