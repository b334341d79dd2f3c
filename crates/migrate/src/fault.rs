//! What is wrong with a record, and what to do about it.

use crate::format::Kind;
use serde::Serialize;

/// One fault of a source. A record with a fault is not imported; the others are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Line of the neutral file, counted from 1; 0 where a fault has none.
    pub line: u64,
    /// The kind of record, where the line is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<&'static str>,
    /// What the record is called in its source: `src` and `key`, or its id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The member of the record, such as `Name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What kind of fault it is; scripts go by it.
    pub code: &'static str,
    /// The limit that is broken, in the unit of the field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// What is wrong, as a sentence without the line and the record.
    pub message: String,
    /// What `check --fix` does about it; `None` where a person has to decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Fault {
    #[must_use]
    pub fn new(line: u64, code: FaultCode, message: impl Into<String>) -> Self {
        Self {
            line,
            record: None,
            name: String::new(),
            field: None,
            code: code.as_str(),
            limit: None,
            message: message.into(),
            fix: None,
        }
    }

    #[must_use]
    pub fn of(self, record: Kind, name: impl Into<String>) -> Self {
        Self { record: Some(record.as_str()), name: name.into(), ..self }
    }

    #[must_use]
    pub fn field(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit: u64::try_from(limit).ok(), ..self }
    }

    #[must_use]
    pub fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }
}

/// Kinds of faults, by the word that scripts and reports use.
macro_rules! fault_codes {
    ($($(#[$about:meta])* $variant:ident = $code:literal,)*) => {
        /// What kind of fault it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FaultCode { $($(#[$about])* $variant,)* }

        impl FaultCode {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word for it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }
        }
    };
}

fault_codes! {
    /// The file cannot be read to its end.
    CutOff = "cut_off",
    NotUtf8 = "not_utf8",
    LineTooLong = "line_too_long",
    NotJson = "not_json",
    UnknownKind = "unknown_kind",
    UnknownMember = "unknown_member",
    WrongType = "wrong_type",
    /// The file or export has no record at all.
    Empty = "empty",
    /// A member that must be there is not.
    Missing = "missing",
    /// A text is longer or shorter than the limit.
    Length = "length",
    /// Not one of the words that the API knows.
    UnknownWord = "unknown_word",
    AccountName = "account_name",
    GroupName = "group_id",
    TopicName = "topic_id",
    /// A type that cannot be imported.
    TypeNotImportable = "type_not_importable",
    /// A number over its limit.
    TooLarge = "too_large",
    TooMany = "too_many",
    /// The key of a custom field is not of the form.
    FieldKey = "field_key",
    /// A custom field that the server's app has not enabled.
    FieldNotEnabled = "field_not_enabled",
    /// A time before the group's, or yet to come.
    BadTime = "bad_time",
    /// A role that groups of the type do not have.
    RoleNotAllowed = "role_not_allowed",
    /// Two records for one thing.
    Duplicate = "duplicate",
    /// A record names a group, topic, message or file that no record has.
    NoSuchGroup = "no_such_group",
    NoSuchTopic = "no_such_topic",
    NoSuchMember = "no_such_member",
    NoSuchMessage = "no_such_message",
    NoSuchFile = "no_such_file",
    /// The path of a file leads out of the folder of the export.
    BadPath = "bad_path",
    /// A topic of a group that is no community, or of one without topics.
    NoTopics = "no_topics",
    /// The body is not a list of elements that the API knows.
    MessageBody = "message_body",
    MessageTooLong = "message_too_long",
    /// The group stopped at an earlier message, see there.
    AfterRefused = "after_refused",
    /// The group has more members than it can have.
    GroupFull = "group_full",
    /// The server refused it.
    Refused = "refused",
    /// The server has the record with another content, and `--on-change fail` was given.
    Changed = "changed",
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_kinds_of_faults_share_a_word() {
        let words: BTreeSet<_> = FaultCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), FaultCode::ALL.len());
    }
}
