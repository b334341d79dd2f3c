//! What a job brought in about people is taken back, silently; what somebody has touched since stays.
//!
//! [choice] Fields of a profile, friends and entries of a blocklist that are no longer as the job brought them in stay. Messages stay when somebody
//! has written behind them, or another job has added more, unless that is forced. Messages that were recalled stay always.

use super::conversation::{chat_of, log_of, put_unread, unread, unread_of};
use crate::context::Context;
use crate::message::MessageState;
use crate::origin::JobId;
use crate::people::brought::{self, Brought, note, sum};
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactKey};
use crate::people::friends::{Ties, own};
use crate::people::message::DirectRange;
use crate::people::operation::{PeopleImport, PeopleImported};
use crate::people::portrait::Portrait;
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::people::{Pair, Subject};
use std::convert::Infallible;

/// Messages that are taken back at once.
const MESSAGES_AT_ONCE: usize = 1_000;

/// Takes back what a note is about.
#[derive(Clone, Debug)]
pub struct TakeBack {
    /// The job.
    pub job: JobId,
    /// What it brought in.
    pub about: Brought,
    /// Whether messages go that somebody has answered.
    pub force: bool,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenBack {
    /// Everything is gone.
    Removed,
    /// There is more; the operation is to be repeated.
    More,
    /// Somebody has touched some of it, which stays.
    Touched,
    /// There is no such note.
    Nothing,
}

impl TakeBack {
    fn note(&self) -> (Subject, FactKey) {
        note(self.job, self.about.clone())
    }

    fn profile(&self, changes: &mut PeopleChanges, snapshot: &PeopleSnapshot) -> TakenBack {
        let Brought::Profile(account) = &self.about else { return TakenBack::Nothing };
        let noted = brought::profile(snapshot, self.job, account);
        let place = (own(account), FactKey::Portrait);
        let Some(Fact::Portrait(before)) = snapshot.facts.get(&place) else { return TakenBack::Removed };
        let mut after = before.clone();
        after.0.retain(|tag, value| noted.0.get(tag) != Some(value));
        let touched = noted.0.keys().any(|tag| after.0.contains_key(tag));
        if after == Portrait::default() {
            changes.remove(place.0, place.1);
        } else if after != *before {
            changes.put(place.0, place.1, Fact::Portrait(after));
        }
        if touched { TakenBack::Touched } else { TakenBack::Removed }
    }

    fn friends(&self, changes: &mut PeopleChanges, snapshot: &PeopleSnapshot) -> TakenBack {
        let Brought::Friends(account) = &self.about else { return TakenBack::Nothing };
        let noted = brought::ties(snapshot, self.job, &self.about);
        let mut ties = Ties::of(snapshot);
        let mut touched = false;
        for (id, brought) in &noted.0 {
            match ties.friend(account, id).map(sum) {
                Some(there) if there == *brought => drop(ties.remove_friend(account, id)),
                Some(_) => touched = true,
                None => {}
            }
        }
        changes.facts.extend(ties.into_changes().facts);
        if touched { TakenBack::Touched } else { TakenBack::Removed }
    }

    fn blocks(&self, changes: &mut PeopleChanges, snapshot: &PeopleSnapshot) -> TakenBack {
        let Brought::Blocks(account) = &self.about else { return TakenBack::Nothing };
        let noted = brought::ties(snapshot, self.job, &self.about);
        let mut ties = Ties::of(snapshot);
        let mut touched = false;
        for (id, since) in &noted.0 {
            match ties.blocked(account, id) {
                Some(there) if there.since.0 == *since => ties.block(account, id, None),
                Some(_) => touched = true,
                None => {}
            }
        }
        changes.facts.extend(ties.into_changes().facts);
        if touched { TakenBack::Touched } else { TakenBack::Removed }
    }

