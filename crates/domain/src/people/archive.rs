//! Files with all messages of an hour, which an app fetches for its own records.

use super::counts::ZONE_SECONDS;
use crate::time::Timestamp;
use std::fmt;

const SECONDS: u64 = 60 * 60;

/// An hour, counted from 1970. Hours begin at the same moments in UTC and in the zone that names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(pub u32);

impl Hour {
    /// The hour of a moment.
    #[must_use]
    pub fn of(now: Timestamp) -> Self {
        Self(u32::try_from(now.0 / SECONDS).unwrap_or(u32::MAX))
    }

    /// Its first second.
    #[must_use]
    pub fn begin(self) -> Timestamp {
        Timestamp(u64::from(self.0) * SECONDS)
    }

    /// The first second after it.
    #[must_use]
    pub fn end(self) -> Timestamp {
        Timestamp(self.begin().0 + SECONDS)
    }

    /// The day of UTC that it is in, counted from 1970.
    #[must_use]
    pub fn day(self) -> u32 {
        self.0 / 24
    }

    /// The hour with this name, `YYYYMMDDHH` in UTC+8.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        if name.len() != 10 || !name.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number = |from: usize, to: usize| name.get(from..to)?.parse::<u64>().ok();
        let (year, month, day, hour) = (number(0, 4)?, number(4, 6)?, number(6, 8)?, number(8, 10)?);
        let days = (1970..=9999).contains(&year).then(|| days_before(year, month, day))?;
        let found = Self(u32::try_from((days * 24 + hour).checked_sub(ZONE_SECONDS / SECONDS)?).ok()?);
        // Months of 40 days and hours above 23 are no names.
        (found.to_string() == name).then_some(found)
    }
}

/// Its name: `YYYYMMDDHH` in UTC+8.
impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = u64::from(self.0) + ZONE_SECONDS / SECONDS;
        let (year, month, day) = date(local / 24);
        write!(f, "{year:04}{month:02}{day:02}{:02}", local % 24)
    }
}

/// Days from 1970 to a date, whose month and day may be too large.
fn days_before(year: u64, month: u64, day: u64) -> u64 {
    // Years that begin in March have their leap day last.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let of_years = year * 365 + year / 4 - year / 100 + year / 400;
    (of_years + (153 * month + 2) / 5 + day).saturating_sub(719_469)
}

/// Year, month and day of a day that is counted from 1970.
#[must_use]
pub fn date(day: u64) -> (u64, u64, u64) {
    let day = day + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let of_month = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (year + era * 400, month, of_month)
}

/// A moment as `YYYY-MM-DD hh:mm:ss` in UTC+8.
#[must_use]
pub fn date_and_time(moment: Timestamp) -> String {
    let local = moment.0.saturating_add(ZONE_SECONDS);
    let (year, month, day) = date(local / (24 * SECONDS));
    let second = local % (24 * SECONDS);
    let (hour, minute, second) = (second / SECONDS, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// Which messages a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArchiveKind {
    /// Those between two accounts.
    Direct,
    /// Those in groups and topics.
    Group,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFile {
    /// The SHA-256 of the compressed content, by which it is kept: 64 hexadecimal digits in lower case.
    pub id: Box<str>,
    /// Of the content, bytes.
    pub bytes: u64,
    /// Of the content, hexadecimal digits in lower case.
    pub md5: Box<str>,
    /// Of the compressed content, bytes.
    pub compressed_bytes: u64,
    /// Of the compressed content.
    pub compressed_md5: Box<str>,
}

/// How far the files of an app have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveProgress {
    /// The first hour that is not done.
    pub next: Hour,
    /// Until when one server is at it, so that the others need not be.
    pub claimed_until: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_have_names_in_their_zone() {
        // The sample of the documentation: a message of 1448974806 is in the file of 2015120121.
        let hour = Hour::of(Timestamp(1_448_974_806));
        assert_eq!(hour.to_string(), "2015120121");
        assert_eq!(Hour::parse("2015120121"), Some(hour));
        assert!(hour.begin() <= Timestamp(1_448_974_806) && Timestamp(1_448_974_806) < hour.end());
        assert_eq!(date_and_time(Timestamp(1_448_974_806)), "2015-12-01 21:00:06");
        for number in (8..4_000_000).step_by(977) {
            assert_eq!(Hour::parse(&Hour(number).to_string()), Some(Hour(number)), "{number}");
        }
        assert_eq!(Hour::parse("2024022923").map(|hour| hour.to_string()), Some("2024022923".to_owned()));
        for wrong in [
            "",
            "20151201",
            "2015120124",
            "2015133112",
            "2023022901",
            "2015-12-01",
            "1970010107",
            "+015120121",
        ] {
            assert_eq!(Hour::parse(wrong), None, "{wrong}");
        }
    }
}
