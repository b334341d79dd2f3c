//! What jobs bring in about people, and take back.

use super::{APP, account, context, user};
use landfall_domain::ids::UserId;
use landfall_domain::limits::Limits;
use landfall_domain::message::Body;
use landfall_domain::origin::JobId;
use landfall_domain::people::brought::{Brought, Coming};
use landfall_domain::people::fact::{FactFamily, FactKey, FactRange};
use landfall_domain::people::friends::Friend;
use landfall_domain::people::message::{DirectRange, MessageKey};
use landfall_domain::people::operation::import_people;
use landfall_domain::people::operations::bring_blocks::{BlockToBring, BringBlocks};
use landfall_domain::people::operations::bring_direct::{
    BringDirect, MarkToBring, MessageToBring, PairToBring,
};
use landfall_domain::people::operations::bring_friends::{BringFriends, FriendToBring};
use landfall_domain::people::operations::bring_profiles::BringProfiles;
use landfall_domain::people::operations::import_direct::ImportDirect;
use landfall_domain::people::operations::take_back::{TakeBack, TakenBack};
use landfall_domain::people::portrait::{PortraitItem, PortraitTag, PortraitValue};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::people::{Pair, Subject};
use landfall_domain::store::Store;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;

pub(crate) fn bring_direct(
    job: u64,
    sender: UserId,
    receiver: UserId,
    keys: &[MessageKey],
    words: &str,
) -> BringDirect {
    let pair = Pair::of(sender.clone(), receiver.clone());
    let mut keys = keys.to_vec();
    keys.sort();
    keys.dedup();
    let body = Body { elements: words.into(), ..Body::default() };
    let message = |key: &MessageKey| MessageToBring { sender: sender.clone(), key: *key, body: body.clone() };
    let messages = keys.iter().map(message).collect();
    let mark = MarkToBring { reader: receiver, last: keys.first().copied(), unread: 1 };
    let update = words.len() == 1;
    BringDirect { job: JobId(job), update, pairs: vec![PairToBring { pair, messages, marks: vec![mark] }] }
}

fn keys(numbers: std::ops::RangeInclusive<u32>) -> Vec<MessageKey> {
    numbers.map(|number| MessageKey { sent: Timestamp(5), number, random: 3 }).collect()
}

async fn notes(store: &dyn Store, job: u64) -> Vec<Brought> {
    let range = FactRange::all(Subject::App, FactFamily::Brought(JobId(job)));
    let found = store.people(APP, PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() });
    let facts = found.await.unwrap().facts.into_keys();
    let about = |(_, key)| if let FactKey::Brought(_, about) = key { Some(about) } else { None };
    facts.filter_map(about).collect()
}

async fn messages(store: &dyn Store) -> usize {
    let pair = Pair::of(user("ann"), user("bob"));
    let range = DirectRange::After { pair: pair.clone(), seq: 0, limit: 5_000 };
    let needs = PeopleNeeds { messages: vec![range], ..PeopleNeeds::default() };
    store.people(APP, needs).await.unwrap().messages_of(&pair).count()
}

