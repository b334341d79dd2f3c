//! `openim_dirty_words/add`: adds words. Those that are there stay.
//!
//! [choice] The page bounds a call and an app by 50 words, and says to call again for more: 50 are taken in one call, and
//! 1,000 in all.

use super::words;
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::error::OperationError;
use landfall_domain::people::operations::change_words::{AddWords, TooManyWords};
use serde::Deserialize;

/// Words of one app.
const WORDS_MAX: usize = 1_000;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    dirty_words_list: Field<Vec<Field<String>>>,
}

impl Command for Request {
    const PATH: &'static str = "openim_dirty_words/add";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let words = words(self.dirty_words_list)?;
        call.change_words(AddWords { words, max: WORDS_MAX }).await.map_err(|error| match error {
            OperationError::Refused(TooManyWords) => {
                Code::GroupParameter.because(format!("the app would have more than {WORDS_MAX} words"))
            }
            OperationError::Store(error) => error.into(),
        })?;
        Ok(Nothing {})
    }
}
