//! The words that nobody in the app may send. A message or text with one of them is refused with 80001, in profiles with
//! 40005 and about friends with 30005. [doc]
//!
//! Checked are text elements of messages, names, introductions and notices of groups, name cards, texts of profiles, and
//! remarks and lists of friends. [doc]
//!
//! [choice] Imports are not checked, and official accounts are: their messages, names and introductions.

pub mod add;
pub mod delete;
pub mod get;

use crate::code::Code;
use crate::field::Field;
use crate::items::check_all;
use crate::reply::Failure;
use landfall_domain::limits::Span;
use landfall_domain::text::Text;

/// Words in one call. [doc]
const WORDS_PER_CALL: usize = 50;
/// A word, bytes. [doc]
const WORD: Span = Span::one_to(200);

/// `DirtyWordsList`.
fn words(given: Field<Vec<Field<String>>>) -> Result<Vec<Text>, Failure> {
    const FIELD: &str = "DirtyWordsList";
    let list = given.required(FIELD)?;
    let got = list.len();
    if WORDS_PER_CALL < got {
        return Err(Code::GroupParameter
            .because(format!("{FIELD} has {got} words; at most {WORDS_PER_CALL} are allowed")));
    }
    check_all(FIELD, list, |word, place| {
        let word = word.required(place)?;
        Text::parse(word, WORD).map_err(|problem| Code::GroupParameter.because(format!("{place} {problem}")))
    })
}
