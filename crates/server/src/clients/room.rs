//! One group and the connected clients in it: messages go to all of them once, in the order of their numbers.
//!
//! Steps are taken one after another by whoever finds nobody at work, so a room without work has no task. What the history
//! keeps is put in order by its numbers: a message that comes too early waits for those before it, which are read from
//! the history; so one that got lost on the way from another server is told as soon as the next comes.

use super::frame::{self, ConversationKey, Frame};
use super::hub::Hub;
use super::session::{CloseReason, Session};
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
pub(super) enum RoomAction {
    /// A client enters.
    Enter(Entering),
    /// A client has gone.
    Leave(u64),
    /// Accounts may have become members, or be none any more.
    CheckMembership(Vec<UserId>),
    /// Frames go to those who are here.
    Deliver(Vec<Frame>),
    /// Frames may have been missed.
    CatchUp,
    /// There is no such group any more.
    Dissolve,
    /// Who is here?
    ListClients(oneshot::Sender<BTreeMap<UserId, Timestamp>>),
}

/// Who enters a room.
pub(super) struct Entering {
    /// The client.
    pub(super) session: Arc<Session>,
    /// How far the group was when it was looked at for it.
    pub(super) progress: DeliveryProgress,
    /// Whether it wants the group's messages.
    pub(super) wants_messages: bool,
}

/// How far one conversation was told.
#[derive(Clone, Copy, Debug, Default)]
struct DeliveredUpTo {
    /// Number of its last message when it was looked at. Which of those up to here were told is not known; one that comes
    /// all the same had not been.
    at_snapshot: u32,
    /// Number of the last message told.
    delivered: u32,
}

impl DeliveredUpTo {
    fn at(seq: u32) -> Self {
        Self { at_snapshot: seq, delivered: seq }
    }
}

/// How far the conversations of a group were told.
#[derive(Clone, Debug)]
pub(super) struct DeliveryProgress {
    kind: GroupType,
    has_topics: bool,
    /// `None`: not known yet.
    topics: Option<BTreeMap<TopicId, DeliveredUpTo>>,
    group: DeliveredUpTo,
}

impl DeliveryProgress {
    /// Those of a group as it is; its topics are still to be looked at.
    pub(super) fn of(group: &Group) -> Self {
        let has_topics = group.kind.can().topics && group.support_topic;
        let topics = if has_topics { None } else { Some(BTreeMap::new()) };
        Self { kind: group.kind, has_topics, topics, group: DeliveredUpTo::at(group.log.last_seq()) }
    }

    fn get(&self, conversation: &Conversation) -> DeliveredUpTo {
        match conversation {
            Conversation::Group => self.group,
            Conversation::Topic(id) => {
                self.topics.as_ref().and_then(|topics| topics.get(id)).copied().unwrap_or_default()
            }
        }
    }

    fn delivered(&mut self, conversation: &Conversation, seq: u32) {
        let up_to = match conversation {
            Conversation::Group => &mut self.group,
            Conversation::Topic(id) => self.topics.get_or_insert_default().entry(id.clone()).or_default(),
        };
        up_to.delivered = seq;
    }
}

/// A room, as those see it who have something to do in it.
pub(super) struct Room {
    inbox: Mutex<Inbox>,
}

struct Inbox {
    waiting: VecDeque<RoomAction>,
    /// Whether a frame was dropped because too many steps waited.
    missed: bool,
    /// `None` while somebody is at work.
    idle: Option<Box<RoomState>>,
}

impl Inbox {
    /// What waits to be looked at is looked at together, so that it never is more than there are accounts.
    fn push(&mut self, step: RoomAction) {
        match (self.waiting.back_mut(), step) {
            (Some(RoomAction::CatchUp), RoomAction::CatchUp) => {}
            (Some(RoomAction::CheckMembership(waiting)), RoomAction::CheckMembership(more)) => {
                let known: BTreeSet<_> = waiting.iter().cloned().collect();
                waiting.extend(more.into_iter().filter(|account| !known.contains(account)));
            }
            (_, step) => self.waiting.push_back(step),
        }
    }
}

