//! The actions that wait for one room. They are performed one after another by whatever task finds the room idle, so a room
//! without work has no task.

use super::room::{Room, RoomAction};
use crate::lock::lock;
use landfall_domain::ids::GroupId;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Mutex;

/// Actions that wait at most; further frames are dropped, and read from the history where it stores them.
const ACTIONS_MAX: usize = 4_096;

pub(super) struct RoomQueue(Mutex<Inbox>);

struct Inbox {
    waiting: VecDeque<RoomAction>,
    /// Whether a frame was dropped because too many actions waited.
    missed: bool,
    /// `None` while a task performs the actions.
    idle: Option<Box<Room>>,
}

impl Inbox {
    /// Checks of membership that wait are merged, so that a check never names more accounts than there are.
    fn push(&mut self, action: RoomAction) {
        match (self.waiting.back_mut(), action) {
            (Some(RoomAction::CatchUp), RoomAction::CatchUp) => {}
            (Some(RoomAction::CheckMembership(waiting)), RoomAction::CheckMembership(more)) => {
                let known: BTreeSet<_> = waiting.iter().cloned().collect();
                waiting.extend(more.into_iter().filter(|account| !known.contains(account)));
            }
            (_, action) => self.waiting.push_back(action),
        }
    }
}

impl RoomQueue {
    pub(super) fn new(group: GroupId) -> Self {
        let idle = Some(Box::new(Room::new(group)));
        Self(Mutex::new(Inbox { waiting: VecDeque::new(), missed: false, idle }))
    }

    /// Adds an action. Returns the room when it was idle: the caller then performs the actions.
    pub(super) fn add(&self, action: RoomAction) -> Option<Box<Room>> {
        let mut inbox = lock(&self.0);
        if ACTIONS_MAX <= inbox.waiting.len() && matches!(action, RoomAction::Deliver(_)) {
            inbox.missed = true;
            return None;
        }
        inbox.push(action);
        inbox.idle.take()
    }

    /// The next action for `room`. Without one, the room is idle again.
    pub(super) fn next(&self, room: Box<Room>) -> Option<(RoomAction, Box<Room>)> {
        let mut inbox = lock(&self.0);
        match inbox.waiting.pop_front() {
            Some(action) => Some((action, room)),
            None if std::mem::take(&mut inbox.missed) => Some((RoomAction::CatchUp, room)),
            None => {
                inbox.idle = Some(room);
                None
            }
        }
    }

    /// Whether the room is idle and empty; only then may it be removed.
    pub(super) fn is_deserted(&self) -> bool {
        let inbox = lock(&self.0);
        inbox.waiting.is_empty() && inbox.idle.as_ref().is_some_and(|room| room.is_empty())
    }
}
