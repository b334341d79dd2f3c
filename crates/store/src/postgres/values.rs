//! The values of the domain as they lie in columns.

use super::columns::Column;
use super::failure::Failure;
use super::texts::{escape, unescape};
use crate::parts;
use landfall_domain::fields::{CustomField, FieldKey};
use landfall_domain::group::{GroupType, InviteOption, JoinOption};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::{ReceiveOption, Role};
use landfall_domain::message::{Conversation, MessageState, Priority};
use landfall_domain::origin::JobId;
use landfall_domain::outbox::{Lane, OutboxEntry};
use landfall_domain::people::{Pair, Subject};
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use std::borrow::Cow;
use tokio_postgres::Row;

/// Declares how a value lies in a column: its type, what is written, and how that is read back.
macro_rules! column {
    ($value:ty as $type:literal: $written:ty, |$of:ident| $write:expr, |$read:ident: $raw:ty| $value_of:expr) => {
        column!($value => $value as $type: $written, |$of| $write, |$read: $raw| $value_of);
    };
    (
        $column:ty => $value:ty as $type:literal $(cast from $cast:literal)?: $written:ty,
        |$of:ident| $write:expr, |$read:ident: $raw:ty| $value_of:expr
    ) => {
        impl Column for $column {
            const TYPE: &'static str = $type;
            $(const CAST: Option<&'static str> = Some($cast);)?

            type Value = $value;
            type Written<'value> = $written;

            fn write($of: &Self::Value) -> Self::Written<'_> {
                $write
            }

            fn read(row: &Row, column: usize) -> Result<Self::Value, Failure> {
                let $read: $raw = row.try_get(column)?;
                $value_of
            }
        }
    };
}

/// Text without U+0000, which is kept as it is.
pub(super) struct Plain;

/// 64 bits, which a column takes for a number with a sign.
pub(super) struct Bits;

