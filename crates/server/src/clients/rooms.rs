//! The rooms of one app: one for each group that has a connected client.

use super::delivery_progress::DeliveryProgress;
use super::room::{Entering, Room, RoomAction, RoomContext, wants_messages};
use super::room_queue::RoomQueue;
use super::session::{CloseReason, Session};
use crate::lock::lock;
use landfall_domain::error::StoreError;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::store::JoinedWindow;
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;

/// Groups read at a time when a client connects.
const GROUPS_PER_PAGE: usize = 500;
/// Pause before a history that could not be read is read again.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The types of group that have members.
const MEMBER_KINDS: [GroupType; 4] =
    [GroupType::Private, GroupType::Public, GroupType::ChatRoom, GroupType::Community];

pub(super) struct Rooms {
    context: RoomContext,
    rooms: Mutex<BTreeMap<GroupId, Arc<RoomQueue>>>,
}

impl Rooms {
    pub(super) fn new(context: RoomContext) -> Arc<Self> {
        Arc::new(Self { context, rooms: Mutex::default() })
    }

    /// Adds an action to the room of a group; does nothing when no client is in the group.
    pub(super) fn add_action(self: &Arc<Self>, group: &GroupId, action: RoomAction) {
        let rooms = lock(&self.rooms);
        if let Some(queue) = rooms.get(group) {
            self.add_to(queue, action);
        }
    }

    /// Adds an action to the room of a group, which is opened first if need be.
    pub(super) fn open_and_add(self: &Arc<Self>, group: &GroupId, action: RoomAction) {
        let mut rooms = lock(&self.rooms);
        let queue = rooms.entry(group.clone()).or_insert_with(|| Arc::new(RoomQueue::new(group.clone())));
        self.add_to(queue, action);
    }

    /// To be called while the rooms are locked, so that the queue is not removed meanwhile.
    fn add_to(self: &Arc<Self>, queue: &Arc<RoomQueue>, action: RoomAction) {
        if let Some(room) = queue.add(action) {
            tokio::spawn(Arc::clone(self).work(Arc::clone(queue), room));
        }
    }

    /// Performs the actions of a room until none is left.
    async fn work(self: Arc<Self>, queue: Arc<RoomQueue>, mut room: Box<Room>) {
        let group = room.group.clone();
        loop {
            let is_empty = room.is_empty();
            let Some((action, busy)) = queue.next(room) else {
                if is_empty {
                    self.remove_if_deserted(&group);
                }
                return;
            };
            room = busy;
            room.perform(&self.context, action).await;
            if room.take_retry() {
                self.catch_up_later(group.clone());
            }
        }
    }

    fn catch_up_later(self: &Arc<Self>, group: GroupId) {
        let rooms = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(RETRY_AFTER).await;
            rooms.add_action(&group, RoomAction::CatchUp);
        });
    }

    fn remove_if_deserted(&self, group: &GroupId) {
        let mut rooms = lock(&self.rooms);
        if rooms.get(group).is_some_and(|queue| queue.is_deserted()) {
            rooms.remove(group);
        }
    }

    /// Lets a client into all groups of its account; returns their number.
    pub(super) async fn enter_groups(self: &Arc<Self>, session: &Arc<Session>) -> Result<u64, StoreError> {
        let RoomContext { app, store, .. } = &self.context;
        let mut offset = 0;
        loop {
            let window = JoinedWindow {
                kinds: MEMBER_KINDS.to_vec(),
                support_topic: None,
                inactive: true,
                offset,
                limit: GROUPS_PER_PAGE,
            };
            let page = store.joined_groups(*app, session.account.clone(), window).await?;
            offset += page.groups.len();
            let is_last = page.groups.len() < GROUPS_PER_PAGE;
            for (group, member) in page.groups {
                let (session, progress) = (Arc::clone(session), DeliveryProgress::of_group(&group));
                let entering = Entering { session, progress, wants_messages: wants_messages(&member) };
                self.open_and_add(&group.id, RoomAction::Enter(entering));
            }
            if is_last {
                break;
            }
        }
        // What was read of these groups may be older than their changes meanwhile.
        for group in session.finish_entering() {
            self.open_and_add(&group, RoomAction::CheckMembership(vec![session.account.clone()]));
        }
        Ok(offset as u64)
    }

    /// Checks every session and every room: whether each account may still be connected, which groups it is in by now, and
    /// what was missed. Called when updates of other servers may have been lost.
    pub(super) async fn catch_up(self: &Arc<Self>) {
        for session in self.context.sessions.all() {
            if let Err(error) = self.recheck(&session).await {
                self.context.error_log.log(|suppressed| {
                    tracing::error!(%error, suppressed, "a connected client cannot be checked again: {error}");
                });
                session.close(CloseReason::TryAgain);
            }
        }
        let groups: Vec<_> = lock(&self.rooms).keys().cloned().collect();
        groups.iter().for_each(|group| self.add_action(group, RoomAction::CatchUp));
    }

    /// Closes the connection of an account that was kicked or deleted; lets others into the groups they are in by now.
    async fn recheck(self: &Arc<Self>, session: &Arc<Session>) -> Result<(), StoreError> {
        let RoomContext { app, store, .. } = &self.context;
        let accounts = store.accounts(*app, vec![session.account.clone()]).await?;
        if accounts.iter().flatten().next().is_none() {
            if !session.is_entering() {
                session.close(CloseReason::Deleted);
            }
        } else if session.signed < store.signatures_from(*app, session.account.clone()).await? {
            session.close(CloseReason::Kicked);
        } else {
            self.enter_groups(session).await?;
        }
        Ok(())
    }

    /// The accounts in the room of a live-stream group at this server, and since when each is there.
    pub(super) async fn clients(self: &Arc<Self>, group: &GroupId) -> BTreeMap<UserId, Timestamp> {
        let (sender, receiver) = oneshot::channel();
        self.add_action(group, RoomAction::ListClients(sender));
        // Without a room the sender is dropped.
        receiver.await.unwrap_or_default()
    }
}