/// Takes back until nothing more is to be done.
async fn take_back(store: &dyn Store, about: Brought, force: bool) -> TakenBack {
    for _ in 0..20 {
        let operation = TakeBack { job: JobId(1), about: about.clone(), force };
        match import_people(store, context(), operation).await {
            Ok(TakenBack::More) => {}
            Ok(end) => return end,
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("it does not end");
}

pub(crate) async fn what_a_job_brings_in_about_people_is_taken_back(store: &dyn Store) {
    let imports = ["ann", "bob", "cy"].map(|name| account(name, None, None));
    store.import_accounts(context(), imports.to_vec()).await.unwrap();
    let item = PortraitItem { tag: PortraitTag::Level, value: PortraitValue::Number(7) };
    let profiles = vec![(user("ann"), vec![item])];
    let brought = BringProfiles { job: JobId(1), update: false, profiles };
    assert_eq!(import_people(store, context(), brought).await.unwrap(), [Coming::Added]);
    let friend = |name| {
        let lists = vec![Text::stored("chess".to_owned())];
        FriendToBring::new(user(name), Friend { lists, added: Timestamp(4), ..Friend::default() })
    };
    let friends = vec![(user("ann"), vec![friend("bob"), friend("cy")])];
    let brought = BringFriends { job: JobId(1), update: false, friends, limits: Limits::FAITHFUL.friends };
    let added = vec![vec![Coming::Added; 2]];
    assert_eq!(import_people(store, context(), brought.clone()).await.unwrap(), added);
    assert_eq!(import_people(store, context(), brought).await.unwrap(), added);
    let block = BlockToBring { id: user("cy"), since: Some(Timestamp(6)) };
    let blocks = vec![(user("ann"), vec![block])];
    let brought = BringBlocks { job: JobId(1), update: false, blocks, limits: Limits::FAITHFUL.friends };
    let added = vec![vec![Coming::Added]];
    assert_eq!(import_people(store, context(), brought.clone()).await.unwrap(), added);
    assert_eq!(import_people(store, context(), brought).await.unwrap(), added);
    for page in [1..=900, 901..=1_800, 1_700..=2_500] {
        let brought = bring_direct(1, user("ann"), user("bob"), &keys(page.clone()), "hi");
        let answer = import_people(store, context(), brought).await.unwrap();
        assert_eq!(answer[0].messages.added, u64::from(page.end() - page.start() + 1));
    }
    assert_eq!(messages(store).await, 2_500);
    // Another job adds nothing, and has no notes.
    let brought = bring_direct(2, user("ann"), user("bob"), &keys(1..=9), "hi");
    let answer = import_people(store, context(), brought).await.unwrap();
    assert_eq!((answer[0].messages.unchanged, notes(store, 2).await.len()), (9, 0));
    let about = notes(store, 1).await;
    let pair = Pair::of(user("ann"), user("bob"));
    let expected = [
        Brought::Profile(user("ann")),
        Brought::Friends(user("ann")),
        Brought::Blocks(user("ann")),
        Brought::Direct(pair.clone()),
    ];
    assert_eq!(about, expected);
    for about in about {
        assert_eq!(take_back(store, about, false).await, TakenBack::Removed);
    }
    assert!(notes(store, 1).await.is_empty());
    let ranges = [FactFamily::Chats, FactFamily::Friends, FactFamily::Blocklist, FactFamily::Unread]
        .map(|family| FactRange::all(Subject::Account(user("ann")), family));
    let left = PeopleNeeds { ranges: ranges.to_vec(), ..PeopleNeeds::default() };
    assert!(store.people(APP, left).await.unwrap().facts.is_empty());
    assert_eq!(
        (messages(store).await, take_back(store, Brought::Direct(pair), false).await),
        (0, TakenBack::Nothing)
    );
}

pub(crate) async fn a_conversation_with_an_answer_is_kept_unless_forced(store: &dyn Store) {
    let imports = ["ann", "bob"].map(|name| account(name, None, None));
    store.import_accounts(context(), imports.to_vec()).await.unwrap();
    let brought = bring_direct(1, user("ann"), user("bob"), &keys(1..=3), "hi");
    import_people(store, context(), brought).await.unwrap();
    let answer = ImportDirect {
        sender: user("bob"),
        receiver: user("ann"),
        key: MessageKey { sent: Timestamp(6), number: 1, random: 1 },
        body: Body::default(),
    };
    import_people(store, context(), answer).await.unwrap();
    let about = || Brought::Direct(Pair::of(user("ann"), user("bob")));
    assert_eq!(take_back(store, about(), false).await, TakenBack::Touched);
    assert_eq!(messages(store).await, 4);
    assert_eq!(take_back(store, about(), true).await, TakenBack::Removed);
    assert_eq!(messages(store).await, 1);
}
