//! Every cell of the table of rights, and every bit of permission groups, on a group of its own.

use super::deeds::{APP_ONLY, Deed};
use super::oracle::{BITS, Doer, RECALL_SECONDS, Rank, Whole, cell, group_of, judge, letter, rows};
use super::scripted::{permission_group, topic};
use super::{APP, CREATED, NOW, account, at_once, context, decided, group, member, text, user};
use landfall_domain::actor::{ActingAccount, Action, Actor};
use landfall_domain::application::Application;
use landfall_domain::changes::Changes;
use landfall_domain::context::Context;
use landfall_domain::event::Event;
use landfall_domain::group::{Group, GroupType, InviteOption, JoinOption, Profile};
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::member::Role;
use landfall_domain::message::{Body, Content, Conversation, Message, MessageLog, MessageState, Priority};
use landfall_domain::new_group::{IdChoice, NewGroup, NewMember};
use landfall_domain::operation::{Decision, GroupOperation, perform};
use landfall_domain::part::{Part, PartKey};
use landfall_domain::people::event::PeopleEvent;
use landfall_domain::permission::PermissionGroup;
use landfall_domain::refusal::Refusal;
use landfall_domain::snapshot::{GroupSnapshot, Needs};
use landfall_domain::store::Store;
use landfall_domain::subscribers::{AfterCommit, AppliedChange, Subscribers};
use landfall_domain::time::Timestamp;
use landfall_domain::topic::Topic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Those who act, in the order of [`Rank`].
const ACTING: [&str; 4] = ["own", "adm", "mem", "out"];
/// Those to whom something is done.
const TARGETS: [&str; 4] = ["own", "adm2", "mem2", "out2"];
/// The first numbers of messages that the acting accounts sent too long ago to recall them, and lately.
const LATE: u32 = 1;
const RECENT: u32 = 5;
/// The number of a message of another member.
const OTHER: u32 = 9;
/// The number of a message that is for somebody else.
const UNSEEN: u32 = 10;

/// Notices whether subscribers are shown anything. A store may decide, and show it, several times.
#[derive(Default)]
pub(super) struct Watch(AtomicBool);

impl Watch {
    pub(super) fn has_seen(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Subscribers for Watch {
    fn wants_former_members(&self, _: GroupType) -> bool {
        false
    }

    fn outbox_entry(&self, _: &GroupId, _: GroupType, _: Event) -> Option<Vec<u8>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn people_entry(&self, _: PeopleEvent) -> Option<Vec<u8>> {
        None
    }

    fn on_change(&self, _: AppliedChange<'_>) -> Option<AfterCommit> {
        self.0.store(true, Ordering::Relaxed);
        None
    }
}

/// Puts what the deeds are about into a new group.
#[derive(Clone, Debug)]
struct Furnish {
    group: GroupId,
    /// Accounts that are banned.
    banned: Vec<UserId>,
    /// What the permission group lets its members do: in the community, and in its topic.
    bits: (u64, u64),
    /// Those in the permission group.
    permitted: Vec<UserId>,
}

impl Furnish {
    fn of(group: GroupId) -> Self {
        Self { group, banned: Vec::new(), bits: (0, 0), permitted: Vec::new() }
    }

    fn parts(&self, kind: GroupType) -> Vec<(PartKey, Part)> {
        let application =
            Application { invited_by: Some(user("mem2")), text: String::new(), made: Timestamp(NOW.0 - 1) };
        let mut parts = vec![(PartKey::Application(user("app")), Part::Application(application))];
        parts
            .extend(self.banned.iter().map(|id| (PartKey::Ban(id.clone()), Part::Ban(Timestamp(NOW.0 + 9)))));
        if kind == GroupType::AvChatRoom {
            let admins =
                ["adm", "adm2"].map(|name| (PartKey::LiveAdmin(user(name)), Part::LiveAdmin(CREATED)));
            parts.extend(admins);
        }
        if kind == GroupType::Community {
            let (id, here) = (permission_group(), topic(&self.group, 0));
            parts.push((PartKey::Topic(here.clone()), Part::Topic(new_topic(&self.group))));
            parts
                .push((PartKey::PermissionGroup(id.clone()), Part::PermissionGroup(self.permission_group())));
            parts.push((PartKey::TopicPermission(id.clone(), here), Part::TopicPermission(self.bits.1)));
            let members = self.permitted.iter().map(|account| {
                let key = PartKey::PermissionGroupMember(id.clone(), account.clone());
                (key, Part::PermissionGroupMember(CREATED))
            });
            parts.extend(members);
        }
        parts
    }

    fn permission_group(&self) -> PermissionGroup {
        PermissionGroup {
            id: permission_group(),
            name: text("p"),
            permissions: self.bits.0,
            custom: text(""),
            member_count: u32::try_from(self.permitted.len()).unwrap(),
            created: CREATED,
        }
    }
}

fn new_topic(group: &GroupId) -> Topic {
    Topic {
        id: topic(group, 0),
        name: text("t"),
        introduction: text(""),
        notification: text(""),
        face_url: text(""),
        custom: text(""),
        created: CREATED,
        mute_all: false,
        log: MessageLog::default(),
    }
}

/// The messages of the group, in the order of their numbers.
fn messages() -> Vec<Message> {
    let late = ACTING.map(|sender| (sender, NOW.0 - RECALL_SECONDS - 1, vec![]));
    let recent = ACTING.map(|sender| (sender, NOW.0 - RECALL_SECONDS, vec![]));
    let others = [("mem2", NOW.0 - 1, vec![]), ("mem2", NOW.0 - 1, vec![user("adm2")])];
    let all = late.into_iter().chain(recent).chain(others);
    let message = |(seq, (sender, sent, to)): (u32, (&str, u64, Vec<UserId>))| Message {
        seq,
        sent: Timestamp(sent),
        sender: user(sender),
        random: seq,
        priority: Priority::Normal,
        state: MessageState::Kept,
        content: Content::Sent(Body {
            elements: "[0]".into(),
            receipt: true,
            extensible: true,
            to,
            ..Body::default()
        }),
    };
    (1..).zip(all).map(message).collect()
}

impl GroupOperation for Furnish {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::AppOnly]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        Needs::default()
    }

