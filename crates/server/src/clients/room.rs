//! One group and the connected clients in it: messages go to all of them once, in the order of their numbers.
//!
//! Steps are taken one after another by whoever finds nobody at work, so a room without work has no task. What the history
//! keeps is put in order by its numbers: a message that comes too early waits for those before it, which are read from
//! the history; so one that got lost on the way from another server is told as soon as the next comes.

use super::frame::{self, Frame, Place};
use super::hub::Hub;
use super::session::{Session, Why};
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::{GroupId, TopicId, UserId};
use landfall_domain::member::{Member, ReceiveOption};
use landfall_domain::message::{Conversation, MessageLog};
use landfall_domain::operation::{GroupSnapshot, MessageRange, Needs};
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::store::{NoSuchGroup, OperationError};
use landfall_domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Steps that wait at most; further frames are dropped, and read from the history where it keeps them.
const STEPS_MAX: usize = 4_096;
/// Missed messages that are read from the history at once. Who misses more is told so.
const MISSED_MAX: u32 = 200;
/// Clients that are given a frame before others get their turn.
const CLIENTS_AT_ONCE: usize = 256;
/// How long to wait before a history that could not be read is read again.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// What is to happen in a room.
pub(super) enum Step {
    /// A client enters.
    Enter(Newcomer),
    /// A client has gone.
    Leave(u64),
    /// Accounts may have become members, or be none any more.
    Look(Vec<UserId>),
    /// Frames go to those who are here.
    Tell(Vec<Frame>),
    /// Frames may have been missed.
    CatchUp,
    /// There is no such group any more.
    Dissolve,
    /// Who is here?
    Who(oneshot::Sender<BTreeMap<UserId, Timestamp>>),
}

/// Who enters a room.
pub(super) struct Newcomer {
    /// The client.
    pub(super) session: Arc<Session>,
    /// How far the group was when it was looked at for it.
    pub(super) heads: Heads,
    /// Whether it wants the group's messages.
    pub(super) hears: bool,
}

/// How far one conversation was told.
#[derive(Clone, Copy, Debug, Default)]
struct Head {
    /// Number of its last message when it was looked at. Which of those up to here were told is not known; one that comes
    /// all the same had not been.
    looked_at: u32,
    /// Number of the last message told.
    told: u32,
}

impl Head {
    fn at(seq: u32) -> Self {
        Self { looked_at: seq, told: seq }
    }
}

/// How far the conversations of a group were told.
#[derive(Clone, Debug)]
pub(super) struct Heads {
    kind: GroupType,
    has_topics: bool,
    /// `None`: not known yet.
    topics: Option<BTreeMap<TopicId, Head>>,
    group: Head,
}

impl Heads {
    /// Those of a group as it is; its topics are still to be looked at.
    pub(super) fn of(group: &Group) -> Self {
        let has_topics = group.kind.can().topics && group.support_topic;
        let topics = if has_topics { None } else { Some(BTreeMap::new()) };
        Self { kind: group.kind, has_topics, topics, group: Head::at(group.log.last_seq()) }
    }

    fn get(&self, conversation: &Conversation) -> Head {
        match conversation {
            Conversation::Group => self.group,
            Conversation::Topic(id) => {
                self.topics.as_ref().and_then(|topics| topics.get(id)).copied().unwrap_or_default()
            }
        }
    }

    fn told(&mut self, conversation: &Conversation, seq: u32) {
        let head = match conversation {
            Conversation::Group => &mut self.group,
            Conversation::Topic(id) => self.topics.get_or_insert_default().entry(id.clone()).or_default(),
        };
        head.told = seq;
    }
}

/// A room, as those see it who have something to do in it.
pub(super) struct Room {
    inbox: Mutex<Inbox>,
}

struct Inbox {
    waiting: VecDeque<Step>,
    /// Whether a frame was dropped because too many steps waited.
    missed: bool,
    /// `None` while somebody is at work.
    idle: Option<Box<State>>,
}

