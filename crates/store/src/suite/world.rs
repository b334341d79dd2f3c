//! Everything a caller can read of an app, for comparison: before and after, or store and model.

use super::decided;
use super::direct::direct_keys;
use super::scripted::{families, topic};
use landfall_domain::account::Account;
use landfall_domain::error::NoSuchGroup;
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::{Member, Role};
use landfall_domain::message::{Conversation, Message};
use landfall_domain::part::{Part, PartKey, PartRange};
use landfall_domain::people::fact::{FactFamily, FactKey, FactRange};
use landfall_domain::people::follow::Tie;
use landfall_domain::people::friends::RequestWay;
use landfall_domain::people::message::{DirectRange, MessageKey};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::people::{Pair, Subject};
use landfall_domain::snapshot::{GroupSnapshot, MessageRange, Needs};
use landfall_domain::store::{GroupRange, JoinedChat, JoinedWindow, MemberWindow, Store, WhichMessages};
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;

/// Groups with their members in the order they joined and all that belongs to them, accounts, the list of groups by
/// type, and the groups of each account.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct World {
    pub(crate) groups: BTreeMap<GroupId, (Group, Vec<Member>)>,
    pub(crate) accounts: BTreeMap<UserId, Account>,
    /// The time from which signatures of each account are valid, whether it exists or not.
    pub(crate) signatures_from: BTreeMap<UserId, Timestamp>,
    /// Total and ids; the first entry is that of all types.
    pub(crate) lists: Vec<(Option<GroupType>, u64, Vec<GroupId>)>,
    pub(crate) parts: BTreeMap<GroupId, BTreeMap<PartKey, Part>>,
    pub(crate) messages: BTreeMap<GroupId, BTreeMap<Conversation, BTreeMap<u32, Message>>>,
    pub(crate) joined: BTreeMap<UserId, Vec<(Group, Member)>>,
    pub(crate) people: PeopleSnapshot,
}

/// A page of which a few hold everything: all that can go wrong between pages does so between these.
fn page_of(total: usize) -> usize {
    total.div_ceil(4).max(1)
}

/// The types a list can be asked for.
pub(crate) fn listed_types() -> impl Iterator<Item = Option<GroupType>> {
    std::iter::once(None).chain(GroupType::ALL.map(Some))
}

impl World {
    /// Reads everything about `ids` and `users`, and checks that every way to read it gives the same.
    pub(crate) async fn of(store: &dyn Store, app: AppId, ids: &[GroupId], users: &[UserId]) -> Self {
        let mut world = Self::default();
        let groups = store.groups(app, ids.to_vec()).await.unwrap();
        assert_eq!(groups.len(), ids.len());
        for (id, group) in ids.iter().zip(groups) {
            let whole = MemberWindow::ByJoinTime { offset: 0, limit: usize::MAX };
            let page = decided(store.members(app, id.clone(), Vec::new(), whole).await);
            match (group, page) {
                (None, Err(NoSuchGroup)) => {}
                (Some(group), Ok(page)) => {
                    assert_eq!(page.group, *group);
                    assert!(!page.more);
                    check_members(store, app, &group, &page.members).await;
                    let snapshot = everything(store, app, &group).await;
                    world.parts.insert(id.clone(), snapshot.parts);
                    world.messages.insert(id.clone(), snapshot.messages);
                    world.groups.insert(id.clone(), (page.group, page.members));
                }
                (group, page) => panic!("{id} is there for one call only: {group:?}, {page:?}"),
            }
        }
        let accounts = store.accounts(app, users.to_vec()).await.unwrap();
        assert_eq!(accounts.len(), users.len());
        world
            .accounts
            .extend(users.iter().zip(accounts).filter_map(|(user, account)| Some((user.clone(), account?))));
        for (number, user) in users.iter().enumerate() {
            let from = store.signatures_from(app, user.clone()).await.unwrap();
            world.signatures_from.insert(user.clone(), from);
            world.joined.insert(user.clone(), joined(store, app, user, number).await);
        }
        world.people = people(store, app, users).await;
        check_accounts(store, app, &world.accounts, users).await;
        let limit = page_of(ids.len()).max(2);
        for kind in listed_types() {
            let (total, ids) = list(store, app, kind, limit).await;
            assert_eq!(total, ids.len() as u64, "the total of {kind:?} is not the length of the list");
            world.lists.push((kind, total, ids));
        }
        world
    }