/// A client in a room.
struct PresentClient {
    session: Arc<Session>,
    since: Timestamp,
    /// Whether it gets messages: a member may not want them.
    wants_messages: bool,
}

struct RoomState {
    group: GroupId,
    here: BTreeMap<u64, PresentClient>,
    progress: Option<DeliveryProgress>,
    /// Places as their frames name them, so that these share one.
    conversation_keys: BTreeMap<Conversation, Arc<ConversationKey>>,
}

impl Room {
    pub(super) fn new(group: GroupId) -> Self {
        let state =
            RoomState { group, here: BTreeMap::new(), progress: None, conversation_keys: BTreeMap::new() };
        let inbox = Inbox { waiting: VecDeque::new(), missed: false, idle: Some(Box::new(state)) };
        Self { inbox: Mutex::new(inbox) }
    }

    /// Adds a step, and takes it unless somebody is at work. To be called while the room is known to be in use.
    pub(super) fn add(self: &Arc<Self>, hub: &Arc<Hub>, step: RoomAction) {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        if STEPS_MAX <= inbox.waiting.len() && matches!(step, RoomAction::Deliver(_)) {
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

    async fn work(self: Arc<Self>, hub: Arc<Hub>, mut state: Box<RoomState>) {
        loop {
            let step = {
                let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
                match inbox.waiting.pop_front() {
                    Some(step) => step,
                    None if std::mem::take(&mut inbox.missed) => RoomAction::CatchUp,
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
            state.perform(&hub, step).await;
        }
    }
}

impl RoomState {
    async fn perform(&mut self, hub: &Arc<Hub>, step: RoomAction) {
        match step {
            RoomAction::Enter(Entering { session, progress, wants_messages }) => {
                match self.know_progress(hub, progress).await {
                    Ok(()) => self.enter(hub, session, wants_messages),
                    Err(StoreUnavailable) => session.close(CloseReason::TryAgain),
                }
            }
            RoomAction::Leave(id) => {
                self.here.remove(&id);
            }
            RoomAction::CheckMembership(accounts) => self.check_membership(hub, accounts).await,
            RoomAction::Deliver(frames) => {
                for frame in frames {
                    self.deliver(hub, frame).await;
                }
            }
            RoomAction::CatchUp => self.catch_up(hub).await,
            RoomAction::Dissolve => {
                for PresentClient { session, .. } in std::mem::take(&mut self.here).into_values() {
                    session.left_room(&self.group);
                    session.forget(&self.group);
                }
                self.progress = None;
            }
            RoomAction::ListClients(answer) => {
                let here = self.here.values().map(|here| (here.session.account.clone(), here.since));
                // Nobody waits for it where the call has ended.
                drop(answer.send(here.collect()));
            }
        }
    }

    fn enter(&mut self, hub: &Hub, session: Arc<Session>, wants_messages: bool) {
        if session.joined_room(&self.group) {
            let since = self.here.get(&session.id).map_or_else(|| hub.clock.now(), |here| here.since);
            self.here.insert(session.id, PresentClient { session, since, wants_messages });
        }
    }

    fn conversation_key(&mut self, conversation: &Conversation) -> Arc<ConversationKey> {
        if let Some(conversation_key) = self.conversation_keys.get(conversation) {
            return Arc::clone(conversation_key);
        }
        let conversation_key =
            ConversationKey { group: self.group.clone(), conversation: conversation.clone() };
        let conversation_key = Arc::new(conversation_key);
        self.conversation_keys.insert(conversation.clone(), Arc::clone(&conversation_key));
        conversation_key
    }

    /// Makes sure that the numbers are known from which on everything is told.
    async fn know_progress(&mut self, hub: &Hub, progress: DeliveryProgress) -> Result<(), StoreUnavailable> {
        let progress = self.progress.get_or_insert(progress);
        if progress.topics.is_none() {
            // Without a group there is nothing to tell.
            self.progress = self.read(hub, true, Vec::new()).await?.as_ref().map(progress_of);
        }
        Ok(())
    }

    /// The group, its topics if asked for, and messages; `None` when it is gone.
    async fn read(
        &self,
        hub: &Hub,
        topics: bool,
        messages: Vec<MessageRange>,
    ) -> Result<Option<GroupSnapshot>, StoreUnavailable> {
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

    async fn look(&self, hub: &Hub, needs: Needs) -> Result<Option<GroupSnapshot>, StoreUnavailable> {
        match hub.store.snapshot(hub.app, self.group.clone(), needs).await {
            Ok(snapshot) => Ok(Some(snapshot)),
            Err(OperationError::Refused(NoSuchGroup)) => Ok(None),
            Err(OperationError::Store(error)) => {
                if let Some(suppressed) = hub.error_log.admit() {
                    tracing::error!(%error, suppressed, "a group with connected clients cannot be read: {error}");
                }
                Err(StoreUnavailable)
            }
        }
    }

    /// Lets accounts in that are members, and out those that are not: as the store says now, whatever was told before.
    async fn check_membership(&mut self, hub: &Hub, accounts: Vec<UserId>) {
        let connected: Vec<_> =
            accounts.into_iter().filter(|account| !hub.sessions_of(account).is_empty()).collect();
        if connected.is_empty() {
            return;
        }
        let needs = Needs { members: connected.clone(), ..Needs::default() };
        let mut looked = self.look(hub, needs).await;
        if let Ok(Some(snapshot)) = &looked
            && self.know_progress(hub, DeliveryProgress::of(&snapshot.group)).await.is_err()
        {
            looked = Err(StoreUnavailable);
        }
        for session in connected.iter().flat_map(|account| hub.sessions_of(account)) {
            let member = match &looked {
                Ok(Some(snapshot)) => snapshot.members.get(&session.account),
                Ok(None) => None,
                // Nobody knows what it may hear: it comes again, and is looked at anew.
                Err(StoreUnavailable) => {
                    session.close(CloseReason::TryAgain);
                    None
                }
            };
            if let Some(member) = member {
                self.enter(hub, session, wants_messages(member));
            } else if self.here.remove(&session.id).is_some() {
                session.left_room(&self.group);
            }
        }
    }

    async fn deliver(&mut self, hub: &Arc<Hub>, frame: Frame) {
        let Some((conversation_key, seq)) = frame.number.clone() else { return self.send(frame).await };
        let conversation = &conversation_key.conversation;
        let Some(up_to) = self.progress.as_ref().map(|progress| progress.get(conversation)) else { return };
        if up_to.delivered < seq {
            if up_to.delivered + 1 < seq
                && !self.send_missing(hub, conversation, up_to.delivered, seq - 1).await
            {
                return;
            }
            if let Some(progress) = &mut self.progress {
                progress.delivered(conversation, seq);
            }
        } else if up_to.at_snapshot < seq {
            return;
        }
        let conversation_key = self.conversation_key(conversation);
        self.send(Frame { number: Some((conversation_key, seq)), ..frame }).await;
    }

    /// Tells what of the numbers from `after` to `last` was missed. What an import brought is not: it is silent, and makes
    /// everything read up to where it ends. False when the history cannot be read; then it is tried again later.
    async fn send_missing(
        &mut self,
        hub: &Arc<Hub>,
        conversation: &Conversation,
        after: u32,
        last: u32,
    ) -> bool {
        let limit = usize::try_from((last - after).min(MISSED_MAX)).unwrap_or_default();
        let range = MessageRange::Newest { conversation: conversation.clone(), up_to: last, limit };
        let mut snapshot = match self.read(hub, false, vec![range]).await {
            Ok(Some(snapshot)) => snapshot,
            Ok(None) => return false,
            Err(StoreUnavailable) => {
                self.catch_up_later(hub);
                return false;
            }
        };
        let kind = snapshot.group.kind;
        let messages = snapshot.messages.remove(conversation).unwrap_or_default();
        let log = snapshot.log(conversation).cloned().unwrap_or_default();
        let MessageLog { read_by_all, .. } = log;
        let conversation_key = self.conversation_key(conversation);
        let from = after.max(read_by_all);
        if from < last.saturating_sub(MISSED_MAX) {
            self.send(missed(&conversation_key, from)).await;
        }
        for (_, message) in messages.range(from + 1..) {
            self.send(frame::stored(&conversation_key, kind, message)).await;
        }
        if let Some(progress) = &mut self.progress {
            progress.delivered(conversation, last);
        }
        true
    }

    /// Tells what the history has and nobody told, to those who are still members.
    async fn catch_up(&mut self, hub: &Arc<Hub>) {
        let is_live = self.progress.as_ref().is_some_and(|progress| progress.kind.can().live);
        if self.here.is_empty() || is_live {
            return;
        }
        let here: BTreeSet<_> = self.here.values().map(|here| here.session.account.clone()).collect();
        self.check_membership(hub, here.into_iter().collect()).await;
        let Some(progress) = self.progress.clone() else { return };
        let now = match self.read(hub, progress.has_topics, Vec::new()).await {
            Ok(Some(snapshot)) => progress_of(&snapshot),
            Ok(None) => return,
            Err(StoreUnavailable) => return self.catch_up_later(hub),
        };
        if now.group.delivered < progress.group.delivered {
            // Another group by now has the id of one that was dissolved.
            self.progress = Some(now);
            self.here.values().for_each(|here| here.session.forget(&self.group));
            return;
        }
        let topics = now.topics.iter().flatten().map(|(id, up_to)| (Conversation::Topic(id.clone()), *up_to));
        for (conversation, DeliveredUpTo { delivered: last, .. }) in
            topics.chain([(Conversation::Group, now.group)])
        {
            let DeliveredUpTo { delivered, .. } = progress.get(&conversation);
            if delivered < last && !self.send_missing(hub, &conversation, delivered, last).await {
                return;
            }
        }
    }

    fn catch_up_later(&self, hub: &Arc<Hub>) {
        let (hub, group) = (Arc::clone(hub), self.group.clone());
        tokio::spawn(async move {
            tokio::time::sleep(READ_AGAIN).await;
            hub.add_action(&group, RoomAction::CatchUp);
        });
    }

    async fn send(&mut self, frame: Frame) {
        let frame = Arc::new(frame);
        for (count, PresentClient { session, wants_messages, .. }) in self.here.values().enumerate() {
            if (*wants_messages || !frame.is_message) && frame.is_for(&session.account) {
                session.push(&frame);
            }
            if count % CLIENTS_AT_ONCE == CLIENTS_AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
        }
    }
}

/// That more was missed than is told by itself.
fn missed(conversation_key: &ConversationKey, after: u32) -> Frame {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Missed<'a> {
        #[serde(flatten)]
        about: frame::FrameHeader<'a>,
        msg_seq: u32,
    }
    let about = frame::FrameHeader::of_conversation(
        "missed",
        &conversation_key.group,
        &conversation_key.conversation,
    );
    Frame {
        text: frame::text(&Missed { about, msg_seq: after }).into(),
        number: None,
        is_message: false,
        to: Vec::new(),
    }
}

/// A group could not be read; why is in the log.
struct StoreUnavailable;

/// Whether a member wants the messages of its group.
pub(super) fn wants_messages(member: &Member) -> bool {
    member.receive_option != ReceiveOption::Discard
}

fn progress_of(snapshot: &GroupSnapshot) -> DeliveryProgress {
    let topics = snapshot.parts.values().filter_map(|part| {
        let Part::Topic(topic) = part else { return None };
        Some((topic.id.clone(), DeliveredUpTo::at(topic.log.last_seq())))
    });
    DeliveryProgress { topics: Some(topics.collect()), ..DeliveryProgress::of(&snapshot.group) }
}