impl Inbox {
    /// What waits to be looked at is looked at together, so that it never is more than there are accounts.
    fn push(&mut self, step: Step) {
        match (self.waiting.back_mut(), step) {
            (Some(Step::CatchUp), Step::CatchUp) => {}
            (Some(Step::Look(waiting)), Step::Look(more)) => {
                let known: BTreeSet<_> = waiting.iter().cloned().collect();
                waiting.extend(more.into_iter().filter(|account| !known.contains(account)));
            }
            (_, step) => self.waiting.push_back(step),
        }
    }
}

/// A client in a room.
struct Here {
    session: Arc<Session>,
    since: Timestamp,
    /// Whether it gets messages: a member may not want them.
    hears: bool,
}

struct State {
    group: GroupId,
    here: BTreeMap<u64, Here>,
    heads: Option<Heads>,
    /// Places as their frames name them, so that these share one.
    places: BTreeMap<Conversation, Arc<Place>>,
}

impl Room {
    pub(super) fn new(group: GroupId) -> Self {
        let state = State { group, here: BTreeMap::new(), heads: None, places: BTreeMap::new() };
        let inbox = Inbox { waiting: VecDeque::new(), missed: false, idle: Some(Box::new(state)) };
        Self { inbox: Mutex::new(inbox) }
    }

    /// Adds a step, and takes it unless somebody is at work. To be called while the room is known to be in use.
    pub(super) fn add(self: &Arc<Self>, hub: &Arc<Hub>, step: Step) {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        if STEPS_MAX <= inbox.waiting.len() && matches!(step, Step::Tell(_)) {
            inbox.missed = true;
            return;
        }
        inbox.push(step);
        if let Some(state) = inbox.idle.take() {
            drop(inbox);
            tokio::spawn(Arc::clone(self).work(Arc::clone(hub), state));
        }
    }

    /// Whether nothing waits and nobody is here; only then may it be forgotten.
    pub(super) fn is_deserted(&self) -> bool {
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        inbox.waiting.is_empty() && inbox.idle.as_ref().is_some_and(|state| state.here.is_empty())
    }

    async fn work(self: Arc<Self>, hub: Arc<Hub>, mut state: Box<State>) {
        loop {
            let step = {
                let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
                match inbox.waiting.pop_front() {
                    Some(step) => step,
                    None if std::mem::take(&mut inbox.missed) => Step::CatchUp,
                    None => {
                        let is_empty = state.here.is_empty();
                        let group = state.group.clone();
                        inbox.idle = Some(state);
                        drop(inbox);
                        if is_empty {
                            hub.forget_if_deserted(&group);
                        }
                        return;
                    }
                }
            };
            state.take(&hub, step).await;
        }
    }
}

impl State {
    async fn take(&mut self, hub: &Arc<Hub>, step: Step) {
        match step {
            Step::Enter(Newcomer { session, heads, hears }) => match self.learn(hub, heads).await {
                Ok(()) => self.enter(hub, session, hears),
                Err(Unreadable) => session.close(Why::TryAgain),
            },
            Step::Leave(id) => {
                self.here.remove(&id);
            }
            Step::Look(accounts) => self.look_at(hub, accounts).await,
            Step::Tell(frames) => {
                for frame in frames {
                    self.tell(hub, frame).await;
                }
            }
            Step::CatchUp => self.catch_up(hub).await,
            Step::Dissolve => {
                for Here { session, .. } in std::mem::take(&mut self.here).into_values() {
                    session.left(&self.group);
                    session.forget(&self.group);
                }
                self.heads = None;
            }
            Step::Who(answer) => {
                let here = self.here.values().map(|here| (here.session.account.clone(), here.since));
                // Nobody waits for it where the call has ended.
                drop(answer.send(here.collect()));
            }
        }
    }

    fn enter(&mut self, hub: &Hub, session: Arc<Session>, hears: bool) {
        if session.entered(&self.group) {
            let since = self.here.get(&session.id).map_or_else(|| hub.clock.now(), |here| here.since);
            self.here.insert(session.id, Here { session, since, hears });
        }
    }

    fn place(&mut self, conversation: &Conversation) -> Arc<Place> {
        if let Some(place) = self.places.get(conversation) {
            return Arc::clone(place);
        }
        let place = Place { group: self.group.clone(), conversation: conversation.clone() };
        let place = Arc::new(place);
        self.places.insert(conversation.clone(), Arc::clone(&place));
        place
    }

