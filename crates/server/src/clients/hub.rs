//! The connected clients of one app, as the rest of the server sees them.

use super::account_rates::AccountRates;
use super::broadcasts::Broadcasts;
use super::delivery_progress::DeliveryProgress;
use super::direct_frames as direct;
use super::frame::Frame;
use super::online_counts::OnlineCounts;
use super::peer_link::{PeerLink, PeerQuery, PeerReply};
use super::people_frame::PeopleFrame;
use super::people_update::PeopleUpdate;
use super::room::{Entering, RoomAction, RoomContext};
use super::rooms::Rooms;
use super::session::{CloseReason, Session};
use super::session_directory::SessionDirectory;
use super::update::ClientUpdate;
use crate::counts::{AppCounts, Tally};
use crate::files::signing::FileSigner;
use crate::logging::ErrorLogLimiter;
use crate::platform::Platform;
use landfall_domain::error::StoreError;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::people::Pair;
use landfall_domain::people::counts::Sum;
use landfall_domain::store::Store;
use landfall_domain::subscribers::{AfterCommit, AppliedChange, AppliedPeopleChange};
use landfall_domain::time::{Clock, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The connected clients of one app: its sessions and rooms here, and the link to other servers.
pub struct Hub {
    app: AppId,
    /// Signs addresses of files in frames.
    pub(super) files: FileSigner,
    sessions: Arc<SessionDirectory>,
    rooms: Arc<Rooms>,
    broadcasts: Arc<Broadcasts>,
    peers: Arc<dyn PeerLink>,
    /// What happens in the app.
    pub(crate) counts: Arc<AppCounts>,
    clock: Arc<dyn Clock>,
    online: OnlineCounts,
    /// Limits the commands of each account.
    pub(super) account_rates: AccountRates,
}

impl Hub {
    pub(super) fn new(
        app: AppId,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        files: FileSigner,
        peers: Arc<dyn PeerLink>,
    ) -> Self {
        let counts = Arc::<AppCounts>::default();
        let sessions = Arc::new(SessionDirectory::new(Arc::clone(&counts)));
        let error_log = ErrorLogLimiter::default();
        let broadcasts = Broadcasts::new(app, Arc::clone(&store), Arc::clone(&sessions));
        let (sessions_of_rooms, files_of_rooms) = (Arc::clone(&sessions), files.clone());
        let clock_of_rooms = Arc::clone(&clock);
        let context = RoomContext {
            app,
            store,
            clock: clock_of_rooms,
            files: files_of_rooms,
            sessions: sessions_of_rooms,
            counts: Arc::clone(&counts),
            error_log,
        };
        let (rooms, online) = (Rooms::new(context), OnlineCounts::default());
        let account_rates = AccountRates::default();
        Self { app, files, sessions, rooms, broadcasts, peers, counts, clock, online, account_rates }
    }

    /// Whether a client may be connected, here or at another server.
    pub(crate) fn any_client_connected(&self) -> bool {
        self.count() != 0 || self.peers.have_clients()
    }

    /// What to do about a change of a group once it is committed.
    pub(crate) fn on_change(
        self: &Arc<Self>,
        change: AppliedChange<'_>,
        operator: &UserId,
        now: Timestamp,
    ) -> Option<AfterCommit> {
        let tally = Tally::of_group(change.group, change.events);
        self.counting(tally, self.for_clients(change, operator, now))
    }

    /// Counts a change once it is committed, and then does the rest.
    fn counting(&self, tally: Tally, then: Option<AfterCommit>) -> Option<AfterCommit> {
        if tally.is_empty() {
            return then;
        }
        let (counts, now) = (Arc::clone(&self.counts), self.clock.now());
        Some(Box::new(move || {
            counts.add(&tally, now);
            if let Some(then) = then {
                then();
            }
        }))
    }

    fn for_clients(
        self: &Arc<Self>,
        change: AppliedChange<'_>,
        operator: &UserId,
        now: Timestamp,
    ) -> Option<AfterCommit> {
        let (hub, group) = (Arc::clone(self), change.group.clone());
        if !self.any_client_connected() {
            let update = ClientUpdate::of_membership_changes(change.events);
            // A client may connect before the change is committed: then it has not read the change.
            return Some(Box::new(move || {
                if hub.any_client_connected() {
                    hub.publish(&group, update);
                    hub.rooms.add_action(&group, RoomAction::CatchUp);
                }
            }));
        }
        let update = ClientUpdate::of(change, operator, now, &self.files);
        (!update.is_empty()).then(|| Box::new(move || hub.publish(&group, update)) as AfterCommit)
    }

    /// What to do about a change of people once it is committed. A client that connects before that reads what it missed.
    pub(crate) fn on_people_change(
        self: &Arc<Self>,
        change: AppliedPeopleChange<'_>,
        operator: &UserId,
    ) -> Option<AfterCommit> {
        let tally = Tally::of_people(change.events);
        self.counting(tally, self.for_clients_of_people(change, operator))
    }

    fn for_clients_of_people(
        self: &Arc<Self>,
        change: AppliedPeopleChange<'_>,
        operator: &UserId,
    ) -> Option<AfterCommit> {
        if !self.any_client_connected() {
            return None;
        }
        let (hub, update) = (Arc::clone(self), PeopleUpdate::of(change, operator));
        (!update.frames.is_empty()).then(|| {
            Box::new(move || {
                hub.peers.publish_people(hub.app, &update);
                hub.apply_people(update);
            }) as AfterCommit
        })
    }

    /// Sends frames to those of their accounts that are connected, here and at other servers.
    pub(super) async fn send_to_connected(&self, mut update: PeopleUpdate) {
        if update.frames.is_empty() || !self.any_client_connected() {
            return;
        }
        let names: BTreeSet<&String> = update.frames.iter().flat_map(|frame| &frame.to).collect();
        let accounts: Vec<UserId> = names.into_iter().filter_map(|name| UserId::parse(name)).collect();
        let devices = self.devices(&accounts).await.into_iter().zip(&accounts);
        let connected: BTreeSet<&str> =
            devices.filter(|(devices, _)| !devices.is_empty()).map(|(_, account)| account.as_str()).collect();
        update.frames.retain(|frame| frame.to.iter().any(|name| connected.contains(name.as_str())));
        if !update.frames.is_empty() {
            self.peers.publish_people(self.app, &update);
            self.apply_people(update);
        }
    }

    /// Sends an update to clients, here and at other servers.
    pub(crate) fn publish(&self, group: &GroupId, update: ClientUpdate) {
        if self.any_client_connected() {
            self.peers.publish(self.app, group, &update);
            self.apply(group, update);
        }
    }

    /// A group was created, not imported.
    pub(crate) fn created(
        &self,
        group: &GroupId,
        kind: GroupType,
        owner: Option<&UserId>,
        members: &[UserId],
        (operator, now): (&UserId, Timestamp),
    ) {
        self.counts.one(Sum::NewGroups, now);
        self.counts.totals_change();
        self.publish(group, ClientUpdate::of_created(group, kind, owner, members, (operator, now)));
    }

    /// A group was dissolved.
    pub(crate) fn dissolved(&self, group: &GroupId, kind: GroupType, (operator, now): (&UserId, Timestamp)) {
        self.counts.one(Sum::EndedGroups, now);
        self.counts.totals_change();
        self.publish(group, ClientUpdate::of_dissolved(group, kind, (operator, now)));
    }

    /// To be called before accounts are imported into a group; [`after_import`](Self::after_import) takes the result.
    pub(crate) fn before_import<'a>(&self, accounts: impl Iterator<Item = &'a UserId>) -> PendingImport {
        let names = || accounts.map(|account| account.as_str().to_owned()).collect();
        PendingImport(self.any_client_connected().then(names))
    }

    /// A group was imported.
    pub(crate) fn imported(&self) {
        self.counts.one(Sum::NewGroups, self.clock.now());
    }

    /// Accounts were imported into a group: no client is notified, but from now on they receive what is sent there.
    pub(crate) fn after_import(&self, group: &GroupId, import: PendingImport) {
        self.counts.totals_change();
        match import {
            PendingImport(Some(membership_changed)) => {
                self.publish(group, ClientUpdate { membership_changed, ..ClientUpdate::default() });
            }
            // A client connected meanwhile, and may have read its groups before the import.
            PendingImport(None) if self.any_client_connected() => {
                let rooms = Arc::clone(&self.rooms);
                tokio::spawn(async move { rooms.catch_up().await });
            }
            PendingImport(None) => {}
        }
    }

    /// Applies an update of this server or another to the clients here.
    pub(super) fn apply(&self, group: &GroupId, update: ClientUpdate) {
        let ClientUpdate { membership_changed, frames: outgoing, dissolved } = update;
        let changed = self.sessions.note_membership_change(&membership_changed, group);
        if !changed.is_empty() {
            self.rooms.open_and_add(group, RoomAction::CheckMembership(changed));
        }
        let mut frames = Vec::new();
        for frame in outgoing {
            if frame.anywhere {
                let (text, to) = (frame.text.into(), Vec::new());
                let sent =
                    Arc::new(Frame { text, number: None, direct: None, is_message: false, to, sender: None });
                self.sessions.send(&sent, &frame.to);
            } else {
                frames.extend(frame.in_room_of(group));
            }
        }
        if !frames.is_empty() {
            self.rooms.add_action(group, RoomAction::Deliver(frames));
        }
        if dissolved {
            for session in self.sessions.all() {
                session.leave_live(group);
            }
            self.rooms.add_action(group, RoomAction::Dissolve);
        }
    }

    /// Sends the frames of this server or another to the clients here.
    pub(super) fn apply_people(&self, update: PeopleUpdate) {
        for PeopleFrame { to, text, direct, sender, subscribers_of } in update.frames {
            let direct = direct.and_then(|(pair, seq)| Some((Arc::new(Pair::named(&pair)?), seq)));
            let frame = Frame { direct, sender, ..Frame::without_number(text) };
            match subscribers_of.and_then(|official| UserId::parse(&official)) {
                Some(official) if self.count() != 0 => self.broadcasts.add(official, frame),
                Some(_) => {}
                None => self.sessions.send(&Arc::new(frame), &to),
            }
        }
    }

    /// Adds a client, which from then on receives what is sent to its account. Returns the platform of the device that had
    /// to make room.
    pub(super) fn add_session(&self, session: &Arc<Session>) -> Option<Platform> {
        let (count, replaced) = self.sessions.add(session);
        self.counts.login(&session.account, self.accounts_connected(), self.clock.now());
        self.peers.client_count_changed(count);
        replaced
    }

    /// Lets a client into all groups of its account; returns their number.
    pub(super) async fn enter_groups(&self, session: &Arc<Session>) -> Result<u64, StoreError> {
        self.rooms.enter_groups(session).await
    }

    /// Lets a client into a live-stream group, which has no members.
    pub(super) fn enter_live(&self, session: &Arc<Session>, progress: DeliveryProgress, group: &GroupId) {
        let entering = Entering { session: Arc::clone(session), progress, wants_messages: true };
        self.rooms.open_and_add(group, RoomAction::Enter(entering));
        self.note_visit(session, group, 1);
    }

    /// Lets a client out of a live-stream group.
    pub(super) fn leave_live(&self, session: &Session, group: &GroupId) {
        session.left_room(group);
        self.rooms.add_action(group, RoomAction::Leave(session.id));
        self.note_visit(session, group, -1);
    }

    /// A client came into a live-stream group (1) or has gone (-1): its account did, unless another of its clients is there.
    fn note_visit(&self, session: &Session, group: &GroupId, by: isize) {
        let others = self.sessions.of_account(&session.account).into_iter();
        if !others.filter(|other| other.id != session.id).any(|other| other.is_in_live(group)) {
            self.online.moved(group, by);
        }
    }

    pub(super) fn remove_session(&self, session: &Session) {
        self.sessions.remove(session);
        session.live_groups().iter().for_each(|group| self.note_visit(session, group, -1));
        for group in session.take_rooms() {
            self.rooms.add_action(&group, RoomAction::Leave(session.id));
        }
    }

    /// Closes all connections of an account, here and at other servers.
    pub(crate) fn disconnect(&self, account: &UserId, reason: CloseReason) {
        self.peers.close_sessions(self.app, account, reason);
        self.close_sessions(account, reason);
    }

    /// Closes all connections of an account here.
    pub(super) fn close_sessions(&self, account: &UserId, reason: CloseReason) {
        self.sessions.close(account, reason);
    }

    /// Closes all connections here.
    pub(super) fn close_all(&self, reason: CloseReason) {
        self.sessions.close_all(reason);
    }

    /// Checks what was missed, after updates of other servers may have been lost.
    pub(super) async fn catch_up(&self) {
        let missed = Arc::new(Frame::without_number(direct::missed()));
        self.sessions.all().iter().for_each(|session| session.push(&missed));
        self.rooms.catch_up().await;
    }

    /// How many clients are connected here.
    pub(super) fn count(&self) -> usize {
        self.sessions.count()
    }

    /// How many accounts are connected here.
    pub(crate) fn accounts_connected(&self) -> usize {
        self.sessions.accounts_count()
    }

    /// The connected devices of each account, at all servers.
    pub(crate) async fn devices(&self, accounts: &[UserId]) -> Vec<Vec<Platform>> {
        let names = accounts.iter().map(|account| account.as_str().to_owned()).collect();
        let elsewhere = self.peers.query(self.app, PeerQuery::Devices(names)).await;
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
        self.sessions.platforms(account)
    }

    /// The accounts in a live-stream group at all servers, and since when each is there.
    pub(crate) async fn visitors(&self, group: &GroupId) -> BTreeMap<UserId, Timestamp> {
        let query = PeerQuery::Visitors(group.as_str().to_owned());
        let (mut all, elsewhere) = tokio::join!(self.visitors_here(group), self.peers.query(self.app, query));
        for (name, since) in elsewhere.into_iter().filter_map(PeerReply::visitors).flatten() {
            all.extend(UserId::parse(&name).map(|account| (account, Timestamp(since))));
        }
        all
    }

    /// How many accounts are in a live-stream group at all servers, now or a few seconds ago.
    pub(crate) async fn recent_visitors(&self, group: &GroupId) -> usize {
        if let Some(count) = self.online.recent(group, self.clock.now()) {
            return count;
        }
        let count = self.visitors(group).await.len();
        self.online.learn(group, count);
        count
    }

    /// The accounts in a live-stream group that are connected here.
    pub(super) async fn visitors_here(&self, group: &GroupId) -> BTreeMap<UserId, Timestamp> {
        self.rooms.clients(group).await
    }
}

/// Accounts that are about to be imported into a group; `None` when no client was connected.
pub(crate) struct PendingImport(Option<Vec<String>>);

#[cfg(test)]
mod tests;