column!(AppId as "bigint": i64, |app| app.0.into(), |raw: i64| {
    u32::try_from(raw).map(Self).map_err(|_| Failure::Damaged("app"))
});
column!(GroupId as "text": &'value str, |id| id.as_str(), |raw: &str| {
    Self::parse(raw).ok_or(Failure::Damaged("group id"))
});
column!(UserId as "text": &'value str, |id| id.as_str(), |raw: &str| {
    Self::parse(raw).ok_or(Failure::Damaged("account name"))
});
column!(Option<UserId> as "text": Option<&'value str>, |id| id.as_ref().map(UserId::as_str), |raw: Option<&str>| {
    raw.map(|raw| UserId::parse(raw).ok_or(Failure::Damaged("account name"))).transpose()
});
column!(Conversation as "text": &'value str, |place| parts::topic_of(place), |raw: &str| {
    parts::conversation(raw).ok_or(Failure::Damaged("topic id"))
});
column!(Subject as "text": String, |subject| subject.to_string(), |raw: &str| {
    Self::named(raw).ok_or(Failure::Damaged("subject"))
});
column!(Pair as "text": String, |pair| pair.to_string(), |raw: &str| {
    Self::named(raw).ok_or(Failure::Damaged("pair of accounts"))
});
column!(Lane as "text": &'value str, |lane| lane.name(), |raw: &str| {
    Self::named(raw).ok_or(Failure::Damaged("lane"))
});
column!(Text as "text": Cow<'value, str>, |text| escape(text.as_str()), |raw: String| {
    Ok(Self::stored(unescape(raw)))
});
column!(String as "text": Cow<'value, str>, |text| escape(text), |raw: String| Ok(unescape(raw)));
column!(Plain => String as "text": Cow<'value, str>, |text| text.into(), |raw: String| Ok(raw));
column!(OutboxEntry as "bytea": &'value [u8], |entry| entry.as_bytes(), |raw: Vec<u8>| Ok(Self::stored(raw)));
column!(Vec<u8> as "bytea": &'value [u8], |bytes| bytes, |raw: Self| Ok(raw));
column!(bool as "boolean": Self, |value| *value, |raw: Self| Ok(raw));
column!(Vec<JobId> as "text": String, |jobs| jobs.iter().map(job_name).collect(), |raw: &str| {
    let job = |name| u64::from_str_radix(name, 16).map(JobId).map_err(|_| Failure::Damaged("job"));
    raw.split_terminator(' ').map(job).collect()
});
column!(i64 as "bigint": Self, |value| *value, |raw: Self| Ok(raw));
column!(u8 as "smallint": i16, |value| (*value).into(), |raw: i16| {
    Self::try_from(raw).map_err(|_| Failure::Damaged("number"))
});
column!(u32 as "bigint": i64, |value| (*value).into(), |raw: i64| {
    Self::try_from(raw).map_err(|_| Failure::Damaged("number"))
});
// None that is counted gets past the end of the tables' numbers, and their end of time is in 292 billion years.
column!(u64 as "bigint": i64, |value| i64::try_from(*value).unwrap_or(i64::MAX), |raw: i64| {
    Self::try_from(raw).map_err(|_| Failure::Damaged("number"))
});
column!(Timestamp as "bigint": i64, |time| u64::write(&time.0), |raw: i64| {
    u64::try_from(raw).map(Self).map_err(|_| Failure::Damaged("number"))
});
column!(Option<Timestamp> as "bigint": Option<i64>, |time| time.as_ref().map(Timestamp::write), |raw: Option<i64>| {
    let time = raw.map(u64::try_from).transpose().map_err(|_| Failure::Damaged("number"))?;
    Ok(time.map(Timestamp))
});
column!(Bits => u64 as "bigint": i64, |bits| bits.cast_signed(), |raw: i64| Ok(raw.cast_unsigned()));
column!(Option<Bits> => Option<u64> as "bigint": Option<i64>, |bits| bits.map(u64::cast_signed), |raw: Option<i64>| {
    Ok(raw.map(i64::cast_unsigned))
});
// In their order, as JSON: `[["key", "value"], …]`.
column!(Vec<CustomField> => Self as "text" cast from "jsonb": String, |fields| to_json(fields), |raw: &str| {
    from_json(raw)
});

/// Declares values that are kept as their numbers.
macro_rules! coded {
    ($($value:ty: $code:ident, $from_code:ident, $what:literal;)+) => {$(
        column!($value as "smallint": i16, |value| value.$code().into(), |raw: i16| {
            let value = u8::try_from(raw).ok().and_then(Self::$from_code);
            value.ok_or(Failure::Damaged($what))
        });
    )+};
}

coded! {
    GroupType: code, from_code, "type of group";
    JoinOption: code, from_code, "join option";
    InviteOption: code, from_code, "invite option";
    Role: code, from_code, "role";
    ReceiveOption: code, from_code, "receive option";
    MessageState: code, from_code, "state of a message";
    Priority: number, from_number, "priority";
}

fn to_json(fields: &[CustomField]) -> String {
    if fields.is_empty() {
        return "[]".to_owned();
    }
    let pairs: Vec<(&str, Cow<'_, str>)> =
        fields.iter().map(|field| (field.key.as_str(), escape(field.value.as_str()))).collect();
    // Strings can always be written as JSON.
    serde_json::to_string(&pairs).unwrap_or_default()
}

fn from_json(json: &str) -> Result<Vec<CustomField>, Failure> {
    if json == "[]" {
        return Ok(Vec::new());
    }
    let damaged = || Failure::Damaged("custom field");
    let pairs: Vec<(String, String)> = serde_json::from_str(json).map_err(|_| damaged())?;
    let field = |(key, value): (String, String)| {
        let key = FieldKey::parse(&key).ok_or_else(damaged)?;
        Ok(CustomField { key, value: Text::stored(unescape(value)) })
    };
    pairs.into_iter().map(field).collect()
}

/// A job in a list of jobs; no other name holds it.
pub(super) fn job_name(job: &JobId) -> String {
    format!("{:016x} ", job.0)
}

/// The app as parameters of statements have it.
pub(super) fn app_column(app: AppId) -> i64 {
    AppId::write(&app)
}

pub(super) fn time_column(time: Timestamp) -> i64 {
    Timestamp::write(&time)
}

pub(super) fn number_column(number: u64) -> i64 {
    u64::write(&number)
}

/// How many rows, as a statement takes it.
pub(super) fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
