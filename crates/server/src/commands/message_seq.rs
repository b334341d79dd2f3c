//! Messages as commands name them: by their numbers.

use super::group_open_http_svc::{align_outcomes, number_up_to};
use crate::code::Code;
use crate::field::{Entries, Field, Object};
use crate::items::{check_all, check_each};
use crate::reply::Failure;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct SeqInput {
    msg_seq: Field<i128>,
}

pub(super) fn number(given: Field<i128>) -> Result<u32, Failure> {
    number_in(given, "MsgSeq")
}

/// The numbers of the messages in `MsgSeqList`: at least one, at most `max`.
pub(super) fn numbers(list: Field<Vec<Field<Object<SeqInput>>>>, max: usize) -> Result<Vec<u32>, Failure> {
    let list = list.required("MsgSeqList")?;
    refuse_too_many(list.len(), max)?;
    check_all("MsgSeqList", list, number_of)
}

fn refuse_too_many(count: usize, max: usize) -> Result<(), Failure> {
    if max < count {
        return Err(Code::GroupParameter
            .because(format!("MsgSeqList names {count} messages; at most {max} are allowed")));
    }
    Ok(())
}

fn number_of(entry: Field<Object<SeqInput>>, place: &str) -> Result<u32, Failure> {
    number_in(entry.required(place)?.0.msg_seq, &format!("{place}.MsgSeq"))
}

fn number_in(given: Field<i128>, field: &str) -> Result<u32, Failure> {
    let number = number_up_to(given.required(field)?, field, u32::MAX.into())?;
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The entries of a `MsgSeqList`, each with a result of its own.
pub(super) struct SeqEntries {
    /// The numbers as they were written.
    written: Vec<i64>,
    is_valid: Vec<bool>,
    /// The valid numbers only.
    pub(super) valid: Vec<u32>,
}

impl SeqEntries {
    /// At least one, at most `max`.
    pub(super) fn new(list: Field<Entries<Object<SeqInput>>>, max: usize) -> Result<Self, Failure> {
        let Entries(list) = list.required("MsgSeqList")?;
        refuse_too_many(list.len(), max)?;
        let written = list.iter().map(|entry| entry.written_member("MsgSeq", |item| &item.msg_seq));
        let written = written.map(clamped).collect();
        let numbers = check_each("MsgSeqList", list, number_of)?;
        let is_valid = numbers.iter().map(Result::is_ok).collect();
        Ok(Self { written, is_valid, valid: numbers.into_iter().flatten().collect() })
    }

    /// Each number as it was written, with its outcome; `None` for an invalid number.
    pub(super) fn with<Outcome>(
        self,
        outcomes: Vec<Outcome>,
    ) -> impl Iterator<Item = (i64, Option<Outcome>)> {
        self.written.into_iter().zip(align_outcomes(self.is_valid, outcomes))
    }
}

/// A number cut to the range that answers carry.
pub(super) fn clamped(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })
}
