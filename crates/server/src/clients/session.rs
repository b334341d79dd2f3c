//! One connected client, as senders of frames see it.

use super::frame::{Frame, Sender};
use crate::all_variants::all_variants;
use crate::lock::lock;
use crate::platform::Platform;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, mpsc};

/// Frames that wait for one client. When there are more the connection is closed, and the client catches up later.
pub(super) const FRAMES_MAX: usize = 512;
/// Messages of a client that are remembered, so that it is not sent them.
const SENT_MAX: usize = 1_000;

all_variants! {
    /// Why the server closes a connection: the close codes of `docs/gateway.md`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub(crate) enum CloseReason {
        /// The server stops.
        Stopping,
        /// The store could not be read, or too many clients are connected.
        TryAgain,
        /// The client sent a binary frame or one that is too long.
        Misuse,
        /// The signature was refused.
        Refused,
        /// The account was kicked.
        Kicked,
        /// Too many devices of the account connected after this one.
        Replaced,
        /// The client does not take frames in time.
        Slow,
        /// The client was silent for too long.
        Silent,
        /// The signature is no longer valid.
        Expired,
        /// The account was deleted.
        Deleted,
    }
}

impl CloseReason {
    /// Close code and reason.
    pub(crate) fn code_and_reason(self) -> (u16, &'static str) {
        match self {
            Self::Stopping => (1001, "the server is stopping; connect again"),
            Self::TryAgain => (1013, "the server cannot serve you at present; connect again in a while"),
            Self::Misuse => (1008, "frames of text are expected, of 64 KiB at most"),
            Self::Refused => (4001, "the signature was refused"),
            Self::Kicked => (4002, "the account was kicked; connect again with a new UserSig"),
            Self::Replaced => (4003, "more than 10 devices of the account are connected"),
            Self::Slow => (4004, "frames were not taken in time; connect again and catch up"),
            Self::Silent => (4005, "nothing was heard for 60 seconds, not even a pong"),
            Self::Expired => (4006, "the UserSig has expired; connect again with a new one"),
            Self::Deleted => (4007, "the account was deleted"),
        }
    }
}

pub(super) enum OutboundItem {
    Frame(Arc<Frame>),
    /// The positions of the client in this group are dropped: it was dissolved, and a new group may have its id.
    Forget(Box<GroupId>),
}

/// A connected client.
pub(crate) struct Session {
    /// Unique at this server.
    pub(super) id: u64,
    pub(super) account: UserId,
    pub(super) platform: Platform,
    /// When its signature was made.
    pub(super) signed: Timestamp,
    frames: mpsc::Sender<OutboundItem>,
    groups: Mutex<Groups>,
    close_reason: Mutex<Option<CloseReason>>,
    /// What it sent last: it is not sent that.
    sent: Mutex<VecDeque<Sender>>,
    /// Notified when the connection is to be closed.
    pub(super) closing: Notify,
}

/// The groups a client is in.
struct Groups {
    /// `None` once the client is gone.
    all: Option<BTreeSet<GroupId>>,
    /// Live-stream groups that the client has entered.
    live: BTreeSet<GroupId>,
    /// While the client enters the groups of its account: those in which its membership changed meanwhile.
    changed_meanwhile: Option<BTreeSet<GroupId>>,
}

impl Session {
    /// A client, and the receiving end of its queue.
    pub(super) fn new(
        id: u64,
        account: UserId,
        platform: Platform,
        signed: Timestamp,
    ) -> (Arc<Self>, mpsc::Receiver<OutboundItem>) {
        let (frames, outbound) = mpsc::channel(FRAMES_MAX);
        let groups = Groups {
            all: Some(BTreeSet::new()),
            live: BTreeSet::new(),
            changed_meanwhile: Some(BTreeSet::new()),
        };
        let (groups, close_reason, closing) = (Mutex::new(groups), Mutex::new(None), Notify::new());
        let sent = Mutex::new(VecDeque::new());
        let session = Self { id, account, platform, signed, frames, groups, close_reason, sent, closing };
        (Arc::new(session), outbound)
    }

    /// Notes that the client is about to send this message.
    pub(super) fn sends(&self, message: Sender) {
        let mut sent = lock(&self.sent);
        if SENT_MAX <= sent.len() {
            sent.pop_front();
        }
        sent.push_back(message);
    }

    /// Takes that back: the message was not sent.
    pub(super) fn did_not_send(&self, message: &Sender) {
        let mut sent = lock(&self.sent);
        if let Some(at) = sent.iter().rposition(|sender| sender == message) {
            sent.remove(at);
        }
    }

