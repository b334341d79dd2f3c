//! What a pull brought, and what the API does not give.

use crate::losses::{Effect, Loss, LossKind};
use serde::Serialize;

/// Names listed of many; the others are counted.
const NAMES_MAX: usize = 20;

/// Some things, the first ones by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Named {
    pub count: u64,
    /// At most 20.
    pub first: Vec<String>,
}

impl Named {
    pub(crate) fn add(&mut self, name: &str) {
        self.count += 1;
        if self.first.len() < NAMES_MAX {
            self.first.push(name.to_owned());
        }
    }
}

/// What a pull brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PullReport {
    pub accounts: u64,
    pub groups: u64,
    pub topics: u64,
    pub members: u64,
    /// Those between two accounts included.
    pub messages: u64,
    pub friends: u64,
    /// Entries of blocklists.
    pub blocks: u64,
    /// Files that messages refer to, copied beside the records.
    pub files: u64,
    /// Files that messages refer to, and the server does not have, or not as they were.
    pub lost_files: Named,
    /// Members, and others, with unread messages.
    pub reads: u64,
    /// Numbers whose message was deleted, recalled or removed because of its age.
    pub removed_messages: u64,
    /// Messages of the server itself, such as that somebody joined.
    pub tips: u64,
    /// Live-stream groups, which cannot be imported anywhere.
    pub live: Named,
    /// Groups that were dissolved between the list of groups and their turn.
    pub gone: Named,
    /// Groups that the server does not show, or not whole, with its answers.
    pub refused: Named,
    /// Groups with an id that a server made. Landfall lets them keep it; on another server they have to get another one.
    pub made_ids: Named,
    /// Groups that were imported with more `src`, `key` and `x` than the server keeps beside a group.
    pub cut_names: Named,
    /// Groups that changed while they were read: read them again.
    pub changed: Named,
    /// The server does not tell nicks and faces.
    pub without_profiles: bool,
    /// The server does not tell how far members have read in topics.
    pub without_topic_reads: bool,
    /// The server does not tell friends, blocklists or one-to-one conversations of some accounts.
    pub without_people: bool,
}

/// What the API has no call for, or a pull does not ask for.
const NEVER: &[&str] = &[
    "requests of friendship, and pinned or removed conversations (not read)",
    "priorities, extensions and read receipts of messages (not read)",
    "members' receive options, bans and last messages (not read)",
    "attributes, counters and permission groups, whether groups are muted, and who may invite (not read)",
];

impl PullReport {
    /// What did not come along.
    #[must_use]
    pub fn losses(&self) -> Vec<Loss> {
        let loss = |code, count, (one, many): (&str, &str), examples: &[String]| Loss {
            code,
            effect: Effect::Lost,
            count,
            what: if count == 1 { one } else { many }.to_owned(),
            examples: examples.to_vec(),
        };
        let words = [
            (
                "message that was deleted, recalled or too old",
                "messages that were deleted, recalled or too old",
            ),
            ("message of the server itself", "messages of the server itself, such as that somebody joined"),
            ("live-stream group", "live-stream groups"),
            ("group that was dissolved meanwhile", "groups that were dissolved meanwhile"),
            ("group that the server does not show", "groups that the server does not show"),
            (
                "group whose records had too many names to keep",
                "groups whose records had too many names to keep",
            ),
        ];
        let [removed, tips, live, gone, refused, cut] = words;
        let files = ("file that the server has lost", "files that the server has lost");
        let counted = [
            loss(LossKind::DeletedMessages.as_str(), self.removed_messages, removed, &[]),
            loss(LossKind::SystemMessages.as_str(), self.tips, tips, &[]),
            loss("live_groups", self.live.count, live, &self.live.first),
            loss("cut_names", self.cut_names.count, cut, &self.cut_names.first),
            loss("dissolved_groups", self.gone.count, gone, &self.gone.first),
            loss("refused_groups", self.refused.count, refused, &self.refused.first),
            loss(LossKind::FilesMissing.as_str(), self.lost_files.count, files, &self.lost_files.first),
        ];
        let profiles =
            self.without_profiles.then_some("nicks and faces of accounts (the server does not tell)");
        let topics = self
            .without_topic_reads
            .then_some("how far members have read in topics (the server does not tell)");
        let people = self.without_people.then_some(
            "friends, blocklists and one-to-one messages (the server does not tell, for some accounts)",
        );
        let absent = profiles.into_iter().chain(topics).chain(people).chain(NEVER.iter().copied());
        let absent = absent.map(|what| loss(LossKind::NotInSource.as_str(), 0, (what, what), &[]));
        counted.into_iter().filter(|loss| loss.count != 0).chain(absent).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_counted_where_they_can_be() {
        let report = PullReport { removed_messages: 3, without_profiles: true, ..PullReport::default() };
        let losses: Vec<_> = report.losses().iter().map(Loss::sentence).collect();
        assert_eq!(
            losses.get(..2).unwrap(),
            [
                "3 messages that were deleted, recalled or too old",
                "nicks and faces of accounts (the server does not tell)"
            ]
        );
        assert_eq!(losses.len(), 2 + NEVER.len());
    }

    #[test]
    fn the_first_names_are_kept() {
        let mut named = Named::default();
        for number in 0..30 {
            named.add(&number.to_string());
        }
        assert_eq!((named.count, named.first.len()), (30, NAMES_MAX));
    }
}
