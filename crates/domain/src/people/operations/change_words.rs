//! Changing the words that nobody in an app may send.

use crate::context::Context;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactKey};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::people::words::Words;
use crate::text::Text;
use std::convert::Infallible;

/// Adds words; those that are there stay where they are.
#[derive(Clone, Debug)]
pub struct AddWords {
    /// The words.
    pub words: Vec<Text>,
    /// How many there may be in all.
    pub max: usize,
}

/// Takes words away; those that are not there do not matter.
#[derive(Clone, Debug)]
pub struct DeleteWords(pub Vec<Text>);

/// There would be more words than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyWords;

fn needs() -> PeopleNeeds {
    PeopleNeeds { facts: vec![(Subject::App, FactKey::Words)], ..PeopleNeeds::default() }
}

fn words(snapshot: &PeopleSnapshot) -> Vec<Text> {
    match snapshot.fact(&Subject::App, &FactKey::Words) {
        Some(Fact::Words(Words(words))) => words.clone(),
        _ => Vec::new(),
    }
}

fn decision(words: Vec<Text>) -> PeopleDecision<()> {
    let mut changes = PeopleChanges::default();
    if words.is_empty() {
        changes.remove(Subject::App, FactKey::Words);
    } else {
        changes.put(Subject::App, FactKey::Words, Fact::Words(Words(words)));
    }
    PeopleDecision::new(changes, ())
}

impl PeopleOperation for AddWords {
    type Answer = ();
    type Refusal = TooManyWords;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        needs()
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleDecision<()>, TooManyWords> {
        let mut after = words(&snapshot);
        for word in &self.words {
            if !after.contains(word) {
                after.push(word.clone());
            }
        }
        if self.max < after.len() { Err(TooManyWords) } else { Ok(decision(after)) }
    }
}

impl PeopleOperation for DeleteWords {
    type Answer = ();
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        needs()
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleDecision<()>, Infallible> {
        let mut after = words(&snapshot);
        after.retain(|word| !self.0.contains(word));
        Ok(decision(after))
    }
}
