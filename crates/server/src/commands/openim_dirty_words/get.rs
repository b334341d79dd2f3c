//! `openim_dirty_words/get`: the words of the app, in the order in which they were added.

use crate::call::{Call, Command};
use crate::reply::Failure;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactKey};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::people::words::Words;
use landfall_domain::text::Text;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
pub struct Request {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    dirty_words_list: Vec<String>,
}

impl Command for Request {
    const PATH: &'static str = "openim_dirty_words/get";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let place = (Subject::App, FactKey::Words);
        let needs = PeopleNeeds { facts: vec![place.clone()], ..PeopleNeeds::default() };
        let words = match call.people(needs).await?.facts.remove(&place) {
            Some(Fact::Words(Words(words))) => words,
            _ => Vec::new(),
        };
        Ok(Reply { dirty_words_list: words.into_iter().map(Text::into_string).collect() })
    }
}
