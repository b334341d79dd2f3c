//! Friends, requests and blocklists: what the rules decide is kept and read back.

use super::subscribers::every_event;
use super::{APP, account, at_once, context, decided, user};
use landfall_domain::context::Context;
use landfall_domain::fields::FieldKey;
use landfall_domain::ids::UserId;
use landfall_domain::limits::{FriendLimits, Limits};
use landfall_domain::people::Subject;
use landfall_domain::people::changes::PeopleChanges;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::friends::{Friend, FriendProblem, FriendsRefusal, RequestWay};
use landfall_domain::people::operation::{PeopleDecision, PeopleOperation, import_people, perform_people};
use landfall_domain::people::operations::add_friends::AddFriends;
use landfall_domain::people::operations::block::Block;
use landfall_domain::people::operations::delete_friend_lists::DeleteFriendLists;
use landfall_domain::people::operations::import_friends::ImportFriends;
use landfall_domain::people::portrait::{Portrait, PortraitTag, PortraitValue};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::store::Store;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;

const LIMITS: FriendLimits = Limits::FAITHFUL.friends;

/// The account wants to be asked before it becomes a friend.
#[derive(Clone, Debug)]
pub(crate) struct WantsToBeAsked(pub(crate) UserId);

impl PeopleOperation for WantsToBeAsked {
    type Answer = ();
    type Refusal = ();

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::Account(self.0.clone())]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds { accounts: vec![self.0.clone()], ..PeopleNeeds::default() }
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleDecision<()>, ()> {
        snapshot.accounts.get(&self.0).ok_or(())?;
        let word = PortraitValue::Text(text("AllowType_Type_NeedConfirm"));
        let portrait = Portrait([(PortraitTag::AllowType, word)].into());
        let mut changes = PeopleChanges::default();
        changes.put(Subject::Account(self.0.clone()), FactKey::Portrait, Fact::Portrait(portrait));
        Ok(PeopleDecision::new(changes, ()))
    }
}

type Results = Result<Vec<Result<(), FriendProblem>>, FriendsRefusal>;

fn own(name: &str) -> Subject {
    Subject::Account(user(name))
}

fn text(content: &str) -> Text {
    Text::stored(content.to_owned())
}

fn friends(names: &[&str]) -> Vec<(UserId, Friend)> {
    names.iter().map(|name| (user(name), Friend::default())).collect()
}

async fn known(store: &dyn Store, names: &[&str]) {
    let imports = names.iter().map(|name| account(name, None, None)).collect();
    store.import_accounts(context(), imports).await.unwrap();
}

async fn add(store: &dyn Store, account: &str, names: &[&str]) -> Results {
    let friends = friends(names);
    let operation = AddFriends { account: user(account), friends, both: true, forced: false, limits: LIMITS };
    decided(perform_people(store, context(), operation, every_event()).await)
}

async fn block(store: &dyn Store, account: &str, others: &[&str]) -> Results {
    let others = others.iter().map(|name| user(name)).collect();
    let operation = Block { account: user(account), others, limits: LIMITS };
    decided(perform_people(store, context(), operation, every_event()).await)
}

/// The facts of a family, and that they are as many as are counted.
async fn family(store: &dyn Store, account: &str, family: FactFamily) -> Vec<(FactKey, Fact)> {
    let needs = PeopleNeeds {
        ranges: vec![FactRange::all(own(account), family)],
        counts: vec![(own(account), family)],
        ..PeopleNeeds::default()
    };
    let found = store.people(APP, needs).await.unwrap();
    assert_eq!(found.counts[&(own(account), family)], found.facts.len() as u64);
    found.facts.into_iter().map(|((_, key), fact)| (key, fact)).collect()
}

async fn names(store: &dyn Store, account: &str, of: FactFamily) -> Vec<String> {
    let facts = family(store, account, of).await;
    facts.into_iter().filter_map(|(key, _)| key.peer().map(UserId::to_string)).collect()
}

