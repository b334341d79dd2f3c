//! Records that were not brought in, as lines that can be mended and imported.

use crate::fault::Fault;
use crate::format::{Json, Record};
use serde_json::{Map, Value, json};

/// Where a record has its faults, in `x`.
const FAULT: &str = "fault";
/// Where it has an `x` that is no object.
const WAS: &str = "was";

/// The line of a record with its faults in `x.fault`.
pub(crate) fn line(record: &Record, faults: &[Fault]) -> String {
    let mut record = record.clone();
    let x = x(&mut record);
    let faults: Vec<_> =
        faults.iter().map(|fault| json!({ "code": fault.code, "message": fault.message })).collect();
    let mut members = match x.as_ref().map(Json::value) {
        Some(Value::Object(members)) => members,
        Some(other) => Map::from_iter([(WAS.to_owned(), other)]),
        None => Map::new(),
    };
    members.insert(FAULT.to_owned(), faults.into());
    *x = Some(Value::Object(members).into());
    record.line()
}

/// Takes the faults of an earlier import out of a record.
pub(super) fn without_fault(mut record: Record) -> Record {
    let x = x(&mut record);
    // Almost no record has any.
    if x.as_ref().is_some_and(|x| x.as_str().contains(FAULT))
        && let Some(Value::Object(mut members)) = x.as_ref().map(Json::value)
        && members.remove(FAULT).is_some()
    {
        *x = match members.remove(WAS) {
            Some(was) => Some(was.into()),
            None if members.is_empty() => None,
            None => Some(Value::Object(members).into()),
        };
    }
    record
}

fn x(record: &mut Record) -> &mut Option<Json> {
    match record {
        Record::Account(record) => &mut record.x,
        Record::File(record) => &mut record.x,
        Record::Friend(record) => &mut record.x,
        Record::Block(record) => &mut record.x,
        Record::Group(record) => &mut record.x,
        Record::Topic(record) => &mut record.x,
        Record::Member(record) => &mut record.x,
        Record::Message(record) => &mut record.x,
        Record::Read(record) => &mut record.x,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FaultCode;
    use crate::format::Account;

    #[test]
    fn a_record_is_the_same_without_its_fault() {
        for x in [None, Some(json!({ "a": 1 })), Some(json!([1])), Some(json!({ "default": 2 }))] {
            let account = Account { user_id: "ann".to_owned(), x: x.map(Json::from), ..Account::default() };
            let record = Record::Account(account);
            let line = line(&record, &[Fault::new(3, FaultCode::Refused, "no")]);
            assert!(line.contains(r#""fault":[{"code":"refused","message":"no"}]"#), "{line}");
            assert_eq!(without_fault(Record::parse(&line).unwrap()), record);
        }
    }
}