    /// Makes sure that the numbers are known from which on everything is told.
    async fn learn(&mut self, hub: &Hub, heads: Heads) -> Result<(), Unreadable> {
        let heads = self.heads.get_or_insert(heads);
        if heads.topics.is_none() {
            // Without a group there is nothing to tell.
            self.heads = self.read(hub, true, Vec::new()).await?.as_ref().map(heads_of);
        }
        Ok(())
    }

    /// The group, its topics if asked for, and messages; `None` when it is gone.
    async fn read(
        &self,
        hub: &Hub,
        topics: bool,
        messages: Vec<MessageRange>,
    ) -> Result<Option<GroupSnapshot>, Unreadable> {
        let ranges = if topics { vec![PartRange::all(PartFamily::Topics)] } else { Vec::new() };
        let parts = messages.iter().filter_map(|range| match range {
            MessageRange::Newest { conversation: Conversation::Topic(id), .. } => {
                Some(PartKey::Topic(id.clone()))
            }
            MessageRange::Newest { .. } | MessageRange::Numbered(..) | MessageRange::Random { .. } => None,
        });
        let needs = Needs { ranges, parts: parts.collect(), messages, ..Needs::default() };
        self.look(hub, needs).await
    }

    async fn look(&self, hub: &Hub, needs: Needs) -> Result<Option<GroupSnapshot>, Unreadable> {
        match hub.store.snapshot(hub.app, self.group.clone(), needs).await {
            Ok(snapshot) => Ok(Some(snapshot)),
            Err(OperationError::Refused(NoSuchGroup)) => Ok(None),
            Err(OperationError::Store(error)) => {
                if let Some(suppressed) = hub.error_log.admit() {
                    tracing::error!(%error, suppressed, "a group with connected clients cannot be read: {error}");
                }
                Err(Unreadable)
            }
        }
    }

    /// Lets accounts in that are members, and out those that are not: as the store says now, whatever was told before.
    async fn look_at(&mut self, hub: &Hub, accounts: Vec<UserId>) {
        let connected: Vec<_> =
            accounts.into_iter().filter(|account| !hub.sessions_of(account).is_empty()).collect();
        if connected.is_empty() {
            return;
        }
        let needs = Needs { members: connected.clone(), ..Needs::default() };
        let mut looked = self.look(hub, needs).await;
        if let Ok(Some(snapshot)) = &looked
            && self.learn(hub, Heads::of(&snapshot.group)).await.is_err()
        {
            looked = Err(Unreadable);
        }
        for session in connected.iter().flat_map(|account| hub.sessions_of(account)) {
            let member = match &looked {
                Ok(Some(snapshot)) => snapshot.members.get(&session.account),
                Ok(None) => None,
                // Nobody knows what it may hear: it comes again, and is looked at anew.
                Err(Unreadable) => {
                    session.close(Why::TryAgain);
                    None
                }
            };
            if let Some(member) = member {
                self.enter(hub, session, hears(member));
            } else if self.here.remove(&session.id).is_some() {
                session.left(&self.group);
            }
        }
    }

    async fn tell(&mut self, hub: &Arc<Hub>, frame: Frame) {
        let Some((place, seq)) = frame.number.clone() else { return self.give(frame).await };
        let conversation = &place.conversation;
        let Some(head) = self.heads.as_ref().map(|heads| heads.get(conversation)) else { return };
        if head.told < seq {
            if head.told + 1 < seq && !self.fill(hub, conversation, head.told, seq - 1).await {
                return;
            }
            if let Some(heads) = &mut self.heads {
                heads.told(conversation, seq);
            }
        } else if head.looked_at < seq {
            return;
        }
        let place = self.place(conversation);
        self.give(Frame { number: Some((place, seq)), ..frame }).await;
    }

