//! The connected clients of one app: who is connected, and what they are told.

use super::bulletin::{Bulletin, Item};
use super::frame::{Frame, Place};
use super::notice::{Notice, NoticeKind};
use super::room::{Heads, Newcomer, Room, Step, hears};
use super::session::{Platform, Session, Why};
use super::told::{Answer, Question, Told};
use crate::logging::ErrorLogLimiter;
use landfall_domain::event::Event;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{AppId, GroupId, TopicId, UserId};
use landfall_domain::message::Conversation;
use landfall_domain::store::{JoinedWindow, Store, StoreError};
use landfall_domain::subscribers::{AfterCommit, AppliedChange, Subscribers};
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
    others: Arc<dyn Told>,
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
        others: Arc<dyn Told>,
    ) -> Self {
        let (accounts, rooms, count) = (Mutex::default(), Mutex::default(), AtomicUsize::new(0));
        Self { app, store, clock, error_log: ErrorLogLimiter::default(), accounts, count, rooms, others }
    }

    /// Whether anybody anywhere may be connected.
    fn is_heard(&self) -> bool {
        self.count() != 0 || self.others.are_listening()
    }

    /// What to do about a change of a group once it is kept.
    pub(crate) fn happened(
        self: &Arc<Self>,
        happened: AppliedChange<'_>,
        operator: &UserId,
        now: Timestamp,
    ) -> Option<AfterCommit> {
        let (hub, group) = (Arc::clone(self), happened.group.clone());
        if !self.is_heard() {
            let moved = Bulletin::of_moves(happened.events);
            // Somebody may connect before the change is kept, who has not read it and is not told of it.
            return Some(Box::new(move || {
                if hub.is_heard() {
                    hub.publish(&group, moved);
                    hub.step(&group, Step::CatchUp);
                }
            }));
        }
        let bulletin = Bulletin::of(happened, operator, now);
        (!bulletin.is_empty()).then(|| Box::new(move || hub.publish(&group, bulletin)) as AfterCommit)
    }

    /// Tells clients, here and at other servers.
    pub(crate) fn publish(self: &Arc<Self>, group: &GroupId, bulletin: Bulletin) {
        if self.is_heard() {
            self.others.tell(self.app, group, &bulletin);
            self.take(group, bulletin);
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
        let mut bulletin = Bulletin::default();
        if let Some(owner) = owner {
            bulletin.items.push(notice(NoticeKind::Created).to(std::slice::from_ref(owner)));
        }
        let others: Vec<_> = members.iter().filter(|member| Some(*member) != owner).cloned().collect();
        if !others.is_empty() {
            bulletin.items.push(notice(NoticeKind::Invited).to(&others));
        }
        bulletin.moved = owner.into_iter().chain(&others).map(|id| id.as_str().to_owned()).collect();
        self.publish(group, bulletin);
    }

    /// A group was dissolved.
    pub(crate) fn dissolved(
        self: &Arc<Self>,
        group: &GroupId,
        kind: GroupType,
        (operator, now): (&UserId, Timestamp),
    ) {
        let notice = Notice::new(NoticeKind::Dissolved, kind, group, operator, now);
        let items = vec![notice.to_all()];
        self.publish(group, Bulletin { items, dissolved: true, ..Bulletin::default() });
    }

    /// Accounts that are about to be imported into a group.
    pub(crate) fn newcomers<'a>(&self, accounts: impl Iterator<Item = &'a UserId>) -> Newcomers {
        let listed = self.is_heard().then(|| accounts.map(|account| account.as_str().to_owned()).collect());
        Newcomers(listed)
    }

    /// Accounts came into a group silently: nobody is told, but from now on they hear what is said there.
    pub(crate) fn imported(self: &Arc<Self>, group: &GroupId, newcomers: Newcomers) {
        match newcomers {
            Newcomers(Some(moved)) => self.publish(group, Bulletin { moved, ..Bulletin::default() }),
            // Somebody has connected meanwhile, and may have looked for its groups before this was one.
            Newcomers(None) if self.is_heard() => {
                let hub = Arc::clone(self);
                tokio::spawn(async move { hub.catch_up().await });
            }
            Newcomers(None) => {}
        }
    }

    /// Takes what happened here or at another server.
    pub(super) fn take(self: &Arc<Self>, group: &GroupId, bulletin: Bulletin) {
        let Bulletin { moved, items, dissolved } = bulletin;
        let moved: Vec<_> = {
            let accounts = lock(&self.accounts);
            let connected = moved.iter().filter_map(|name| accounts.get_key_value(&UserId::parse(name)?));
            connected
                .map(|(account, sessions)| {
                    sessions.iter().for_each(|session| session.moves_while_it_enters(group));
                    account.clone()
                })
                .collect()
        };
        if !moved.is_empty() {
            self.step_in(group, Step::Look(moved));
        }
        let mut frames = Vec::new();
        for item in items {
            if item.anywhere {
                self.deliver(&item);
            } else {
                frames.extend(frame(group, item));
            }
        }
        if !frames.is_empty() {
            self.step(group, Step::Tell(frames));
        }
        if dissolved {
            self.step(group, Step::Dissolve);
        }
    }

    fn deliver(&self, item: &Item) {
        let text = item.text.as_str().into();
        let frame = Arc::new(Frame { text, number: None, is_message: false, to: Vec::new() });
        for account in item.to.iter().filter_map(|name| UserId::parse(name)) {
            for session in self.sessions_of(&account) {
                session.push(&frame);
            }
        }
    }

    /// Adds a step to a room that somebody is in.
    pub(super) fn step(self: &Arc<Self>, group: &GroupId, step: Step) {
        let rooms = lock(&self.rooms);
        if let Some(room) = rooms.get(group) {
            room.add(self, step);
        }
    }

    /// Adds a step to a room, which may be new.
    fn step_in(self: &Arc<Self>, group: &GroupId, step: Step) {
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

    /// Adds a client to its account, so that it hears what is for the account itself. Gives what had to give way to it.
    pub(super) fn arrive(&self, session: &Arc<Session>) -> Option<Platform> {
        let before = self.count.fetch_add(1, Ordering::SeqCst);
        self.others.has_clients(before + 1);
        let mut accounts = lock(&self.accounts);
        let devices = accounts.entry(session.account.clone()).or_default();
        // Those that are about to go are still there; a connection counts until it has ended.
        let staying = devices.iter().filter(|device| device.ending().is_none()).count();
        let first = devices.iter().find(|device| device.ending().is_none() && DEVICES_MAX <= staying);
        let replaced = first.map(|device| {
            device.close(Why::Replaced);
            device.platform
        });
        devices.push(Arc::clone(session));
        replaced
    }

    /// Lets a client into all groups of its account; how many these are.
    pub(super) async fn enter_all(self: &Arc<Self>, session: &Arc<Session>) -> Result<u64, StoreError> {
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
                let (session, heads) = (Arc::clone(session), Heads::of(&group));
                let newcomer = Newcomer { session, heads, hears: hears(&member) };
                self.step_in(&group.id, Step::Enter(newcomer));
            }
            if is_last {
                break;
            }
        }
        // What was read of these may be older than what happened to them meanwhile.
        for group in session.has_entered() {
            self.step_in(&group, Step::Look(vec![session.account.clone()]));
        }
        Ok(offset as u64)
    }

    /// Lets a client into a live-stream group, which keeps no members.
    pub(super) fn enter_live(self: &Arc<Self>, session: &Arc<Session>, heads: Heads, group: &GroupId) {
        let newcomer = Newcomer { session: Arc::clone(session), heads, hears: true };
        self.step_in(group, Step::Enter(newcomer));
    }

    /// Lets a client out of a live-stream group.
    pub(super) fn leave_live(self: &Arc<Self>, session: &Session, group: &GroupId) {
        session.left(group);
        self.step(group, Step::Leave(session.id));
    }

    /// Tells clients of what a client of `operator` does.
    pub(super) fn subscribers(self: &Arc<Self>, operator: UserId, now: Timestamp) -> Arc<dyn Subscribers> {
        Arc::new(ClientsOnly { hub: Arc::clone(self), operator, now })
    }

    /// Takes a client away.
    pub(super) fn depart(self: &Arc<Self>, session: &Session) {
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
        for group in session.end() {
            self.step(&group, Step::Leave(session.id));
        }
    }

    /// Ends all connections of an account, here and at other servers.
    pub(crate) fn disconnect(&self, account: &UserId, why: Why) {
        self.others.tell_ended(self.app, account, why);
        self.end(account, why);
    }

    /// Ends all connections of an account here.
    pub(super) fn end(&self, account: &UserId, why: Why) {
        self.sessions_of(account).iter().for_each(|session| session.close(why));
    }

    /// Ends all connections here.
    pub(super) fn end_all(&self, why: Why) {
        lock(&self.accounts).values().flatten().for_each(|session| session.close(why));
    }

    /// Looks in every room for what was missed and whether those who are here are members, and for groups that clients are
    /// in by now: events of other servers may have been lost.
    pub(super) async fn catch_up(self: &Arc<Self>) {
        let sessions: Vec<_> = lock(&self.accounts).values().flatten().cloned().collect();
        for session in sessions {
            if let Err(error) = self.look_at(&session).await {
                if let Some(suppressed) = self.error_log.admit() {
                    tracing::error!(%error, suppressed, "a connected client cannot be looked at: {error}");
                }
                session.close(Why::TryAgain);
            }
        }
        let rooms: Vec<_> = lock(&self.rooms).keys().cloned().collect();
        rooms.iter().for_each(|group| self.step(group, Step::CatchUp));
    }

    /// Ends a connection whose account was kicked or deleted, and lets others into the groups they are in by now.
    async fn look_at(self: &Arc<Self>, session: &Arc<Session>) -> Result<(), StoreError> {
        let accounts = self.store.accounts(self.app, vec![session.account.clone()]).await?;
        if accounts.iter().flatten().next().is_none() {
            session.close(Why::Deleted);
        } else if session.signed < self.store.signatures_from(self.app, session.account.clone()).await? {
            session.close(Why::Kicked);
        } else {
            self.enter_all(session).await?;
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
        let elsewhere = self.others.ask(self.app, Question::Devices(names)).await;
        let mut elsewhere: Vec<_> = elsewhere.into_iter().filter_map(Answer::devices).collect();
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
        let question = Question::Visitors(group.as_str().to_owned());
        let (mut all, elsewhere) =
            tokio::join!(self.visitors_here(group), self.others.ask(self.app, question));
        for (name, since) in elsewhere.into_iter().filter_map(Answer::visitors).flatten() {
            all.extend(UserId::parse(&name).map(|account| (account, Timestamp(since))));
        }
        all
    }

    /// Who is in a live-stream group and connected here.
    pub(super) async fn visitors_here(self: &Arc<Self>, group: &GroupId) -> BTreeMap<UserId, Timestamp> {
        let (answer, answered) = oneshot::channel();
        self.step(group, Step::Who(answer));
        // There is no such room when nobody is there.
        answered.await.unwrap_or_default()
    }
}

/// Those who come with an import; `None` when nobody was connected whom that could concern.
pub(crate) struct Newcomers(Option<Vec<String>>);

/// A frame for those in the group.
fn frame(group: &GroupId, item: Item) -> Option<Frame> {
    let Item { text, to, is_message, seq, topic, .. } = item;
    let topic = match topic {
        Some(topic) => Some(TopicId::stored(&topic)?),
        None => None,
    };
    let number = (seq != 0).then(|| {
        let place = Place { group: group.clone(), conversation: Conversation::of(topic) };
        (Arc::new(place), seq)
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

    fn on_change(&self, happened: AppliedChange<'_>) -> Option<AfterCommit> {
        self.hub.happened(happened, &self.operator, self.now)
    }
}

#[cfg(test)]
mod tests;
