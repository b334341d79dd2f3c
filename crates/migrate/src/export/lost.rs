//! What another format cannot hold: counted.

use crate::losses::{Effect, Loss};
use std::collections::BTreeMap;

/// A kind of loss: the word that scripts go by, and what it is about, for several.
pub(crate) type LostKind = (&'static str, &'static str);

pub(crate) const CUSTOM_FIELDS: LostKind = ("custom_fields", "groups with custom fields");
pub(crate) const PROFILES: LostKind = ("profiles", "accounts with further fields of their profiles");
pub(crate) const FRIENDS: LostKind = ("friends", "friends");
pub(crate) const BLOCKS: LostKind = ("blocks", "entries of blocklists");
pub(crate) const PICTURES: LostKind = ("pictures", "pictures of groups or accounts");
pub(crate) const NAME_CARDS: LostKind = ("name_cards", "members with a name card, a mute or custom fields");
pub(crate) const JOIN_TIMES: LostKind = ("join_times", "members with a time of joining");
pub(crate) const OWNERS: LostKind = ("owners", "groups whose owner becomes an administrator");
pub(crate) const READ_COUNTS: LostKind =
    ("read_counts", "read marks with more unread messages than are counted back, which become as many");
pub(crate) const TYPES: LostKind = ("types", "groups whose type becomes public or private");
pub(crate) const TOPICS: LostKind = ("topics", "topics that become channels of their own");
pub(crate) const NOTICES: LostKind = ("notices", "introductions or notifications that become custom data");
pub(crate) const NAMES: LostKind = ("names", "names or notices that are cut");
pub(crate) const IDS: LostKind = ("ids", "ids that have to change");
pub(crate) const EMAILS: LostKind = ("emails", "accounts that get an e-mail address that is none");
pub(crate) const ELEMENTS: LostKind = ("elements", "elements of messages that become a text");
pub(crate) const TEXTS: LostKind = ("texts", "messages that are cut");
pub(crate) const CUSTOM_DATA: LostKind = ("custom_data", "messages with custom data");
pub(crate) const EXTRAS: LostKind = ("extras", "records with further members (x)");
pub(crate) const QUOTES: LostKind = ("quotes", "messages that reply to another outside a thread");
pub(crate) const THREADS: LostKind = ("threads", "replies whose thread has no first message");
pub(crate) const MOVED: LostKind =
    ("moved", "messages that move by a millisecond or more, because another has the same text and time");
pub(crate) const TIMES: LostKind = ("times", "messages without a time, which are left out");
pub(crate) const REACTIONS: LostKind = ("reactions", "reactions with a name that is too long");
pub(crate) const PATHS: LostKind =
    ("paths", "files that lie beside the neutral file; Stream fetches files from addresses only");
pub(crate) const FILES: LostKind =
    ("files", "files that do not lie beside the neutral file; their names or addresses become a text");
pub(crate) const LINES: LostKind = ("lines", "lines that are no records; check names them");

/// Counts losses.
#[derive(Debug, Default)]
pub(crate) struct Lost(BTreeMap<LostKind, u64>);

impl Lost {
    pub(crate) fn count(&mut self, kind: LostKind) {
        *self.0.entry(kind).or_default() += 1;
    }

    pub(crate) fn count_if(&mut self, lost: bool, kind: LostKind) {
        if lost {
            self.count(kind);
        }
    }

    #[must_use]
    pub(crate) fn into_list(self) -> Vec<Loss> {
        let loss = |((code, what), count): (LostKind, u64)| Loss {
            code,
            effect: Effect::Lost,
            count,
            what: what.to_owned(),
            examples: Vec::new(),
        };
        self.0.into_iter().map(loss).collect()
    }
}
