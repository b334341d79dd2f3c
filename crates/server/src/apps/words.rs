//! The words that nobody in an app may send, as this server knows them.
//!
//! [choice] Words are compared byte by byte, anywhere in a text. A change holds at once where it was made, and within a
//! second on other servers over the same store. There are none but those that the app adds.

use crate::lock::lock;
use aho_corasick::AhoCorasick;
use landfall_domain::people::words::Words;
use landfall_domain::time::Timestamp;
use std::sync::{Arc, Mutex};

/// Finds the words of an app in texts, in one pass whatever their number. `None`: there are no words.
pub type Finder = Option<Arc<AhoCorasick>>;

/// What was read of the words of an app.
#[derive(Default)]
pub struct KnownWords(Mutex<Option<Known>>);

struct Known {
    read_in: Timestamp,
    words: Words,
    finder: Finder,
}

impl KnownWords {
    /// What finds the words, unless they are to be read again: by one caller in a second, or by all of them while nothing was
    /// read.
    pub fn finder(&self, now: Timestamp) -> Option<Finder> {
        let mut known = lock(&self.0);
        let known = known.as_mut()?;
        if known.read_in == now {
            return Some(known.finder.clone());
        }
        known.read_in = now;
        None
    }

    /// Takes what was read, and returns what finds it.
    ///
    /// # Errors
    /// The words are too many to be looked for; the store has no such.
    pub fn learn(&self, words: Words, now: Timestamp) -> Result<Finder, aho_corasick::BuildError> {
        if let Some(known) = lock(&self.0).as_ref().filter(|known| known.words == words) {
            return Ok(known.finder.clone());
        }
        let Words(texts) = &words;
        let finder = match texts.as_slice() {
            [] => None,
            texts => Some(Arc::new(AhoCorasick::new(texts.iter().map(|word| word.as_str()))?)),
        };
        *lock(&self.0) = Some(Known { read_in: now, words, finder: finder.clone() });
        Ok(finder)
    }

    /// The words were changed.
    pub fn forget(&self) {
        *lock(&self.0) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_domain::text::Text;

    fn words(list: &[&str]) -> Words {
        Words(list.iter().map(|word| Text::stored((*word).to_owned())).collect())
    }

    fn finds(finder: &Finder, text: &str) -> bool {
        finder.as_ref().is_some_and(|finder| finder.is_match(text))
    }

    #[test]
    fn words_are_read_once_a_second_and_found_anywhere() {
        let known = KnownWords::default();
        assert!(known.finder(Timestamp(1)).is_none() && known.finder(Timestamp(1)).is_none());
        let finder = known.learn(words(&["发票", "spam"]), Timestamp(1)).unwrap();
        for (text, expected) in [("开发票吗", true), ("xspamx", true), ("Spam", false), ("发 票", false)]
        {
            assert_eq!(finds(&finder, text), expected, "{text}");
        }
        assert!(finds(&known.finder(Timestamp(1)).unwrap(), "spam"));
        // The first caller of another second reads; the others go on with what is known.
        assert!(known.finder(Timestamp(2)).is_none());
        assert!(finds(&known.finder(Timestamp(2)).unwrap(), "spam"));
        assert!(known.learn(words(&[]), Timestamp(2)).unwrap().is_none());
        assert!(known.finder(Timestamp(2)).unwrap().is_none());
        known.forget();
        assert!(known.finder(Timestamp(2)).is_none());
    }
}