    /// The same without places in the list: they say nothing but the order, which the list itself shows, and a
    /// store may leave gaps.
    pub(crate) fn without_positions(mut self) -> Self {
        let joined = self.joined.values_mut().flatten().map(|(group, _)| group);
        self.groups
            .values_mut()
            .map(|(group, _)| group)
            .chain(joined)
            .for_each(|group| group.list_position = 0);
        self
    }
}

/// That the accounts of an app are listed once, also in pages.
async fn check_accounts(
    store: &dyn Store,
    app: AppId,
    accounts: &BTreeMap<UserId, Account>,
    users: &[UserId],
) {
    let mut listed = store.list_accounts(app, None, usize::MAX).await.unwrap();
    let mut paged: Vec<UserId> = Vec::new();
    let limit = page_of(listed.len());
    loop {
        let page = store.list_accounts(app, paged.last().cloned(), limit).await.unwrap();
        let is_last = page.len() < limit;
        paged.extend(page);
        if is_last {
            break;
        }
    }
    assert_eq!(paged, listed);
    listed.retain(|id| users.contains(id));
    listed.sort();
    assert_eq!(listed, accounts.keys().cloned().collect::<Vec<_>>());
}

/// Everything that belongs to a group, as far as scripts make it.
pub(crate) async fn everything(store: &dyn Store, app: AppId, group: &Group) -> GroupSnapshot {
    let places = [None, Some(0), Some(1)].map(|number| Conversation::of(number.map(|n| topic(&group.id, n))));
    let newest = |conversation| MessageRange::Newest { conversation, up_to: u32::MAX, limit: usize::MAX };
    let mut parts = vec![PartKey::Attributes, PartKey::Counters];
    parts.extend((0..4).map(|seq| PartKey::ExtensionHead(Conversation::Group, seq)));
    let needs = Needs {
        parts,
        ranges: families(&group.id).into_iter().map(PartRange::all).collect(),
        messages: places.into_iter().map(newest).collect(),
        ..Needs::default()
    };
    let snapshot = decided(store.snapshot(app, group.id.clone(), needs).await).unwrap();
    assert_eq!(snapshot.group, *group);
    snapshot
}

/// The facts that accounts have, besides families.
const FACTS: [FactKey; 8] = [
    FactKey::Official,
    FactKey::Folders,
    FactKey::Mute,
    FactKey::Portrait,
    FactKey::Friends,
    FactKey::Followers,
    FactKey::Attributes,
    FactKey::Tags,
];

/// The families of facts that accounts have.
const FAMILIES: [FactFamily; 14] = [
    FactFamily::Chats,
    FactFamily::Unread,
    FactFamily::Friends,
    FactFamily::Requests(RequestWay::Sent),
    FactFamily::Requests(RequestWay::Received),
    FactFamily::Blocklist,
    FactFamily::Filed,
    FactFamily::Marks,
    FactFamily::Pins,
    FactFamily::Follows(Tie::Mutual),
    FactFamily::Follows(Tie::Followed),
    FactFamily::Follows(Tie::Follower),
    FactFamily::Subscribers,
    FactFamily::Subscribed,
];

