//! The answer of a receiver.

use super::error::SendError;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Longest `ErrorInfo` kept, bytes; what is longer is cut. It can reach the caller of the API. [choice]
pub const INFO_BYTES_MAX: usize = 1_024;

/// An answer, read leniently: as in the documentation, its code alone decides, and `ActionStatus` may be anything.
/// [sample]
#[derive(Clone, Debug)]
pub struct Answer {
    /// `ErrorCode`.
    pub error_code: i64,
    /// `ErrorInfo`, at most [`INFO_BYTES_MAX`] long; empty when there is none.
    pub error_info: String,
    /// All other fields, as they were written: `MsgBody`, `RefusedMembers_Account` and unknown ones.
    pub extra: BTreeMap<String, Box<RawValue>>,
}

impl Answer {
    /// Reads an answer. An `ErrorCode` may be a number in quotes. Without one, an answer is a failure: a page of an
    /// intermediary or of another program must not allow anything. [choice]
    ///
    /// # Errors
    /// [`SendError::NotJson`] or [`SendError::NoErrorCode`].
    pub(super) fn parse(text: &[u8]) -> Result<Self, SendError> {
        let mut extra: BTreeMap<String, Box<RawValue>> =
            serde_json::from_slice(text).map_err(|_| SendError::NotJson)?;
        let error_code = extra.remove("ErrorCode").as_deref().and_then(whole_number);
        let mut error_info: String = extra
            .remove("ErrorInfo")
            .and_then(|info| serde_json::from_str(info.get()).ok())
            .unwrap_or_default();
        error_info.truncate(error_info.floor_char_boundary(INFO_BYTES_MAX));
        extra.remove("ActionStatus");
        Ok(Self { error_code: error_code.ok_or(SendError::NoErrorCode)?, error_info, extra })
    }

    /// The member called `name`, as it was written; `None` when it is missing or `null`.
    pub(crate) fn given(&self, name: &str) -> Option<&RawValue> {
        self.extra.get(name).map(|value| &**value).filter(|value| value.get() != "null")
    }

    /// The member called `name`, which must be `expected`; `None` when it is missing or `null`.
    ///
    /// # Errors
    /// It is something else.
    pub(crate) fn member<'a, T: Deserialize<'a>>(
        &'a self,
        name: &str,
        expected: &str,
    ) -> Result<Option<T>, String> {
        let read = self.given(name).map(|value| serde_json::from_str(value.get()));
        read.transpose().map_err(|_| format!("{name} is not {expected}"))
    }
}

fn whole_number(value: &RawValue) -> Option<i64> {
    match serde_json::from_str::<String>(value.get()) {
        Ok(text) => text.trim().parse().ok(),
        Err(_) => value.get().parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Result<i64, SendError> {
        Answer::parse(text.as_bytes()).map(|answer| answer.error_code)
    }

    #[test]
    fn the_code_decides() {
        for (text, expected) in [
            (r#"{"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0}"#, 0),
            (r#"{"ErrorCode": 0}"#, 0),
            (r#" {"ErrorCode": 10100, "ActionStatus": 7} "#, 10_100),
            (r#"{"ErrorCode": "0"}"#, 0),
            (r#"{"ErrorCode": " 1 "}"#, 1),
            (r#"{"ErrorCode": -1}"#, -1),
            (r#"{"ErrorCode": 0, "ErrorInfo": null}"#, 0),
            (r#"{"ErrorCode": 0, "ErrorInfo": ["a"]}"#, 0),
        ] {
            assert_eq!(code(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn an_answer_without_a_code_is_a_failure() {
        for text in ["", "OK", "0", "null", "[]", r#""{}""#, "{", "{}x", "<html></html>", "\u{feff}"] {
            assert_eq!(code(text), Err(SendError::NotJson), "{text}");
        }
        for text in [
            "{}",
            r#"{"errorcode": 0}"#,
            r#"{"ErrorCode": null}"#,
            r#"{"ErrorCode": ""}"#,
            r#"{"ErrorCode": "no"}"#,
            r#"{"ErrorCode": 0.5}"#,
            r#"{"ErrorCode": true}"#,
            r#"{"ErrorCode": [0]}"#,
            r#"{"ErrorCode": 99999999999999999999}"#,
        ] {
            assert_eq!(code(text), Err(SendError::NoErrorCode), "{text}");
        }
        assert_eq!(Answer::parse(b"\xff{}").unwrap_err(), SendError::NotJson);
        let deep = format!("{{\"a\": {}", "[".repeat(60_000));
        assert_eq!(code(&deep), Err(SendError::NotJson));
    }

    #[test]
    fn other_fields_stay_as_they_were_written() {
        let text = r#"{"ErrorCode":0,"ErrorInfo":"so","ActionStatus":"OK","MsgBody":[{"n":1.50,"big":12345678901234567890123}],"X":null}"#;
        let answer = Answer::parse(text.as_bytes()).unwrap();
        let extra: Vec<(&str, &str)> =
            answer.extra.iter().map(|(name, value)| (name.as_str(), value.get())).collect();
        assert_eq!(extra, [("MsgBody", r#"[{"n":1.50,"big":12345678901234567890123}]"#), ("X", "null")]);
        assert_eq!(answer.error_info, "so");
    }

    #[test]
    fn a_long_text_is_cut_between_letters() {
        let text = format!(r#"{{"ErrorCode": 1, "ErrorInfo": "a{}"}}"#, "ü".repeat(600));
        let answer = Answer::parse(text.as_bytes()).unwrap();
        assert_eq!(answer.error_info, format!("a{}", "ü".repeat(511)));
    }
}