pub(crate) async fn a_friend_reads_back_with_every_field(store: &dyn Store) {
    let friend = Friend {
        remark: text("\0'\u{10ffff}"),
        remark_time: Timestamp(1),
        lists: vec![text("b\t"), text("a")],
        source: text("AddSource_Type_Web"),
        wording: text("hello\n"),
        added: Timestamp(u64::from(u32::MAX)),
        custom: [
            (FieldKey::parse("Test").unwrap(), PortraitValue::Text(text(""))),
            (FieldKey::parse("Level").unwrap(), PortraitValue::Number(u32::MAX)),
        ]
        .into(),
    };
    let friends = vec![(user("bob"), friend.clone()), (user("~"), Friend::default())];
    let import = ImportFriends { account: user("ann"), friends, limits: LIMITS };
    let imported = import_people(store, context(), import).await;
    assert_eq!(decided(imported), Ok(vec![Ok(()), Ok(())]));
    let expected = [
        (FactKey::Friend(user("bob")), Fact::Friend(friend)),
        (FactKey::Friend(user("~")), Fact::Friend(Friend::default())),
    ];
    assert_eq!(family(store, "ann", FactFamily::Friends).await, expected);
    assert_eq!(names(store, "bob", FactFamily::Friends).await, Vec::<String>::new());
    let made = store.accounts(APP, vec![user("ann"), user("~")]).await.unwrap();
    assert!(made.into_iter().all(|account| account.is_some_and(|account| account.placeholder)));
    let lists = vec![text("a")];
    let deletion = DeleteFriendLists { account: user("ann"), lists };
    decided(perform_people(store, context(), deletion, every_event()).await).unwrap();
    let facts = family(store, "ann", FactFamily::Friends).await;
    let Some((_, Fact::Friend(bob))) = facts.first() else { panic!("{facts:?}") };
    assert_eq!(bob.lists, [text("b\t")]);
}

pub(crate) async fn two_who_add_each_other_at_once_are_friends_both_ways(store: &dyn Store) {
    known(store, &["ann", "bob", "cy"]).await;
    let pairs = [("ann", "bob"), ("bob", "ann"), ("bob", "cy"), ("cy", "bob"), ("ann", "cy"), ("cy", "ann")];
    let names_of = pairs.map(|(_, other)| [other]);
    let calls = pairs.iter().zip(&names_of).map(|((account, _), others)| add(store, account, others));
    let answers = at_once(calls).await;
    let added = answers.iter().filter(|answer| **answer == Ok(vec![Ok(())])).count();
    let refused = answers.iter().filter(|answer| **answer == Ok(vec![Err(FriendProblem::AlreadyFriend)]));
    assert_eq!((added, refused.count()), (3, 3));
    for (account, others) in [("ann", ["bob", "cy"]), ("bob", ["ann", "cy"]), ("cy", ["ann", "bob"])] {
        assert_eq!(names(store, account, FactFamily::Friends).await, others);
    }
}

pub(crate) async fn a_deleted_account_is_nobodys_friend_and_on_no_blocklist(store: &dyn Store) {
    known(store, &["ann", "bob", "cy"]).await;
    assert_eq!(add(store, "ann", &["bob", "cy"]).await, Ok(vec![Ok(()), Ok(())]));
    assert_eq!(block(store, "cy", &["bob"]).await, Ok(vec![Ok(())]));
    assert_eq!(store.delete_accounts(context(), vec![user("bob")]).await.unwrap(), [true]);
    assert_eq!(names(store, "ann", FactFamily::Friends).await, ["cy"]);
    assert_eq!(names(store, "cy", FactFamily::Blocklist).await, Vec::<String>::new());
    assert_eq!(add(store, "bob", &["ann"]).await, Err(FriendsRefusal::NoSuchAccount));
    known(store, &["bob"]).await;
    assert_eq!(names(store, "bob", FactFamily::Friends).await, Vec::<String>::new());
    assert_eq!(add(store, "bob", &["ann"]).await, Ok(vec![Ok(())]));
}

pub(crate) async fn a_blocklist_ends_a_friendship_and_a_request(store: &dyn Store) {
    known(store, &["ann", "bob", "cy"]).await;
    let wants = WantsToBeAsked(user("bob"));
    decided(perform_people(store, context(), wants, every_event()).await).unwrap();
    assert_eq!(add(store, "ann", &["bob", "cy"]).await, Ok(vec![Err(FriendProblem::Asked), Ok(())]));
    let requests = |way| FactFamily::Requests(way);
    assert_eq!(names(store, "ann", requests(RequestWay::Sent)).await, ["bob"]);
    assert_eq!(names(store, "bob", requests(RequestWay::Received)).await, ["ann"]);
    assert_eq!(names(store, "bob", requests(RequestWay::Sent)).await, Vec::<String>::new());
    assert_eq!(block(store, "ann", &["bob", "cy"]).await, Ok(vec![Ok(()), Ok(())]));
    assert_eq!(names(store, "ann", FactFamily::Blocklist).await, ["bob", "cy"]);
    for family in [FactFamily::Friends, requests(RequestWay::Sent), requests(RequestWay::Received)] {
        for account in ["ann", "bob", "cy"] {
            assert_eq!(names(store, account, family).await, Vec::<String>::new(), "{account} {family:?}");
        }
    }
}