    /// Tells what of the numbers from `after` to `last` was missed. What an import brought is not: it is silent, and makes
    /// everything read up to where it ends. False when the history cannot be read; then it is tried again later.
    async fn fill(&mut self, hub: &Arc<Hub>, conversation: &Conversation, after: u32, last: u32) -> bool {
        let limit = usize::try_from((last - after).min(MISSED_MAX)).unwrap_or_default();
        let range = MessageRange::Newest { conversation: conversation.clone(), up_to: last, limit };
        let mut snapshot = match self.read(hub, false, vec![range]).await {
            Ok(Some(snapshot)) => snapshot,
            Ok(None) => return false,
            Err(Unreadable) => {
                self.catch_up_later(hub);
                return false;
            }
        };
        let kind = snapshot.group.kind;
        let messages = snapshot.messages.remove(conversation).unwrap_or_default();
        let log = snapshot.log(conversation).cloned().unwrap_or_default();
        let MessageLog { read_by_all, .. } = log;
        let place = self.place(conversation);
        let from = after.max(read_by_all);
        if from < last.saturating_sub(MISSED_MAX) {
            self.give(missed(&place, from)).await;
        }
        for (_, message) in messages.range(from + 1..) {
            self.give(frame::kept(&place, kind, message)).await;
        }
        if let Some(heads) = &mut self.heads {
            heads.told(conversation, last);
        }
        true
    }

    /// Tells what the history has and nobody told, to those who are still members.
    async fn catch_up(&mut self, hub: &Arc<Hub>) {
        let is_live = self.heads.as_ref().is_some_and(|heads| heads.kind.can().live);
        if self.here.is_empty() || is_live {
            return;
        }
        let here: BTreeSet<_> = self.here.values().map(|here| here.session.account.clone()).collect();
        self.look_at(hub, here.into_iter().collect()).await;
        let Some(heads) = self.heads.clone() else { return };
        let now = match self.read(hub, heads.has_topics, Vec::new()).await {
            Ok(Some(snapshot)) => heads_of(&snapshot),
            Ok(None) => return,
            Err(Unreadable) => return self.catch_up_later(hub),
        };
        if now.group.told < heads.group.told {
            // Another group by now has the id of one that was dissolved.
            self.heads = Some(now);
            self.here.values().for_each(|here| here.session.forget(&self.group));
            return;
        }
        let topics = now.topics.iter().flatten().map(|(id, head)| (Conversation::Topic(id.clone()), *head));
        for (conversation, Head { told: last, .. }) in topics.chain([(Conversation::Group, now.group)]) {
            let Head { told, .. } = heads.get(&conversation);
            if told < last && !self.fill(hub, &conversation, told, last).await {
                return;
            }
        }
    }

    fn catch_up_later(&self, hub: &Arc<Hub>) {
        let (hub, group) = (Arc::clone(hub), self.group.clone());
        tokio::spawn(async move {
            tokio::time::sleep(READ_AGAIN).await;
            hub.step(&group, Step::CatchUp);
        });
    }

    async fn give(&mut self, frame: Frame) {
        let frame = Arc::new(frame);
        for (count, Here { session, hears, .. }) in self.here.values().enumerate() {
            if (*hears || !frame.is_message) && frame.is_for(&session.account) {
                session.push(&frame);
            }
            if count % CLIENTS_AT_ONCE == CLIENTS_AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
        }
    }
}

/// That more was missed than is told by itself.
fn missed(place: &Place, after: u32) -> Frame {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Missed<'a> {
        #[serde(flatten)]
        about: frame::About<'a>,
        msg_seq: u32,
    }
    let about = frame::About::place("missed", &place.group, &place.conversation);
    Frame {
        text: frame::text(&Missed { about, msg_seq: after }).into(),
        number: None,
        is_message: false,
        to: Vec::new(),
    }
}

/// A group could not be read; why is in the log.
struct Unreadable;

/// Whether a member wants the messages of its group.
pub(super) fn hears(member: &Member) -> bool {
    member.receive_option != ReceiveOption::Discard
}

fn heads_of(snapshot: &GroupSnapshot) -> Heads {
    let topics = snapshot.parts.values().filter_map(|part| {
        let Part::Topic(topic) = part else { return None };
        Some((topic.id.clone(), Head::at(topic.log.last_seq())))
    });
    Heads { topics: Some(topics.collect()), ..Heads::of(&snapshot.group) }
}
