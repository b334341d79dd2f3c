//! Files that members upload, for their messages.

use crate::ids::UserId;
use crate::time::Timestamp;
use std::fmt;

/// Digits of an id. The digest of a content, by which other files are known, has 64.
const ID_DIGITS: usize = 48;

/// How long an address for an upload is good, seconds; a request that has begun by then may end later.
pub const TICKET_SECONDS: u32 = 3_600;

/// How long room is kept for a file that does not arrive, seconds.
const ROOM_SECONDS: u64 = 2 * 3_600;

/// How long a file stays that no message refers to, seconds.
const UNUSED_SECONDS: u64 = 24 * 3_600;

const SECONDS_PER_DAY: u64 = 24 * 3_600;

/// How often the use of a file is written down, seconds.
const USE_SECONDS: u64 = SECONDS_PER_DAY;

/// The id of an upload, which is also that of its file: 48 hexadecimal digits in lower case, drawn at random.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadId(Box<str>);

impl UploadId {
    /// The id that these random bytes make.
    #[must_use]
    pub fn of(random: [u8; ID_DIGITS / 2]) -> Self {
        Self(random.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The id with these digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == ID_DIGITS && text.bytes().all(is_digit)).then(|| Self(text.into()))
    }

    /// Its digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadState {
    /// Room is kept for its file.
    Announced,
    /// Its file is there, whole.
    Whole,
    /// Its file is being removed: nothing can refer to it any more.
    Going,
}

/// An upload, and then its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Whose file it is.
    pub account: UserId,
    /// Of the file, exactly.
    pub bytes: u64,
    /// Its type, as the account said: `image/png`.
    pub content_type: Box<str>,
    /// How far it is.
    pub state: UploadState,
    /// Whether a message was sent that refers to it.
    pub used: bool,
    /// When it was announced, was whole, or when a message with it was sent last, to a day.
    pub touched: Timestamp,
}

impl Upload {
    /// Whether a message that is sent now is to be written down.
    #[must_use]
    pub fn needs_note(&self, now: Timestamp) -> bool {
        match self.state {
            UploadState::Announced | UploadState::Whole => {
                !self.used || self.touched.0.saturating_add(USE_SECONDS) <= now.0
            }
            UploadState::Going => false,
        }
    }

    /// Whether its file is to go, in an app that keeps messages for so many days; 0: forever. No message refers to it then
    /// that is still kept.
    #[must_use]
    pub fn is_due(&self, now: Timestamp, message_days: u32) -> bool {
        let seconds = match (self.state, self.used) {
            (UploadState::Going, _) => return true,
            (UploadState::Announced, _) => ROOM_SECONDS,
            (UploadState::Whole, false) => UNUSED_SECONDS,
            (UploadState::Whole, true) if message_days == 0 => return false,
            // One day because the use of a file is noted once a day, and one for messages that are delivered later.
            (UploadState::Whole, true) => (u64::from(message_days) + 2) * SECONDS_PER_DAY,
        };
        self.touched.0.saturating_add(seconds) <= now.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::user;

    #[test]
    fn ids_are_48_digits() {
        let id = UploadId::of([0xab; 24]);
        assert_eq!(UploadId::parse(&id.to_string()), Some(id.clone()));
        for wrong in [
            &id.as_str()[1..],
            &"ab".repeat(32),
            &id.as_str().to_uppercase(),
            "../../../../../../../../../../../../etc/passwd/x",
        ] {
            assert_eq!(UploadId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_file_stays_as_long_as_a_message_may_refer_to_it() {
        use UploadState::{Announced, Going, Whole};
        const DAY: u64 = SECONDS_PER_DAY;
        let due = |state, used, days, later| {
            let touched = Timestamp(5);
            let upload =
                Upload { account: user("ann"), bytes: 1, content_type: "a/b".into(), state, used, touched };
            upload.is_due(Timestamp(5 + later), days)
        };
        for (state, used, days, kept) in [
            (Announced, false, 0, ROOM_SECONDS),
            (Announced, true, 7, ROOM_SECONDS),
            (Whole, false, 0, DAY),
            (Whole, true, 7, 9 * DAY),
        ] {
            assert!(!due(state, used, days, kept - 1) && due(state, used, days, kept), "{state:?} {used}");
        }
        assert!(!due(Whole, true, 0, 100_000 * DAY), "messages are kept forever");
        assert!(due(Going, true, 0, 0));
    }

    #[test]
    fn its_use_is_noted_once_a_day() {
        let upload = |state, used| Upload {
            account: user("ann"),
            bytes: 1,
            content_type: "a/b".into(),
            state,
            used,
            touched: Timestamp(5),
        };
        assert!(upload(UploadState::Whole, false).needs_note(Timestamp(5)));
        assert!(!upload(UploadState::Whole, true).needs_note(Timestamp(86_404)));
        assert!(upload(UploadState::Whole, true).needs_note(Timestamp(86_405)));
        assert!(!upload(UploadState::Going, true).needs_note(Timestamp(86_405)));
    }
}
