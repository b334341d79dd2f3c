//! Marking conversations.
//!
//! [choice] A mark that is both set and cleared is set. What an item does not give stays as it is. A conversation that would
//! be one too many with marks fails alone; one that loses its last mark no longer counts.

use crate::context::Context;
use crate::ids::{GroupId, UserId};
use crate::limits::FolderLimits;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::event::PeopleEvent;
use crate::people::fact::{Chat, Fact, FactFamily, FactKey};
use crate::people::folders::{ChatMark, ChatProblem, FolderRefusal, check, mark_of, peers};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::text::Text;
use std::collections::{BTreeMap, BTreeSet};

/// Marks conversations.
#[derive(Clone, Debug)]
pub struct MarkChats {
    /// The account that marks them.
    pub account: UserId,
    /// The marks, in order.
    pub marks: Vec<AskedMark>,
    /// The groups among them that exist.
    pub groups: BTreeSet<GroupId>,
    /// The limits in force.
    pub limits: FolderLimits,
}

/// How one conversation is to be marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedMark {
    /// The conversation.
    pub chat: Chat,
    /// The standard marks that are set, as in [`ChatMark::standard`].
    pub set: u64,
    /// Those that are cleared.
    pub clear: u64,
    /// What the app keeps; empty removes it.
    pub custom: Option<Text>,
}

impl MarkChats {
    fn own(&self) -> Subject {
        Subject::Account(self.account.clone())
    }
}

impl PeopleOperation for MarkChats {
    /// A result for each mark, in order.
    type Answer = Vec<Result<(), ChatProblem>>;
    type Refusal = FolderRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![self.own()]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let keys = self.marks.iter().map(|mark| FactKey::Mark(mark.chat.clone()));
        let mut accounts = peers(self.marks.iter().map(|mark| &mark.chat));
        accounts.push(self.account.clone());
        PeopleNeeds {
            accounts,
            facts: keys.map(|key| (self.own(), key)).collect(),
            counts: vec![(self.own(), FactFamily::Marks)],
            ..PeopleNeeds::default()
        }
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<Self::Answer>, FolderRefusal> {
        if !snapshot.accounts.contains_key(&self.account) {
            return Err(FolderRefusal::NoSuchAccount);
        }
        let count = snapshot.counts.get(&(self.own(), FactFamily::Marks)).copied().unwrap_or_default();
        let mut marks = Marks { operation: self, snapshot: &snapshot, now: BTreeMap::new(), count };
        let results = self.marks.iter().map(|asked| marks.change(asked, context)).collect();
        let mut changes = PeopleChanges::default();
        for (chat, mark) in &marks.now {
            let fact = (!mark.is_empty()).then(|| Fact::Mark(mark.clone()));
            changes.facts.push((self.own(), FactKey::Mark(chat.clone()), fact));
        }
        let marks: Vec<_> = marks.now.into_iter().collect();
        let event = PeopleEvent::ChatsMarked { account: self.account.clone(), marks };
        let event = (!changes.facts.is_empty()).then_some(event);
        Ok(PeopleDecision::new(changes, results).with_event(event))
    }
}

/// How conversations are marked, while one after the other is.
struct Marks<'a> {
    operation: &'a MarkChats,
    snapshot: &'a PeopleSnapshot,
    /// Those that have changed.
    now: BTreeMap<Chat, ChatMark>,
    /// How many conversations are marked.
    count: u64,
}

impl Marks<'_> {
    fn change(&mut self, asked: &AskedMark, context: &Context) -> Result<(), ChatProblem> {
        let MarkChats { account, groups, limits, .. } = self.operation;
        let AskedMark { chat, set, clear, custom } = asked;
        let before = self.now.get(chat).or_else(|| mark_of(self.snapshot, account, chat)).cloned();
        let before = before.unwrap_or_default();
        let after = ChatMark {
            standard: before.standard & !clear | set,
            custom: custom.clone().unwrap_or_else(|| before.custom.clone()),
            changed: context.now,
        };
        if !after.is_empty() {
            check(self.snapshot, groups, chat)?;
            if before.is_empty() && u64::try_from(limits.marked).is_ok_and(|max| max <= self.count) {
                return Err(ChatProblem::TooMany);
            }
        }
        if (before.standard, &before.custom) != (after.standard, &after.custom) {
            self.count = self
                .count
                .saturating_sub(u64::from(!before.is_empty()))
                .saturating_add(u64::from(!after.is_empty()));
            self.now.insert(chat.clone(), after);
        }
        Ok(())
    }
}
