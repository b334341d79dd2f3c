//! One group and the connected clients in it: messages go to all of them once, in the order of their numbers.
//!
//! Messages that the history stores are ordered by their numbers: one that arrives too early waits until those before it
//! have been read from the history. So a message that was lost on the way from another server is delivered as soon as the
//! next one arrives.

use super::delivery_progress::{DeliveredUpTo, DeliveryProgress};
use super::frame::{self, ConversationKey, Frame, FrameHeader};
use super::senders;
use super::session::{CloseReason, Session};
use super::session_directory::SessionDirectory;
use crate::counts::AppCounts;
use crate::files::signing::FileSigner;
use crate::logging::ErrorLogLimiter;
use landfall_domain::account::SenderProfiles;
use landfall_domain::error::{NoSuchGroup, OperationError, StoreError};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::{Member, ReceiveOption};
use landfall_domain::message::{Conversation, MessageLog};
use landfall_domain::part::{PartFamily, PartKey, PartRange};
use landfall_domain::snapshot::{GroupSnapshot, MessageRange, Needs};
use landfall_domain::store::Store;
use landfall_domain::time::{Clock, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Missed messages that are read from the history at once. Clients that missed more are sent `missed`.
const MISSED_MAX: u32 = 200;
/// Clients that are sent a frame before other tasks get their turn.
const CLIENTS_AT_ONCE: usize = 256;

/// What the rooms of one app work with.
pub(super) struct RoomContext {
    pub(super) app: AppId,
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) files: FileSigner,
    pub(super) sessions: Arc<SessionDirectory>,
    pub(super) counts: Arc<AppCounts>,
    /// Limits what is logged while the store fails.
    pub(super) error_log: ErrorLogLimiter,
}

pub(super) enum RoomAction {
    Enter(Entering),
    /// The session with this number has ended, or left the live-stream group.
    Leave(u64),
    /// The membership of these accounts may have changed.
    CheckMembership(Vec<UserId>),
    Deliver(Vec<Frame>),
    /// Frames may have been missed.
    CatchUp,
    /// The group was dissolved.
    Dissolve,
    /// Sends the accounts in the room, and since when each is there.
    ListClients(oneshot::Sender<BTreeMap<UserId, Timestamp>>),
}

/// A client that enters a room.
pub(super) struct Entering {
    pub(super) session: Arc<Session>,
    /// How far the group was when it was read for this client.
    pub(super) progress: DeliveryProgress,
    pub(super) wants_messages: bool,
}

/// A client in a room.
struct PresentClient {
    session: Arc<Session>,
    since: Timestamp,
    /// False for a member that receives tips but no messages.
    wants_messages: bool,
}

pub(super) struct Room {
    pub(super) group: GroupId,
    /// By the number of the session.
    clients: BTreeMap<u64, PresentClient>,
    progress: Option<DeliveryProgress>,
    /// Shared by the frames of a conversation.
    keys: BTreeMap<Conversation, Arc<ConversationKey>>,
    /// Whether the history could not be read, and the room has to catch up later.
    needs_retry: bool,
}

/// The store could not be read; the cause is in the log.
struct StoreUnavailable;

impl RoomContext {
    fn unavailable(&self, error: &StoreError) -> StoreUnavailable {
        self.error_log.log(|suppressed| {
            tracing::error!(%error, suppressed, "a group with connected clients cannot be read: {error}");
        });
        StoreUnavailable
    }
}

