//! Texts that are cut to the limit of their field, never within a character as people see it.

use crate::rules::legal;
use landfall_domain::limits::Span;

/// The longest beginning of a text that has at most `max` bytes and ends between two characters, without blanks around it.
#[must_use]
pub fn cut(text: &str, max: usize) -> &str {
    let text = text.trim();
    if text.len() <= max {
        return text;
    }
    let short = legal::cut(text, max);
    if !short.is_empty() {
        return short.trim_end();
    }
    // One character, as people see it, can be longer than the limit.
    let end = text.floor_char_boundary(max);
    text.get(..end).unwrap_or_default().trim_end()
}

/// The name and introduction of a group. A name that is too long is cut, and stands in full before the introduction where both fit,
/// or instead of an empty one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    pub name: String,
    pub introduction: String,
    pub name_is_cut: bool,
    pub introduction_is_cut: bool,
}

/// Fits name and introduction into their limits.
#[must_use]
pub fn heading(name: &str, introduction: &str, name_span: Span, introduction_span: Span) -> Heading {
    let (full, introduction) = (name.trim(), introduction.trim());
    let name = cut(full, name_span.max);
    let name_is_cut = name != full;
    let mut kept = introduction.to_owned();
    if name_is_cut && !introduction.starts_with(full) {
        let both = if introduction.is_empty() { full.to_owned() } else { format!("{full}\n{introduction}") };
        if both.len() <= introduction_span.max {
            kept = both;
        }
    }
    let short = cut(&kept, introduction_span.max);
    Heading {
        name: name.to_owned(),
        introduction_is_cut: short != kept,
        introduction: short.to_owned(),
        name_is_cut,
    }
}

/// A name made of the nicks of members, as many as fit; the number of the others follows.
#[must_use]
pub fn name_of_members(nicks: &[&str], max: usize) -> String {
    let mut name = String::new();
    for (position, nick) in nicks.iter().enumerate() {
        let others = nicks.len() - position - 1;
        let rest = if others == 0 { String::new() } else { format!(", +{others}") };
        let separator = if position == 0 { "" } else { ", " };
        if max < name.len() + separator.len() + nick.len() + rest.len() {
            if position == 0 {
                return format!("{}{rest}", cut(nick, max.saturating_sub(rest.len())));
            }
            return format!("{name}, +{}", others + 1);
        }
        name.push_str(separator);
        name.push_str(nick);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_cut_between_characters_as_people_see_them() {
        assert_eq!(cut("short", 30), "short");
        assert_eq!(cut("ab👨‍👩‍👧c", 10), "ab");
        assert_eq!(cut("ab👨‍👩‍👧c", 20), "ab👨‍👩‍👧");
        assert_eq!(cut("one two", 4), "one");
        assert_eq!(cut("👨‍👩‍👧", 5), "👨");
    }

    #[test]
    fn a_name_that_is_cut_is_kept_in_full_where_it_fits() {
        let heading = |name: &str, introduction: &str| {
            let heading = heading(name, introduction, Span::one_to(6), Span::up_to(20));
            (heading.name, heading.introduction, heading.name_is_cut, heading.introduction_is_cut)
        };
        let owned = |name: &str, introduction: &str, name_cut, introduction_cut| {
            (name.to_owned(), introduction.to_owned(), name_cut, introduction_cut)
        };
        assert_eq!(heading("abc", "i"), owned("abc", "i", false, false));
        assert_eq!(heading("abcdefgh", ""), owned("abcdef", "abcdefgh", true, false));
        assert_eq!(heading("abcdefgh", "text"), owned("abcdef", "abcdefgh\ntext", true, false));
        assert_eq!(heading("abcdefgh", "a longer text"), owned("abcdef", "a longer text", true, false));
        assert_eq!(heading("abc", &"x".repeat(21)), owned("abc", &"x".repeat(20), false, true));
    }

    #[test]
    fn a_name_of_members_says_how_many_it_does_not_name() {
        let nicks = ["Ann", "Ben", "Cleopatra", "Dan"];
        assert_eq!(name_of_members(&nicks, 40), "Ann, Ben, Cleopatra, Dan");
        assert_eq!(name_of_members(&nicks, 20), "Ann, Ben, +2");
        assert_eq!(name_of_members(&["Maximilian", "Ben"], 8), "Maxi, +1");
    }

    proptest! {
        #[test]
        fn a_cut_text_keeps_its_limit(text in ".{0,60}", max in 0_usize..40) {
            let short = cut(&text, max);
            prop_assert!(short.len() <= max && text.trim().starts_with(short));
        }
    }
}