    /// Whether the client sent this message itself.
    pub(super) fn has_sent(&self, sender: &Sender) -> bool {
        sender.account == self.account.as_str() && lock(&self.sent).contains(sender)
    }

    /// Queues a frame; closes the connection when too many wait.
    pub(super) fn push(&self, frame: &Arc<Frame>) {
        self.add(OutboundItem::Frame(Arc::clone(frame)));
    }

    /// Drops the positions of the client in a dissolved group.
    pub(super) fn forget(&self, group: &GroupId) {
        self.add(OutboundItem::Forget(Box::new(group.clone())));
    }

    fn add(&self, item: OutboundItem) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.frames.try_send(item) {
            self.close(CloseReason::Slow);
        }
    }

    /// Closes the connection; the first reason counts.
    pub(super) fn close(&self, reason: CloseReason) {
        lock(&self.close_reason).get_or_insert(reason);
        self.closing.notify_one();
    }

    pub(super) fn close_reason(&self) -> Option<CloseReason> {
        *lock(&self.close_reason)
    }

    /// Records that the client is in the room of a group; false when the client is gone.
    pub(super) fn joined_room(&self, group: &GroupId) -> bool {
        lock(&self.groups).all.as_mut().is_some_and(|all| {
            all.insert(group.clone());
            true
        })
    }

    pub(super) fn left_room(&self, group: &GroupId) {
        if let Some(all) = &mut lock(&self.groups).all {
            all.remove(group);
        }
    }

    /// Records that the client has entered a live-stream group; false when it is there already.
    pub(super) fn enter_live(&self, group: &GroupId) -> bool {
        lock(&self.groups).live.insert(group.clone())
    }

    /// Records that the client has left a live-stream group; false when it was not there.
    pub(super) fn leave_live(&self, group: &GroupId) -> bool {
        lock(&self.groups).live.remove(group)
    }

    /// Whether its account is a member of a group, as far as this server has heard; what it enters as live-stream groups are
    /// entered does not count.
    pub(super) fn is_member_of(&self, group: &GroupId) -> bool {
        let groups = lock(&self.groups);
        groups.all.as_ref().is_some_and(|all| all.contains(group)) && !groups.live.contains(group)
    }

    pub(super) fn is_in_live(&self, group: &GroupId) -> bool {
        lock(&self.groups).live.contains(group)
    }

    pub(super) fn live_groups(&self) -> BTreeSet<GroupId> {
        lock(&self.groups).live.clone()
    }

    /// Records a change of membership that the client may not have read while it enters its groups.
    pub(super) fn note_membership_change(&self, group: &GroupId) {
        if let Some(changed_meanwhile) = &mut lock(&self.groups).changed_meanwhile {
            changed_meanwhile.insert(group.clone());
        }
    }

    /// Whether the client has yet to enter its groups. Until then its account may not have been created.
    pub(super) fn is_entering(&self) -> bool {
        lock(&self.groups).changed_meanwhile.is_some()
    }

    /// The client has entered its groups; returns those in which its membership changed meanwhile.
    pub(super) fn finish_entering(&self) -> BTreeSet<GroupId> {
        lock(&self.groups).changed_meanwhile.take().unwrap_or_default()
    }

    /// The client is gone; returns the groups in whose rooms it was.
    pub(super) fn take_rooms(&self) -> BTreeSet<GroupId> {
        lock(&self.groups).all.take().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::page::{PAGE, rows};
    use super::super::positions::WINDOW;
    use super::*;
    use crate::all_variants::AllVariants as _;

    #[test]
    fn the_page_lists_every_close_code_and_no_other() {
        let all: Vec<_> =
            CloseReason::ALL.iter().map(|reason| reason.code_and_reason().0.to_string()).collect();
        let listed: Vec<_> = rows("## Close codes").into_iter().map(|(code, _)| code).collect();
        assert_eq!(listed, all);
    }

    #[test]
    fn the_page_has_the_bounds() {
        let bound =
            |what| rows("## Time-outs and bounds").into_iter().find(|row| row.0 == what).map(|row| row.1);
        assert_eq!(bound("Frames that wait to be sent"), Some(FRAMES_MAX.to_string().as_str()));
        assert!(
            PAGE.contains(&format!("\"Window\": {WINDOW}"))
                && PAGE.contains(&format!("sends {WINDOW} messages"))
        );
    }
}