impl Room {
    pub(super) fn new(group: GroupId) -> Self {
        Self { group, clients: BTreeMap::new(), progress: None, keys: BTreeMap::new(), needs_retry: false }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// Whether the room has to catch up later, since this was last asked.
    pub(super) fn take_retry(&mut self) -> bool {
        std::mem::take(&mut self.needs_retry)
    }

    pub(super) async fn perform(&mut self, context: &RoomContext, action: RoomAction) {
        match action {
            RoomAction::Enter(Entering { session, progress, wants_messages }) => {
                match self.know_progress(context, progress).await {
                    Ok(()) => self.enter(context, session, wants_messages),
                    Err(StoreUnavailable) => session.close(CloseReason::TryAgain),
                }
            }
            RoomAction::Leave(id) => {
                self.clients.remove(&id);
            }
            RoomAction::CheckMembership(accounts) => self.check_membership(context, accounts).await,
            RoomAction::Deliver(frames) => {
                for frame in frames {
                    self.deliver(context, frame).await;
                }
            }
            RoomAction::CatchUp => self.catch_up(context).await,
            RoomAction::Dissolve => {
                for PresentClient { session, .. } in std::mem::take(&mut self.clients).into_values() {
                    session.left_room(&self.group);
                    session.forget(&self.group);
                }
                self.progress = None;
            }
            RoomAction::ListClients(receiver) => {
                let clients =
                    self.clients.values().map(|client| (client.session.account.clone(), client.since));
                // Fails when the call that asked has ended.
                drop(receiver.send(clients.collect()));
            }
        }
    }

    fn enter(&mut self, context: &RoomContext, session: Arc<Session>, wants_messages: bool) {
        if session.joined_room(&self.group) {
            let since =
                self.clients.get(&session.id).map_or_else(|| context.clock.now(), |client| client.since);
            self.clients.insert(session.id, PresentClient { session, since, wants_messages });
        }
    }

    fn conversation_key(&mut self, conversation: &Conversation) -> Arc<ConversationKey> {
        if let Some(key) = self.keys.get(conversation) {
            return Arc::clone(key);
        }
        let key = ConversationKey { group: self.group.clone(), conversation: conversation.clone() };
        let key = Arc::new(key);
        self.keys.insert(conversation.clone(), Arc::clone(&key));
        key
    }

    /// Makes sure that the numbers are known after which everything is delivered.
    async fn know_progress(
        &mut self,
        context: &RoomContext,
        progress: DeliveryProgress,
    ) -> Result<(), StoreUnavailable> {
        let progress = self.progress.get_or_insert(progress);
        if progress.topics.is_none() {
            // Without a group there is nothing to deliver.
            self.progress = self
                .read_topics_and_messages(context, true, Vec::new())
                .await?
                .as_ref()
                .map(DeliveryProgress::of_snapshot);
        }
        Ok(())
    }

    /// The group, its topics if asked for, and messages; `None` when it is gone.
    async fn read_topics_and_messages(
        &self,
        context: &RoomContext,
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
        self.snapshot(context, needs).await
    }

    async fn snapshot(
        &self,
        context: &RoomContext,
        needs: Needs,
    ) -> Result<Option<GroupSnapshot>, StoreUnavailable> {
        match context.store.snapshot(context.app, self.group.clone(), needs).await {
            Ok(snapshot) => Ok(Some(snapshot)),
            Err(OperationError::Refused(NoSuchGroup)) => Ok(None),
            Err(OperationError::Store(error)) => Err(context.unavailable(&error)),
        }
    }

    /// Adds accounts that are members and removes those that are not, as the store says now.
    async fn check_membership(&mut self, context: &RoomContext, accounts: Vec<UserId>) {
        let connected: Vec<_> =
            accounts.into_iter().filter(|account| !context.sessions.of_account(account).is_empty()).collect();
        if connected.is_empty() {
            return;
        }
        let needs = Needs { members: connected.clone(), ..Needs::default() };
        let mut read = self.snapshot(context, needs).await;
        if let Ok(Some(snapshot)) = &read
            && self.know_progress(context, DeliveryProgress::of_group(&snapshot.group)).await.is_err()
        {
            read = Err(StoreUnavailable);
        }
        for session in connected.iter().flat_map(|account| context.sessions.of_account(account)) {
            let member = match &read {
                Ok(Some(snapshot)) => snapshot.members.get(&session.account),
                Ok(None) => None,
                // What the client may receive is unknown; it connects again and is checked then.
                Err(StoreUnavailable) => {
                    session.close(CloseReason::TryAgain);
                    None
                }
            };
            if let Some(member) = member {
                self.enter(context, session, wants_messages(member));
            } else if self.clients.remove(&session.id).is_some() {
                session.left_room(&self.group);
            }
        }
    }

    async fn deliver(&mut self, context: &RoomContext, frame: Frame) {
        let Some((key, seq)) = frame.number.clone() else { return self.send(context, frame).await };
        let conversation = &key.conversation;
        let Some(up_to) = self.progress.as_ref().map(|progress| progress.get(conversation)) else { return };
        if up_to.delivered < seq {
            if up_to.delivered + 1 < seq
                && !self.send_missing(context, conversation, up_to.delivered, seq - 1).await
            {
                return;
            }
            if let Some(progress) = &mut self.progress {
                progress.advance(conversation, seq);
            }
        } else if up_to.at_snapshot < seq {
            return;
        }
        let key = self.conversation_key(conversation);
        self.send(context, Frame { number: Some((key, seq)), ..frame }).await;
    }

    /// Messages, and what is seen of their senders; `None` when the group is gone.
    async fn read_missing(
        &self,
        context: &RoomContext,
        range: MessageRange,
    ) -> Result<Option<(GroupSnapshot, SenderProfiles)>, StoreUnavailable> {
        let Some(found) = self.read_topics_and_messages(context, false, vec![range]).await? else {
            return Ok(None);
        };
        let messages = found.messages.values().flat_map(BTreeMap::values);
        let senders = senders::read(&*context.store, context.app, &self.group, messages).await;
        Ok(Some((found, senders.map_err(|error| context.unavailable(&error))?)))
    }

    /// Sends what was missed of the messages after `after`, up to `last`. Imported messages are left out: imports are silent,
    /// and mark everything up to their last message as read. False when the history cannot be read.
    async fn send_missing(
        &mut self,
        context: &RoomContext,
        conversation: &Conversation,
        after: u32,
        last: u32,
    ) -> bool {
        let limit = usize::try_from((last - after).min(MISSED_MAX)).unwrap_or_default();
        let range = MessageRange::Newest { conversation: conversation.clone(), up_to: last, limit };
        let (snapshot, senders) = match self.read_missing(context, range).await {
            Ok(Some(found)) => found,
            Ok(None) => return false,
            Err(StoreUnavailable) => {
                self.needs_retry = true;
                return false;
            }
        };
        let kind = snapshot.group.kind;
        let log = snapshot.log(conversation).cloned().unwrap_or_default();
        let MessageLog { read_by_all, .. } = log;
        let key = self.conversation_key(conversation);
        let from = after.max(read_by_all);
        if from < last.saturating_sub(MISSED_MAX) {
            self.send(context, missed(&key, from)).await;
        }
        for message in snapshot.messages_of(conversation).into_iter().filter(|message| from < message.seq) {
            self.send(context, frame::stored(&key, kind, (message, &senders), &context.files)).await;
        }
        if let Some(progress) = &mut self.progress {
            progress.advance(conversation, last);
        }
        true
    }

    /// Sends clients that are still members what the history has and was not delivered.
    async fn catch_up(&mut self, context: &RoomContext) {
        let is_live = self.progress.as_ref().is_some_and(|progress| progress.kind.can().live);
        if self.clients.is_empty() || is_live {
            return;
        }
        let present: BTreeSet<_> =
            self.clients.values().map(|client| client.session.account.clone()).collect();
        self.check_membership(context, present.into_iter().collect()).await;
        let Some(progress) = self.progress.clone() else { return };
        let now = match self.read_topics_and_messages(context, progress.has_topics, Vec::new()).await {
            Ok(Some(snapshot)) => DeliveryProgress::of_snapshot(&snapshot),
            Ok(None) => return,
            Err(StoreUnavailable) => {
                self.needs_retry = true;
                return;
            }
        };
        if now.group.delivered < progress.group.delivered {
            // A new group has the id of one that was dissolved.
            self.progress = Some(now);
            self.clients.values().for_each(|client| client.session.forget(&self.group));
            return;
        }
        let topics = now.topics.iter().flatten().map(|(id, up_to)| (Conversation::Topic(id.clone()), *up_to));
        for (conversation, DeliveredUpTo { delivered: last, .. }) in
            topics.chain([(Conversation::Group, now.group)])
        {
            let DeliveredUpTo { delivered, .. } = progress.get(&conversation);
            if delivered < last && !self.send_missing(context, &conversation, delivered, last).await {
                return;
            }
        }
    }

    async fn send(&mut self, context: &RoomContext, frame: Frame) {
        let frame = Arc::new(frame);
        let mut devices = 0;
        for (count, PresentClient { session, wants_messages, .. }) in self.clients.values().enumerate() {
            if (*wants_messages || !frame.is_message) && frame.is_for(&session.account) {
                session.push(&frame);
                devices += 1;
            }
            if count % CLIENTS_AT_ONCE == CLIENTS_AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
        }
        if frame.is_message {
            context.counts.handed_group(devices);
        }
    }
}

/// Says that more was missed than the server sends by itself.
fn missed(key: &ConversationKey, after: u32) -> Frame {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Missed<'a> {
        #[serde(flatten)]
        about: FrameHeader<'a>,
        msg_seq: u32,
    }
    let about = FrameHeader::of_conversation("missed", &key.group, &key.conversation);
    Frame::without_number(frame::text(&Missed { about, msg_seq: after }))
}

/// Whether a member receives the messages of its group.
pub(super) fn wants_messages(member: &Member) -> bool {
    member.receive_option != ReceiveOption::Discard
}
