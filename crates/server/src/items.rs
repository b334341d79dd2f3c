//! Lists in requests: every entry is checked, and an error names the first invalid one and how many more there are.
//!
//! [choice] Where entries have results of their own, only a member that is missing, empty or of another JSON type fails the
//! call; any other problem of an entry is its own result. In an import such an entry fails alone too, unless all are so.

use crate::reply::Failure;
use serde::Serialize;

/// Bytes of an invalid name, or of a text about it, in the result of an entry: both may be as long as a request.
const ECHOED_BYTES_MAX: usize = 256;

/// A text as the result of an entry repeats it.
pub(crate) fn echoed(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(ECHOED_BYTES_MAX));
    text
}

/// Bytes of an answer besides its rows.
const ENVELOPE_BYTES: usize = 1_024;

/// The first of `rows`, as many as fit into an answer of `bytes`, and at least one.
pub(crate) fn fitting<R: Serialize>(rows: impl Iterator<Item = R>, bytes: usize) -> Vec<R> {
    let mut left = bytes.saturating_sub(ENVELOPE_BYTES);
    let mut fitting = Vec::new();
    for row in rows {
        let size = serde_json::to_vec(&row).map_or(usize::MAX, |json| json.len().saturating_add(1));
        if left < size && !fitting.is_empty() {
            break;
        }
        left = left.saturating_sub(size);
        fitting.push(row);
    }
    fitting
}

/// Checks the entries of the list called `field`, all of which must be valid. `check` gets each with its place:
/// `MemberList[3]`.
///
/// # Errors
/// An entry is invalid.
pub(crate) fn check_all<T, U>(
    field: &str,
    list: impl IntoIterator<Item = T>,
    check: impl FnMut(T, &str) -> Result<U, Failure>,
) -> Result<Vec<U>, Failure> {
    let mut right = Vec::new();
    let mut wrong = WrongEntries::default();
    for checked in checked(list, field, check) {
        match checked {
            Ok(entry) => right.push(entry),
            Err(failure) => wrong.add(failure),
        }
    }
    wrong.none(field)?;
    Ok(right)
}

/// Checks the entries of the list called `field`, each with a result of its own.
///
/// # Errors
/// The structure of an entry is wrong, so that there is nothing to have a result.
pub(crate) fn check_each<T, U>(
    field: &str,
    list: impl IntoIterator<Item = T>,
    check: impl FnMut(T, &str) -> Result<U, Failure>,
) -> Result<Vec<Result<U, Failure>>, Failure> {
    let mut results = Vec::new();
    let mut structural = WrongEntries::default();
    for checked in checked(list, field, check) {
        match checked {
            Err(failure) if failure.is_structural => structural.add(failure),
            result => results.push(result),
        }
    }
    structural.none(field)?;
    Ok(results)
}

/// Checks the entries of the list called `field` of an import, each with a result of its own. The texts of their failures do
/// not say which entry it is.
///
/// # Errors
/// The structure of all entries is wrong.
pub(crate) fn check_import<T, U>(
    field: &str,
    list: impl IntoIterator<Item = T>,
    check: impl FnMut(T, &str) -> Result<U, Failure>,
) -> Result<Vec<Result<U, Failure>>, Failure> {
    let results: Vec<_> = checked(list, field, check).collect();
    if results.iter().all(|result| matches!(result, Err(failure) if failure.is_structural)) {
        let mut wrong = WrongEntries::default();
        results.into_iter().filter_map(Result::err).for_each(|failure| wrong.add(failure));
        wrong.none(field)?;
        return Ok(Vec::new());
    }
    let entries = results.into_iter().enumerate();
    Ok(entries
        .map(|(index, result)| result.map_err(|failure| without_place(failure, field, index)))
        .collect())
}

/// A failure with a text that leaves out the place of the entry.
fn without_place(failure: Failure, field: &str, index: usize) -> Failure {
    let place = place(field, index);
    let text = failure.text.replacen(&format!("{place}."), "", 1).replacen(&place, "the entry", 1);
    Failure { text: echoed(text).into(), ..failure }
}

fn place(field: &str, index: usize) -> String {
    format!("{field}[{index}]")
}

fn checked<T, U>(
    list: impl IntoIterator<Item = T>,
    field: &str,
    mut check: impl FnMut(T, &str) -> Result<U, Failure>,
) -> impl Iterator<Item = Result<U, Failure>> {
    list.into_iter().enumerate().map(move |(index, entry)| check(entry, &place(field, index)))
}

#[derive(Default)]
struct WrongEntries {
    first: Option<Failure>,
    more: usize,
}

impl WrongEntries {
    fn add(&mut self, failure: Failure) {
        match self.first {
            Some(_) => self.more += 1,
            None => self.first = Some(failure),
        }
    }

    fn none(self, field: &str) -> Result<(), Failure> {
        let Some(first) = self.first else { return Ok(()) };
        let more = match self.more {
            0 => return Err(first),
            1 => format!("1 more entry of {field} is wrong"),
            more => format!("{more} more entries of {field} are wrong"),
        };
        Err(Failure { text: format!("{}; {more}", first.text).into(), ..first })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;

    /// Even numbers are valid; a negative odd number is a structural failure.
    fn even(number: i32, place: &str) -> Result<i32, Failure> {
        if number % 2 == 0 {
            return Ok(number);
        }
        let failure = Code::GroupParameter.because(format!("{place} is {number}, which is odd"));
        Err(Failure { is_structural: number < 0, ..failure })
    }

    fn text<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
        result.unwrap_err().text.into_owned()
    }

    #[test]
    fn the_first_wrong_entry_is_named_and_the_others_are_counted() {
        assert_eq!(check_all("L", [2, 4], even).unwrap(), [2, 4]);
        assert_eq!(text(check_all("L", [2, 3], even)), "L[1] is 3, which is odd");
        assert_eq!(
            text(check_all("L", [2, 3, 4, 5], even)),
            "L[1] is 3, which is odd; 1 more entry of L is wrong"
        );
        assert_eq!(
            text(check_all("L", [3, 5, 7], even)),
            "L[0] is 3, which is odd; 2 more entries of L are wrong"
        );
    }

    #[test]
    fn only_another_shape_fails_all() {
        let results = check_each("L", [2, 3, 4], even).unwrap();
        assert!(matches!(&results[..], [Ok(2), Err(_), Ok(4)]));
        assert_eq!(
            text(check_each("L", [3, -1, -3], even)),
            "L[1] is -1, which is odd; 1 more entry of L is wrong"
        );
    }

    #[test]
    fn in_an_import_another_shape_fails_alone_unless_all_have_it() {
        let results = check_import("L", [2, -1, 3], even).unwrap();
        assert!(matches!(&results[..], [Ok(2), Err(_), Err(_)]));
        let texts = results.into_iter().filter_map(Result::err).map(|failure| failure.text.into_owned());
        assert_eq!(
            texts.collect::<Vec<_>>(),
            ["the entry is -1, which is odd", "the entry is 3, which is odd"]
        );
        assert_eq!(
            text(check_import("L", [-1, -3], even)),
            "L[0] is -1, which is odd; 1 more entry of L is wrong"
        );
        let long = |_: i32, at: &str| -> Result<(), Failure> {
            Err(Code::GroupParameter.because(format!("{at}.Role is {}", "é".repeat(500))))
        };
        let failure = check_import("L", [1], long).unwrap().remove(0).unwrap_err();
        assert!(failure.text.starts_with("Role is é") && failure.text.len() == ECHOED_BYTES_MAX);
    }
}
