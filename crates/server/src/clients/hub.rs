//! The connected clients of one app: who is connected, and what they are told.

use super::frame::{ConversationKey, Frame};
use super::notice::{Notice, NoticeKind};
use super::outgoing_frame::OutgoingFrame;
use super::peer_link::{PeerLink, PeerQuery, PeerReply};
use super::room::{DeliveryProgress, Entering, Room, RoomAction, wants_messages};
use super::session::{CloseReason, Session};
use super::update::ClientUpdate;
use crate::logging::ErrorLogLimiter;
use crate::platform::Platform;
use landfall_domain::event::{AfterCommit, AppliedChange, Event, Subscribers};
use landfall_domain::group::GroupType;
use landfall_domain::ids::{AppId, GroupId, TopicId, UserId};
use landfall_domain::message::Conversation;
use landfall_domain::store::{JoinedWindow, Store, StoreError};
use landfall_domain::time::{Clock, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Devices of one account that may be connected at the same time; the one that has been longest gives way. [choice]
const DEVICES_MAX: usize = 10;
/// Groups read at a time when a client connects.
const GROUPS_PER_PAGE: usize = 500;

/// The types of group whose members are kept.
const MEMBER_KINDS: [GroupType; 4] =
    [GroupType::Private, GroupType::Public, GroupType::ChatRoom, GroupType::Community];

/// The connected clients of one app.
pub struct Hub {
    /// The app.
    pub(super) app: AppId,
    /// Where groups and histories are.
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    /// Bounds what is logged while the store fails.
    pub(super) error_log: ErrorLogLimiter,
    accounts: Mutex<BTreeMap<UserId, Vec<Arc<Session>>>>,
    /// How many clients are connected, so that nobody has to look among them where there is none.
    count: AtomicUsize,
    rooms: Mutex<BTreeMap<GroupId, Arc<Room>>>,
    others: Arc<dyn PeerLink>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is whole even if its last holder panicked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// Nobody is connected yet. `others` carries what happens to other servers.
    pub(super) fn new(
        app: AppId,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        others: Arc<dyn PeerLink>,
    ) -> Self {
        let (accounts, rooms, count) = (Mutex::default(), Mutex::default(), AtomicUsize::new(0));
        Self { app, store, clock, error_log: ErrorLogLimiter::default(), accounts, count, rooms, others }
    }

    /// Whether anybody anywhere may be connected.
    fn any_client_connected(&self) -> bool {
        self.count() != 0 || self.others.have_clients()
    }

    /// What to do about a change of a group once it is kept.
    pub(crate) fn on_change(
        self: &Arc<Self>,
        change: AppliedChange<'_>,
        operator: &UserId,
        now: Timestamp,
    ) -> Option<AfterCommit> {
        let (hub, group) = (Arc::clone(self), change.group.clone());
        if !self.any_client_connected() {
            let moved = ClientUpdate::of_membership_changes(change.events);
            // Somebody may connect before the change is kept, who has not read it and is not told of it.
            return Some(Box::new(move || {
                if hub.any_client_connected() {
                    hub.publish(&group, moved);
                    hub.add_action(&group, RoomAction::CatchUp);
                }
            }));
        }
        let update = ClientUpdate::of(change, operator, now);
        (!update.is_empty()).then(|| Box::new(move || hub.publish(&group, update)) as AfterCommit)
    }

    /// Tells clients, here and at other servers.
    pub(crate) fn publish(self: &Arc<Self>, group: &GroupId, update: ClientUpdate) {
        if self.any_client_connected() {
            self.others.publish(self.app, group, &update);
            self.apply(group, update);
        }
    }

    /// A group was made, not imported.
    pub(crate) fn created(
        self: &Arc<Self>,
        group: &GroupId,
        kind: GroupType,
        owner: Option<&UserId>,
        members: &[UserId],
        (operator, now): (&UserId, Timestamp),
    ) {
        let notice = |what| Notice::new(what, kind, group, operator, now);
        let mut update = ClientUpdate::default();
        if let Some(owner) = owner {
            update.frames.push(notice(NoticeKind::Created).to(std::slice::from_ref(owner)));
        }
        let others: Vec<_> = members.iter().filter(|member| Some(*member) != owner).cloned().collect();
        if !others.is_empty() {
            update.frames.push(notice(NoticeKind::Invited).to(&others));
        }
        update.membership_changed =
            owner.into_iter().chain(&others).map(|id| id.as_str().to_owned()).collect();
        self.publish(group, update);
    }

    /// A group was dissolved.
    pub(crate) fn dissolved(
        self: &Arc<Self>,
        group: &GroupId,
        kind: GroupType,
        (operator, now): (&UserId, Timestamp),
    ) {
        let notice = Notice::new(NoticeKind::Dissolved, kind, group, operator, now);
        let frames = vec![notice.to_all()];
        self.publish(group, ClientUpdate { frames, dissolved: true, ..ClientUpdate::default() });
    }

    /// Accounts that are about to be imported into a group.
    pub(crate) fn before_import<'a>(&self, accounts: impl Iterator<Item = &'a UserId>) -> PendingImport {
        let listed = self
            .any_client_connected()
            .then(|| accounts.map(|account| account.as_str().to_owned()).collect());
        PendingImport(listed)
    }

    /// Accounts came into a group silently: nobody is told, but from now on they hear what is said there.
    pub(crate) fn after_import(self: &Arc<Self>, group: &GroupId, import: PendingImport) {
        match import {
            PendingImport(Some(membership_changed)) => {
                self.publish(group, ClientUpdate { membership_changed, ..ClientUpdate::default() })
            }
            // Somebody has connected meanwhile, and may have looked for its groups before this was one.
            PendingImport(None) if self.any_client_connected() => {
                let hub = Arc::clone(self);
                tokio::spawn(async move { hub.catch_up().await });
            }
            PendingImport(None) => {}
        }
    }

    /// Takes what change here or at another server.
    pub(super) fn apply(self: &Arc<Self>, group: &GroupId, update: ClientUpdate) {
        let ClientUpdate { membership_changed, frames: outgoing, dissolved } = update;
        let moved: Vec<_> = {
            let accounts = lock(&self.accounts);
            let connected =
                membership_changed.iter().filter_map(|name| accounts.get_key_value(&UserId::parse(name)?));
            connected
                .map(|(account, sessions)| {
                    sessions.iter().for_each(|session| session.note_membership_change(group));
                    account.clone()
                })
                .collect()
        };
        if !moved.is_empty() {
            self.open_and_add(group, RoomAction::CheckMembership(moved));
        }
        let mut frames = Vec::new();
        for frame in outgoing {
            if frame.anywhere {
                self.deliver(&frame);
            } else {
                frames.extend(addressed(group, frame));
            }
        }
        if !frames.is_empty() {
            self.add_action(group, RoomAction::Deliver(frames));
        }
        if dissolved {
            self.add_action(group, RoomAction::Dissolve);
        }
    }

    fn deliver(&self, outgoing: &OutgoingFrame) {
        let text = outgoing.text.as_str().into();
        let frame = Arc::new(Frame { text, number: None, is_message: false, to: Vec::new() });
        for account in outgoing.to.iter().filter_map(|name| UserId::parse(name)) {
            for session in self.sessions_of(&account) {
                session.push(&frame);
            }
        }
    }

    /// Adds a step to a room that somebody is in.
    pub(super) fn add_action(self: &Arc<Self>, group: &GroupId, step: RoomAction) {
        let rooms = lock(&self.rooms);
        if let Some(room) = rooms.get(group) {
            room.add(self, step);
        }
    }

    /// Adds a step to a room, which may be new.
    fn open_and_add(self: &Arc<Self>, group: &GroupId, step: RoomAction) {
        let mut rooms = lock(&self.rooms);
        let room = rooms.entry(group.clone()).or_insert_with(|| Arc::new(Room::new(group.clone())));
        room.add(self, step);
    }

    pub(super) fn forget_if_deserted(&self, group: &GroupId) {
        let mut rooms = lock(&self.rooms);
        if rooms.get(group).is_some_and(|room| room.is_deserted()) {
            rooms.remove(group);
        }
    }

    /// The connected devices of an account.
    pub(super) fn sessions_of(&self, account: &UserId) -> Vec<Arc<Session>> {
        lock(&self.accounts).get(account).cloned().unwrap_or_default()
    }

    /// Adds a client to its account, so that it wants_messages what is for the account itself. Gives what had to give way to it.
    pub(super) fn add_session(&self, session: &Arc<Session>) -> Option<Platform> {
        let before = self.count.fetch_add(1, Ordering::SeqCst);
        self.others.client_count_changed(before + 1);
        let mut accounts = lock(&self.accounts);
        let devices = accounts.entry(session.account.clone()).or_default();
        // Those that are about to go are still there; a connection counts until it has ended.
        let staying = devices.iter().filter(|device| device.close_reason().is_none()).count();
        let first = devices.iter().find(|device| device.close_reason().is_none() && DEVICES_MAX <= staying);
        let replaced = first.map(|device| {
            device.close(CloseReason::Replaced);
            device.platform
        });
        devices.push(Arc::clone(session));
        replaced
    }

    /// Lets a client into all groups of its account; how many these are.
    pub(super) async fn enter_groups(self: &Arc<Self>, session: &Arc<Session>) -> Result<u64, StoreError> {
        let mut offset = 0;
        loop {
            let window = JoinedWindow {
                kinds: MEMBER_KINDS.to_vec(),
                support_topic: None,
                inactive: true,
                offset,
                limit: GROUPS_PER_PAGE,
            };
            let page = self.store.joined_groups(self.app, session.account.clone(), window).await?;
            offset += page.groups.len();
            let is_last = page.groups.len() < GROUPS_PER_PAGE;
            for (group, member) in page.groups {
                let (session, progress) = (Arc::clone(session), DeliveryProgress::of(&group));
                let newcomer = Entering { session, progress, wants_messages: wants_messages(&member) };
                self.open_and_add(&group.id, RoomAction::Enter(newcomer));
            }
            if is_last {
                break;
            }
        }
        // What was read of these may be older than what change to them meanwhile.
        for group in session.finish_entering() {
            self.open_and_add(&group, RoomAction::CheckMembership(vec![session.account.clone()]));
        }
        Ok(offset as u64)
    }

    /// Lets a client into a live-stream group, which keeps no members.
    pub(super) fn enter_live(
        self: &Arc<Self>,
        session: &Arc<Session>,
        progress: DeliveryProgress,
        group: &GroupId,
    ) {
        let newcomer = Entering { session: Arc::clone(session), progress, wants_messages: true };
        self.open_and_add(group, RoomAction::Enter(newcomer));
    }

    /// Lets a client out of a live-stream group.
    pub(super) fn leave_live(self: &Arc<Self>, session: &Session, group: &GroupId) {
        session.left_room(group);
        self.add_action(group, RoomAction::Leave(session.id));
    }

    /// Tells clients of what a client of `operator` does.
    pub(super) fn subscribers(self: &Arc<Self>, operator: UserId, now: Timestamp) -> Arc<dyn Subscribers> {
        Arc::new(ClientsOnly { hub: Arc::clone(self), operator, now })
    }

    /// Takes a client away.
    pub(super) fn remove_session(self: &Arc<Self>, session: &Session) {
        self.count.fetch_sub(1, Ordering::SeqCst);
        {
            let mut accounts = lock(&self.accounts);
            if let Some(devices) = accounts.get_mut(&session.account) {
                devices.retain(|device| device.id != session.id);
                if devices.is_empty() {
                    accounts.remove(&session.account);
                }
            }
        }
        for group in session.take_rooms() {
            self.add_action(&group, RoomAction::Leave(session.id));
        }
    }

    /// Ends all connections of an account, here and at other servers.
    pub(crate) fn disconnect(&self, account: &UserId, reason: CloseReason) {
        self.others.close_sessions(self.app, account, reason);
        self.close_sessions(account, reason);
    }

    /// Ends all connections of an account here.
    pub(super) fn close_sessions(&self, account: &UserId, reason: CloseReason) {
        self.sessions_of(account).iter().for_each(|session| session.close(reason));
    }

    /// Ends all connections here.
    pub(super) fn close_all(&self, reason: CloseReason) {
        lock(&self.accounts).values().flatten().for_each(|session| session.close(reason));
    }

    /// Looks in every room for what was missed and whether those who are here are members, and for groups that clients are
    /// in by now: events of other servers may have been lost.
    pub(super) async fn catch_up(self: &Arc<Self>) {
        let sessions: Vec<_> = lock(&self.accounts).values().flatten().cloned().collect();
        for session in sessions {
            if let Err(error) = self.recheck(&session).await {
                if let Some(suppressed) = self.error_log.admit() {
                    tracing::error!(%error, suppressed, "a connected client cannot be looked at: {error}");
                }
                session.close(CloseReason::TryAgain);
            }
        }
        let rooms: Vec<_> = lock(&self.rooms).keys().cloned().collect();
        rooms.iter().for_each(|group| self.add_action(group, RoomAction::CatchUp));
    }

    /// Ends a connection whose account was kicked or deleted, and lets others into the groups they are in by now.
    async fn recheck(self: &Arc<Self>, session: &Arc<Session>) -> Result<(), StoreError> {
        let accounts = self.store.accounts(self.app, vec![session.account.clone()]).await?;
        if accounts.iter().flatten().next().is_none() {
            session.close(CloseReason::Deleted);
        } else if session.signed < self.store.signatures_from(self.app, session.account.clone()).await? {
            session.close(CloseReason::Kicked);
        } else {
            self.enter_groups(session).await?;
        }
        Ok(())
    }

    /// How many clients are connected here.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// The connected devices of accounts, at whatever server.
    pub(crate) async fn devices(&self, accounts: &[UserId]) -> Vec<Vec<Platform>> {
        let names = accounts.iter().map(|account| account.as_str().to_owned()).collect();
        let elsewhere = self.others.query(self.app, PeerQuery::Devices(names)).await;
        let mut elsewhere: Vec<_> = elsewhere.into_iter().filter_map(PeerReply::devices).collect();
        let all = accounts.iter().map(|account| {
            let mut devices = self.devices_here(account);
            elsewhere
                .iter_mut()
                .for_each(|others| devices.extend(others.remove(account.as_str()).unwrap_or_default()));
            devices
        });
        all.collect()
    }

    /// The devices of an account that are connected here.
    pub(super) fn devices_here(&self, account: &UserId) -> Vec<Platform> {
        self.sessions_of(account).iter().map(|session| session.platform).collect()
    }

    /// Who is in a live-stream group, at whatever server, and since when.
    pub(crate) async fn visitors(self: &Arc<Self>, group: &GroupId) -> BTreeMap<UserId, Timestamp> {
        let question = PeerQuery::Visitors(group.as_str().to_owned());
        let (mut all, elsewhere) =
            tokio::join!(self.visitors_here(group), self.others.query(self.app, question));
        for (name, since) in elsewhere.into_iter().filter_map(PeerReply::visitors).flatten() {
            all.extend(UserId::parse(&name).map(|account| (account, Timestamp(since))));
        }
        all
    }

    /// Who is in a live-stream group and connected here.
    pub(super) async fn visitors_here(self: &Arc<Self>, group: &GroupId) -> BTreeMap<UserId, Timestamp> {
        let (answer, answered) = oneshot::channel();
        self.add_action(group, RoomAction::ListClients(answer));
        // There is no such room when nobody is there.
        answered.await.unwrap_or_default()
    }
}