/// What there is about these accounts and between them, as far as scripts make it.
async fn people(store: &dyn Store, app: AppId, users: &[UserId]) -> PeopleSnapshot {
    let mut needs = PeopleNeeds { accounts: users.to_vec(), ..PeopleNeeds::default() };
    needs.facts.extend([FactKey::AttributeNames, FactKey::Pushed].map(|key| (Subject::App, key)));
    needs.ranges.push(FactRange::all(Subject::App, FactFamily::Pushes));
    needs.facts.push((Subject::App, FactKey::Words));
    for (number, one) in users.iter().enumerate() {
        let subject = Subject::Account(one.clone());
        needs.facts.extend(FACTS.map(|key| (subject.clone(), key)));
        for family in FAMILIES {
            needs.ranges.push(FactRange::all(subject.clone(), family));
            needs.counts.push((subject.clone(), family));
        }
        for other in &users[number..] {
            let pair = Pair::of(one.clone(), other.clone());
            needs.facts.push((Subject::Pair(pair.clone()), FactKey::Log));
            let extensions = direct_keys().map(|key| (Subject::Pair(pair.clone()), FactKey::Extensions(key)));
            needs.facts.extend(extensions);
            needs.messages.push(DirectRange::After { pair, seq: 0, limit: usize::MAX });
        }
    }
    let by_place = store.people(app, needs.clone()).await.unwrap();
    for range in &mut needs.messages {
        let (pair, from) = (range.pair().clone(), MessageKey::default());
        *range = DirectRange::Between {
            pair,
            from,
            to: MessageKey::first_of(Timestamp(1 << 40)),
            limit: usize::MAX,
        };
    }
    let by_time = store.people(app, needs).await.unwrap();
    assert_eq!(by_place, by_time);
    by_place
}