    fn decide(&self, _: &Context, snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        let mut group = snapshot.group;
        let mut changes = Changes::default();
        self.parts(group.kind).into_iter().for_each(|(key, part)| changes.put(key, part));
        if group.kind != GroupType::AvChatRoom {
            for message in messages() {
                assert_eq!(group.log.take_seq(message.sent), Some(message.seq));
                changes.new_messages.push((Conversation::Group, message));
            }
        }
        changes.group = Some(group);
        Ok(Decision::new(changes, ()))
    }
}

/// A deed of a row, as `account` does it.
fn sample(row: &str, rank: Rank) -> Deed {
    let account = user(ACTING[rank as usize]);
    let number = rank as u32;
    if let Some((verb, whom)) = row.split_once('_')
        && let Some(target) = ["owner", "admin", "member", "outsider"].iter().position(|word| *word == whom)
    {
        return over(verb, user(TARGETS[target]));
    }
    match row {
        "send" => Deed::Send(None),
        "send_in_topic" => Deed::Send(Some(0)),
        "send_as_another" => Deed::SendAs(user("mem2")),
        "edit_texts" => Deed::EditTexts,
        "edit_options" => Deed::EditOptions,
        "edit_both" => Deed::EditBoth,
        "edit_permissions" => Deed::EditPermissions,
        "edit_limit" => Deed::EditLimit,
        "join_for_another" => Deed::JoinFor(user("out2")),
        "decide" => Deed::Decide(user("app"), true),
        "unban" => Deed::Unban(user("out2")),
        "receive" => Deed::Receive(account),
        "receive_of_another" => Deed::Receive(user("mem2")),
        "transfer" => Deed::Transfer(user("mem2")),
        "quit" => Deed::Quit,
        "quit_for_another" => Deed::QuitFor(user("mem2")),
        "dissolve" => Deed::Dissolve,
        "recall_own" => Deed::Recall(None, vec![RECENT + number]),
        "recall_own_late" => Deed::Recall(None, vec![RECENT + number, LATE + number]),
        "recall_of_others" => Deed::Recall(None, vec![RECENT + number, OTHER]),
        "modify" => Deed::Modify(None, OTHER),
        "modify_unseen" => Deed::Modify(None, UNSEEN),
        "attributes" => Deed::Attributes,
        "counters" => Deed::Counters,
        "topics" => Deed::AddTopic,
        "topics_one" => Deed::ChangeTopic(0),
        "confirm" => Deed::Confirm(account, OTHER),
        "confirm_unseen" => Deed::Confirm(account, UNSEEN),
        "confirm_for_another" => Deed::Confirm(user("adm2"), OTHER),
        "read" => Deed::Read(account),
        "read_for_another" => Deed::Read(user("mem2")),
        "extend" => Deed::Extend(OTHER),
        "extend_unseen" => Deed::Extend(UNSEEN),
        _ if row.starts_with("join_") => Deed::Join,
        _ if row.starts_with("invite_") => Deed::Invite(user("out2")),
        _ if row.ends_with("_oneself") => over(row.trim_end_matches("_oneself"), account),
        _ => panic!("no deed of row {row}"),
    }
}

