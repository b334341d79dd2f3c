//! Times as exports write them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A time in milliseconds since 1970. `None` for what is no time, and for times before 1970.
///
/// Numbers are seconds, with a fraction or without; milliseconds from 100,000,000,000 on, and microseconds from
/// 100,000,000,000,000 on. Texts are dates with times as RFC 3339 has them; the seconds and the offset may be missing, and a blank may
/// stand for the `T`. Without an offset they are UTC. [choice]
#[must_use]
pub fn parse_ms(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        let Ok(number) = text.parse::<u64>() else { return parse_us(text).map(|us| us / 1_000) };
        return Some(match number {
            0..100_000_000_000 => number * 1_000,
            100_000_000_000..100_000_000_000_000 => number,
            _ => number / 1_000,
        });
    }
    let (date, time) = text.split_at_checked(10)?;
    let time = time.strip_prefix(['T', 't', ' '])?.trim_start();
    let end = time.find(|letter: char| !letter.is_ascii_digit() && letter != ':' && letter != '.');
    let (clock, offset) = time.split_at(end.unwrap_or(time.len()));
    let seconds = if clock.matches(':').count() == 1 { ":00" } else { "" };
    let offset = match offset.trim() {
        "" | "UTC" => "Z".to_owned(),
        short if short.len() == 5 && !short.contains(':') => {
            let (hours, minutes) = short.split_at_checked(3)?;
            format!("{hours}:{minutes}")
        }
        other => other.to_owned(),
    };
    let parsed = OffsetDateTime::parse(&format!("{date}T{clock}{seconds}{offset}"), &Rfc3339).ok()?;
    u64::try_from(parsed.unix_timestamp_nanos() / 1_000_000).ok()
}

/// Seconds since 1970 with a fraction, such as `1355517523.000005`, in microseconds. `None` for what is no number.
#[must_use]
pub fn parse_us(text: &str) -> Option<u64> {
    let (seconds, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(seconds) || !is_number(fraction) {
        return None;
    }
    let seconds: u64 = seconds.parse().ok()?;
    let micros = fraction.get(..fraction.len().min(6)).unwrap_or_default();
    let micros: u64 = format!("{micros:0<6}").parse().ok()?;
    seconds.checked_mul(1_000_000)?.checked_add(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_spelling() {
        for (text, ms) in [
            ("1546500000", 1_546_500_000_000),
            ("1546500000.25", 1_546_500_000_250),
            ("1546500000123", 1_546_500_000_123),
            ("1546500000123456", 1_546_500_000_123),
            (" 2019-01-03T07:20:00Z ", 1_546_500_000_000),
            ("2019-01-03T08:20:00.5+01:00", 1_546_500_000_500),
            ("2019-01-03 07:20:00", 1_546_500_000_000),
            ("2019-01-03 07:20", 1_546_500_000_000),
            ("2019-01-03 07:20:00 UTC", 1_546_500_000_000),
            ("2019-01-03 08:20:00 +0100", 1_546_500_000_000),
        ] {
            assert_eq!(parse_ms(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "NaN",
            "yesterday",
            "03.01.2019",
            "1.2.3",
            "1969-12-31T23:59:59Z",
            "2019-13-01 00:00:00",
            "99999999999999999999",
            "-5",
            "ä019-01-03T07:20:00Z",
        ] {
            assert_eq!(parse_ms(text), None, "{text}");
        }
    }

    #[test]
    fn microseconds_are_kept() {
        assert_eq!(parse_us("1355517523.000005"), Some(1_355_517_523_000_005));
        assert_eq!(parse_us("1355517523"), Some(1_355_517_523_000_000));
        assert_eq!(parse_us("NaN"), None);
    }
}