/// The groups of an account, checked against its pages and against one of three filters in turn.
async fn joined(store: &dyn Store, app: AppId, account: &UserId, turn: usize) -> Vec<(Group, Member)> {
    let all = JoinedWindow {
        kinds: GroupType::ALL.to_vec(),
        support_topic: None,
        inactive: true,
        offset: 0,
        limit: usize::MAX,
    };
    let read = async |window| store.joined_groups(app, account.clone(), window).await.unwrap();
    let whole = read(all.clone()).await;
    assert_eq!(whole.total, whole.groups.len() as u64);
    let offsets = if whole.groups.len() < 2 { vec![] } else { vec![1, whole.groups.len()] };
    for offset in offsets {
        let page = read(JoinedWindow { offset, limit: 2, ..all.clone() }).await;
        assert_eq!(page.total, whole.total);
        assert_eq!(page.groups, whole.groups.iter().skip(offset).take(2).cloned().collect::<Vec<_>>());
    }
    let some = vec![GroupType::Private, GroupType::Community];
    let filters = [
        (GroupType::ALL.to_vec(), None, false),
        (GroupType::ALL.to_vec(), Some(true), true),
        (some, None, true),
    ];
    let (kinds, support_topic, inactive) = filters[turn % filters.len()].clone();
    let expected: Vec<_> = whole
        .groups
        .iter()
        .filter(|(group, _)| kinds.contains(&group.kind))
        .filter(|(group, _)| support_topic.is_none_or(|wanted| wanted == group.support_topic))
        .filter(|(group, _)| inactive || group.active)
        .cloned()
        .collect();
    let shown: Vec<_> = whole
        .groups
        .iter()
        .filter(|(group, _)| group.active)
        .map(|(group, _)| JoinedChat::of(group))
        .collect();
    for limit in [1, 2, 100] {
        let (mut chats, mut after) = (Vec::new(), None);
        loop {
            let page = store.joined_chats(app, account.clone(), after, limit).await.unwrap();
            chats.extend(page.chats);
            after = page.last;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(chats, shown, "{limit} at a time");
    }
    newest(store, app, &whole.groups, turn).await;
    let found = read(JoinedWindow { kinds, support_topic, inactive, ..all.clone() }).await;
    assert_eq!((found.total, found.groups), (expected.len() as u64, expected));
    whole.groups
}

/// Checks the newest messages of these groups, read together, against those of each group.
async fn newest(store: &dyn Store, app: AppId, groups: &[(Group, Member)], turn: usize) {
    let count = [1, 3, 40][turn % 3];
    let mut expected = BTreeMap::new();
    let mut ranges = vec![GroupRange { group: GroupId::parse("nowhere").unwrap(), after: 0, up_to: 9 }];
    for (group, _) in groups {
        let up_to = group.log.last_seq();
        let after = up_to.saturating_sub(count);
        let range = MessageRange::Newest { conversation: Conversation::Group, up_to, limit: usize::MAX };
        let needs = Needs { messages: vec![range], ..Needs::default() };
        let snapshot = decided(store.snapshot(app, group.id.clone(), needs).await).unwrap();
        let messages = snapshot.messages_of(&Conversation::Group).into_iter().cloned();
        expected.insert(group.id.clone(), messages.filter(|message| after < message.seq).collect::<Vec<_>>());
        ranges.push(GroupRange { group: group.id.clone(), after, up_to });
    }
    for which in [WhichMessages::All, WhichMessages::Mentions] {
        if which == WhichMessages::Mentions {
            expected.values_mut().for_each(|messages| messages.retain(Message::mentions_somebody));
        }
        expected.retain(|_, messages| !messages.is_empty());
        let found = store.messages_of_groups(app, ranges.clone(), which).await.unwrap();
        assert_eq!(found, expected, "{which:?} of the newest {count}");
    }
}

/// The whole list, read in pages of `limit`.
pub(crate) async fn list(
    store: &dyn Store,
    app: AppId,
    kind: Option<GroupType>,
    limit: usize,
) -> (u64, Vec<GroupId>) {
    let mut ids = Vec::new();
    let mut from = 0;
    loop {
        let page = store.list_groups(app, kind, from, limit).await.unwrap();
        assert!(page.next == 0 || page.ids.len() == limit, "a page in the middle is not full");
        assert!(page.next == 0 || from < page.next, "the pages do not move on");
        assert!(from == 0 || !page.ids.is_empty(), "a page was announced that is empty");
        ids.extend(page.ids);
        if page.next == 0 {
            return (page.total, ids);
        }
        from = page.next;
    }
}

/// Checks that the count, the owner and the other windows agree with the members.
async fn check_members(store: &dyn Store, app: AppId, group: &Group, members: &[Member]) {
    assert_eq!(group.member_count as usize, members.len(), "{}", group.id);
    let owners: Vec<_> =
        members.iter().filter(|member| member.role == Role::Owner).map(|member| &member.account).collect();
    // The owner of a group that keeps no members is named in the group only.
    let expected: Vec<_> = group.owner.iter().filter(|_| group.kind.can().members).collect();
    assert_eq!(owners, expected, "{}", group.id);
    let in_order = |one: &Member, next: &Member| {
        (one.joined, one.role != Role::Owner, &one.account)
            < (next.joined, next.role != Role::Owner, &next.account)
    };
    assert!(members.windows(2).all(|pair| in_order(&pair[0], &pair[1])), "{members:?}");
    let mut by_name = members.to_vec();
    by_name.sort_by(|one, other| one.account.cmp(&other.account));
    for roles in [vec![], vec![Role::Owner, Role::Admin], vec![Role::Member]] {
        let wanted = |member: &&Member| roles.is_empty() || roles.contains(&member.role);
        let limit = page_of(members.len());
        let expected: Vec<_> = by_name.iter().filter(wanted).cloned().collect();
        assert_eq!(pages_by_name(store, app, &group.id, &roles, limit).await, expected);
        let expected: Vec<_> = members.iter().filter(wanted).cloned().collect();
        assert_eq!(pages_by_join_time(store, app, &group.id, &roles, limit).await, expected);
    }
}

/// All members, read in pages in the order of their names.
pub(crate) async fn pages_by_name(
    store: &dyn Store,
    app: AppId,
    group: &GroupId,
    roles: &[Role],
    limit: usize,
) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    loop {
        let after = members.last().map(|member| member.account.clone());
        let window = MemberWindow::ByName { after, limit };
        let page = decided(store.members(app, group.clone(), roles.to_vec(), window).await).unwrap();
        assert!(!page.more || page.members.len() == limit);
        members.extend(page.members);
        if !page.more {
            return members;
        }
    }
}

/// All members, read in pages in the order they joined.
pub(crate) async fn pages_by_join_time(
    store: &dyn Store,
    app: AppId,
    group: &GroupId,
    roles: &[Role],
    limit: usize,
) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    loop {
        let window = MemberWindow::ByJoinTime { offset: members.len(), limit };
        let page = decided(store.members(app, group.clone(), roles.to_vec(), window).await).unwrap();
        assert!(!page.more || page.members.len() == limit);
        members.extend(page.members);
        if !page.more {
            return members;
        }
    }
}
