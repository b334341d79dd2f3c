//! `openim_dirty_words/delete`: takes words away.
//!
//! [choice] A word that is not there is no failure.

use super::words;
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::error::OperationError;
use landfall_domain::people::operations::change_words::DeleteWords;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    dirty_words_list: Field<Vec<Field<String>>>,
}

impl Command for Request {
    const PATH: &'static str = "openim_dirty_words/delete";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let words = words(self.dirty_words_list)?;
        call.change_words(DeleteWords(words)).await.map_err(|error| match error {
            OperationError::Store(error) => error,
        })?;
        Ok(Nothing {})
    }
}