/// Those who come with an import; `None` when nobody was connected whom that could concern.
pub(crate) struct PendingImport(Option<Vec<String>>);

/// A frame for those in the group.
fn addressed(group: &GroupId, frame: OutgoingFrame) -> Option<Frame> {
    let OutgoingFrame { text, to, is_message, seq, topic, .. } = frame;
    let topic = match topic {
        Some(topic) => Some(TopicId::stored(&topic)?),
        None => None,
    };
    let number = (seq != 0).then(|| {
        let key = ConversationKey { group: group.clone(), conversation: Conversation::of(topic) };
        (Arc::new(key), seq)
    });
    let to = to.iter().filter_map(|name| UserId::parse(name)).collect();
    Some(Frame { text: text.into(), number, is_message, to })
}

/// Clients are told and nobody else.
struct ClientsOnly {
    hub: Arc<Hub>,
    operator: UserId,
    now: Timestamp,
}

impl Subscribers for ClientsOnly {
    fn wants_former_members(&self, _: GroupType) -> bool {
        false
    }

    fn outbox_entry(&self, _: &GroupId, _: GroupType, _: Event) -> Option<Vec<u8>> {
        None
    }

    fn on_change(&self, change: AppliedChange<'_>) -> Option<AfterCommit> {
        self.hub.on_change(change, &self.operator, self.now)
    }
}

#[cfg(test)]
mod tests;