fn over(verb: &str, target: UserId) -> Deed {
    match verb {
        "kick" => Deed::Kick(target),
        "ban" => Deed::Ban(target),
        "mute" => Deed::Mute(target, None),
        "make" => Deed::Role(target, Role::Admin),
        "name" => Deed::Name(target),
        _ => panic!("nobody can {verb} another"),
    }
}

/// One thing to try.
#[derive(Clone, Debug)]
struct Case {
    row: String,
    kind: GroupType,
    rank: Rank,
    deed: Deed,
    expected: char,
    furnish: Furnish,
    /// Whether permission groups are on.
    permissions: bool,
}

/// A group in which the options are such as the row says.
fn new(case: &Case) -> NewGroup {
    let plain = group("n");
    let join_option = match case.row.as_str() {
        "join_by_permission" => JoinOption::NeedPermission,
        "join_shut" => JoinOption::DisableApply,
        _ => JoinOption::FreeAccess,
    };
    let invite_option = match case.row.as_str() {
        "invite_by_permission" => InviteOption::NeedPermission,
        "invite_shut" => InviteOption::DisableInvite,
        _ => InviteOption::FreeAccess,
    };
    let seated = |name: &str| NewMember { joined: Some(Timestamp(CREATED.0 + 1)), ..member(name) };
    let admins = ["adm", "adm2"].map(|name| NewMember { role: Role::Admin, ..seated(name) });
    let members = admins.into_iter().chain(["mem", "mem2"].map(seated));
    NewGroup {
        id: IdChoice::Given(case.furnish.group.clone()),
        kind: case.kind,
        profile: Profile { join_option, ..plain.profile.clone() },
        owner: Some(user("own")),
        members: members.filter(|_| case.kind != GroupType::AvChatRoom).collect(),
        support_topic: case.kind == GroupType::Community,
        permissions_enabled: case.permissions,
        invite_option,
        ..plain
    }
}

pub(super) fn acting(doer: &Doer) -> Actor {
    Actor::Account(ActingAccount {
        account: doer.account.clone(),
        entered: doer.entered,
        recall_seconds: RECALL_SECONDS,
        permission_groups: vec![permission_group()],
    })
}

/// Tries it on `store`. A difference from the table fails.
async fn check(store: &dyn Store, case: Case) {
    let id = case.furnish.group.clone();
    decided(store.create_group(context(), new(&case), Arc::new(())).await).unwrap();
    decided(perform(store, context(), Actor::App, case.furnish.clone(), Arc::new(())).await).unwrap();
    let before = Whole::read(store, APP, &id).await.unwrap();
    let account = user(ACTING[case.rank as usize]);
    let doer = Doer { account, entered: case.rank != Rank::Outsider, now: NOW };
    assert_eq!(
        (doer.row(&case.deed, &before), before.rank(&doer.account, doer.entered, NOW)),
        (case.row.clone(), case.rank)
    );
    assert_eq!(doer.expected(&case.deed, &before), case.expected, "{case:?}");
    let watch = Arc::new(Watch::default());
    let change = case.deed.change(&id, case.kind, &doer.account, NOW);
    let subscribers = Arc::clone(&watch) as Arc<dyn Subscribers>;
    let result = change.perform(store, context(), acting(&doer), subscribers).await.unwrap();
    let after = Whole::read(store, APP, &id).await.unwrap();
    let found = judge((&doer, &case.deed), case.expected, &result, (&before, &after), watch.has_seen());
    found.unwrap_or_else(|problem| panic!("{case:?}: {problem}"));
    let done = letter(&result);
    let is_as_expected = if case.expected == 'x' { done == '?' } else { done == case.expected };
    assert!(is_as_expected, "{case:?}: {result:?}");
}