    fn direct(&self, changes: &mut PeopleChanges, snapshot: &PeopleSnapshot) -> TakenBack {
        let Brought::Direct(pair) = &self.about else { return TakenBack::Nothing };
        let noted = brought::direct(snapshot, self.job, pair);
        let Some((first, last)) = noted.extent() else { return TakenBack::Removed };
        let all: Vec<_> = snapshot.messages_of(pair).collect();
        if !self.force && all.iter().any(|message| last < message.seq && message.state == MessageState::Kept)
        {
            return TakenBack::Touched;
        }
        let goes = |seq: u32, state: MessageState| noted.has(seq) && state == MessageState::Kept;
        let gone = all.iter().filter(|message| goes(message.seq, message.state)).take(MESSAGES_AT_ONCE);
        changes.removed_messages.extend(gone.map(|message| (pair.clone(), (*message).clone())));
        if !changes.removed_messages.is_empty() {
            return TakenBack::More;
        }
        if all.is_empty() {
            clear(changes, pair)
        } else {
            forget_reads(changes, snapshot, pair, first)
        }
        TakenBack::Removed
    }
}

/// Removes a conversation without messages.
fn clear(changes: &mut PeopleChanges, pair: &Pair) {
    let [lower, upper] = pair.accounts();
    for (one, other) in [(lower, upper), (upper, lower)] {
        for (subject, key) in [chat_of(one, other), unread_of(one, other)] {
            changes.remove(subject, key);
        }
    }
    let (subject, key) = log_of(pair);
    changes.remove(subject, key);
}

/// Counts of what is gone.
fn forget_reads(changes: &mut PeopleChanges, snapshot: &PeopleSnapshot, pair: &Pair, first: u32) {
    let [lower, upper] = pair.accounts();
    for (one, other) in [(lower, upper), (upper, lower)] {
        if unread(snapshot, one, other).is_some_and(|unread| first <= unread.after.saturating_add(1)) {
            put_unread(changes, one, other, None);
        }
    }
}

impl PeopleImport for TakeBack {
    type Answer = TakenBack;
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        let of = match &self.about {
            Brought::Profile(account) | Brought::Friends(account) | Brought::Blocks(account) => own(account),
            Brought::Direct(pair) => Subject::Pair(pair.clone()),
        };
        vec![of, Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let mut needs = PeopleNeeds { facts: vec![self.note()], ..PeopleNeeds::default() };
        match &self.about {
            Brought::Profile(account) => needs.facts.push((own(account), FactKey::Portrait)),
            Brought::Friends(account) | Brought::Blocks(account) => {
                needs.facts.push((own(account), FactKey::Friends));
            }
            Brought::Direct(pair) => {
                let [lower, upper] = pair.accounts();
                needs.facts.extend([log_of(pair), unread_of(lower, upper), unread_of(upper, lower)]);
            }
        }
        needs
    }

