//! Times and numbers as people read them.

use landfall_domain::people::archive::date;
use landfall_domain::time::Timestamp;

/// Later times are mistakes, and have no date: the end of the year 9999.
const LAST: u64 = 253_402_300_799;

/// Date and time in UTC, to the second: `2026-01-31 12:00:00`; `-` for 0, which stands for never.
pub(crate) fn moment(at: Timestamp) -> String {
    if !(1..=LAST).contains(&at.0) {
        return "-".to_owned();
    }
    let ((year, month, day), second) = (date(at.0 / 86_400), at.0 % 86_400);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// A number with a space before each three digits.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if 0 < place && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        assert_eq!(moment(Timestamp(0)), "-");
        assert_eq!(moment(Timestamp(951_782_399)), "2000-02-28 23:59:59");
        assert_eq!(moment(Timestamp(u64::MAX)), "-");
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1_000, "1\u{202f}000"), (12_345_678, "12\u{202f}345\u{202f}678")]
        {
            assert_eq!(count(number), text);
        }
    }
}