async fn check_all(store: &dyn Store, cases: Vec<Case>) {
    let names = ACTING.iter().chain(&TARGETS).chain(&["app"]).map(|name| account(name, None, None));
    store.import_accounts(context(), names.collect()).await.unwrap();
    for some in cases.chunks(50) {
        at_once(some.iter().map(|case| check(store, case.clone()))).await;
    }
}

/// Numbers the groups of cases.
fn named(kind: GroupType, number: usize) -> Furnish {
    Furnish::of(group_of(kind, &format!("c{number}")))
}

pub(crate) async fn every_cell_of_the_table_is_as_documented(store: &dyn Store) {
    let mut cases = Vec::new();
    for (row, _) in rows() {
        for kind in GroupType::ALL {
            for rank in Rank::ALL.into_iter().filter(|rank| cell(row, kind, *rank) != '.') {
                let deeds = match row {
                    "app_only" => (0..APP_ONLY).map(|number| Deed::AppOnly(number, user("mem2"))).collect(),
                    _ => vec![sample(row, rank)],
                };
                for deed in deeds {
                    let banned =
                        if row == "join_banned" { vec![user(ACTING[rank as usize])] } else { Vec::new() };
                    let furnish = Furnish { banned, ..named(kind, cases.len()) };
                    let (row, expected) = (row.to_owned(), cell(row, kind, rank));
                    cases.push(Case { row, kind, rank, deed, expected, furnish, permissions: false });
                }
            }
        }
    }
    check_all(store, cases).await;
}

/// Who has which bits, and what then becomes of a deed.
pub(crate) async fn permission_groups_decide_by_their_bits(store: &dyn Store) {
    let mut cases = Vec::new();
    for (name, of_group, of_topic) in BITS {
        for (row, deed) in by_bits(name) {
            let in_topic =
                matches!(deed, Deed::Send(Some(_)) | Deed::Mute(_, Some(_)) | Deed::Recall(Some(_), _));
            let both = name == "topics_one";
            for rank in [Rank::Owner, Rank::Admin, Rank::Member] {
                let right = [(of_group, !in_topic), (of_topic, in_topic || both)];
                let [group_bit, topic_bit] = right.map(|(bit, counts)| if counts { bit } else { 0 });
                // The bit alone, all others, and those of the other place.
                for (bits, may) in
                    [((group_bit, topic_bit), true), ((!group_bit, !topic_bit), false), ((0, 0), false)]
                {
                    let permitted = vec![user(ACTING[rank as usize])];
                    let kind = GroupType::Community;
                    let furnish = Furnish { bits, permitted, ..named(kind, cases.len()) };
                    let expected = if may || rank == Rank::Owner { '+' } else { 'r' };
                    let (row, deed) = (row.clone(), deed.clone());
                    cases.push(Case { row, kind, rank, deed, expected, furnish, permissions: true });
                }
            }
        }
    }
    check_all(store, cases).await;
}

/// Deeds on which a line of bits decides, with their rows.
fn by_bits(name: &str) -> Vec<(String, Deed)> {
    match name {
        "kick" | "name" => vec![(format!("{name}_member"), over(name, user("mem2")))],
        "mute" => [None, Some(0)]
            .map(|number| ("mute_member".to_owned(), Deed::Mute(user("mem2"), number)))
            .to_vec(),
        "send" => {
            vec![("send".to_owned(), Deed::Send(None)), ("send_in_topic".to_owned(), Deed::Send(Some(0)))]
        }
        "recall_of_others" => {
            [None, Some(0)].map(|number| (name.to_owned(), Deed::Recall(number, vec![OTHER]))).to_vec()
        }
        _ => vec![(name.to_owned(), sample(name, Rank::Owner))],
    }
}