    fn then_needs(&self, _: &Context, found: &PeopleSnapshot) -> PeopleNeeds {
        let mut needs = PeopleNeeds::default();
        match &self.about {
            Brought::Profile(_) => {}
            Brought::Friends(account) => {
                let noted = brought::ties(found, self.job, &self.about);
                needs.facts.extend(noted.0.into_keys().map(|id| (own(account), FactKey::Friend(id))));
            }
            Brought::Blocks(account) => {
                let noted = brought::ties(found, self.job, &self.about);
                needs.facts.extend(noted.0.into_keys().map(|id| (own(account), FactKey::Blocked(id))));
            }
            Brought::Direct(pair) => {
                let noted = brought::direct(found, self.job, pair);
                let Some((_, last)) = noted.extent() else { return needs };
                let after = |seq, limit| DirectRange::After { pair: pair.clone(), seq, limit };
                needs.messages = vec![after(last, 1), after(0, 1)];
                for (first, last) in noted.spans {
                    let length = usize::try_from(last - first).unwrap_or(MESSAGES_AT_ONCE).saturating_add(1);
                    needs.messages.push(after(first.saturating_sub(1), length.min(MESSAGES_AT_ONCE)));
                }
            }
        }
        needs
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleImported<TakenBack>, Infallible> {
        let mut changes = PeopleChanges::default();
        let (subject, key) = self.note();
        let answer = match &self.about {
            _ if snapshot.fact(&subject, &key).is_none() => TakenBack::Nothing,
            Brought::Profile(_) => self.profile(&mut changes, &snapshot),
            Brought::Friends(_) => self.friends(&mut changes, &snapshot),
            Brought::Blocks(_) => self.blocks(&mut changes, &snapshot),
            Brought::Direct(_) => self.direct(&mut changes, &snapshot),
        };
        // A conversation that stays can be taken back later.
        let stays = answer == TakenBack::Touched && matches!(self.about, Brought::Direct(_));
        if !stays && !matches!(answer, TakenBack::More | TakenBack::Nothing) {
            changes.remove(subject, key);
        }
        Ok(PeopleImported { changes, answer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Body, Content};
    use crate::people::brought::{BroughtDirect, BroughtTies};
    use crate::people::friends::Friend;
    use crate::people::message::{DirectMessage, MessageKey};
    use crate::sample::{context, text, user};
    use crate::time::Timestamp;

    fn message(seq: u32, state: MessageState) -> DirectMessage {
        DirectMessage {
            seq,
            key: MessageKey { sent: Timestamp(1), number: seq, random: 1 },
            sender: user("ann"),
            state,
            hidden_from_sender: false,
            hidden_from_receiver: false,
            read: false,
            quiet: false,
            push: "".into(),
            content: Content::Sent(Body::default()),
        }
    }

    fn take_back(messages: &[(u32, MessageState)], force: bool) -> (TakenBack, usize, usize) {
        let pair = Pair::of(user("ann"), user("ben"));
        let operation = TakeBack { job: JobId(7), about: Brought::Direct(pair.clone()), force };
        let mut snapshot = PeopleSnapshot::default();
        let note = BroughtDirect { spans: vec![(2, 3)], marked: false };
        snapshot.facts.insert(operation.note(), Fact::BroughtDirect(note));
        let of_pair = snapshot.messages.entry(pair).or_default();
        of_pair.extend(messages.iter().map(|(seq, state)| (*seq, message(*seq, *state))));
        let Ok(imported) = operation.decide(&context(), snapshot);
        (imported.answer, imported.changes.removed_messages.len(), imported.changes.facts.len())
    }

    #[test]
    fn messages_go_unless_somebody_has_written_behind_them() {
        use MessageState::{Kept, Recalled};
        assert_eq!(take_back(&[(2, Kept), (3, Recalled)], false), (TakenBack::More, 1, 0));
        assert_eq!(take_back(&[(2, Kept), (3, Kept), (4, Kept)], false), (TakenBack::Touched, 0, 0));
        assert_eq!(take_back(&[(2, Kept), (3, Kept), (4, Kept)], true), (TakenBack::More, 2, 0));
        // Nothing is left: the conversation goes, with the note.
        assert_eq!(take_back(&[], false), (TakenBack::Removed, 0, 6));
        assert_eq!(take_back(&[(1, Kept)], false), (TakenBack::Removed, 0, 1));
    }

    #[test]
    fn friends_go_that_are_as_they_came() {
        let operation = TakeBack { job: JobId(7), about: Brought::Friends(user("ann")), force: false };
        let mut snapshot = PeopleSnapshot::default();
        let friend = |remark: &str| Friend { remark: text(remark), ..Friend::default() };
        let sums = [("ben", "b"), ("cy", "c"), ("dora", "d")].map(|(id, of)| (user(id), sum(&friend(of))));
        snapshot.facts.insert(operation.note(), Fact::BroughtTies(BroughtTies(sums.into())));
        for (id, remark) in [("ben", "b"), ("cy", "changed")] {
            let place = (own(&user("ann")), FactKey::Friend(user(id)));
            snapshot.facts.insert(place, Fact::Friend(friend(remark)));
        }
        let Ok(imported) = operation.decide(&context(), snapshot);
        assert_eq!(imported.answer, TakenBack::Touched);
        let removed = imported.changes.facts.iter().filter(|(_, _, fact)| fact.is_none());
        let removed: Vec<_> = removed.map(|(_, key, _)| key.clone()).collect();
        assert_eq!(removed, [FactKey::Friend(user("ben")), operation.note().1]);
    }
}
