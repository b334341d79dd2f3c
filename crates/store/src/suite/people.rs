//! Operations on people: loading what they need and writing what they change.

use super::people_script::{PeopleAction, PeopleScript, chats, pair, run, run_import};
use super::subscribers::every_event;
use super::{APP, NOW, account, at_once, context, user};
use landfall_domain::context::Context;
use landfall_domain::outbox::{Claim, Lane, Outbox};
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Chat, Fact, FactFamily, FactKey, FactRange, Mute};
use landfall_domain::people::message::{DirectRange, MessageKey};
use landfall_domain::people::operation::perform_people;
use landfall_domain::people::portrait::PortraitTag;
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::store::Store;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;

async fn look(store: &dyn Store, needs: PeopleNeeds) -> PeopleSnapshot {
    store.people(APP, needs).await.unwrap()
}

/// The places of the messages that a range shows.
async fn places(store: &dyn Store, range: DirectRange) -> Vec<u32> {
    let snapshot = look(store, PeopleNeeds { messages: vec![range], ..PeopleNeeds::default() }).await;
    snapshot
        .messages
        .into_values()
        .flatten()
        .map(|(seq, message)| {
            assert_eq!(seq, message.seq);
            seq
        })
        .collect()
}

pub(crate) async fn facts_are_read_by_key_and_in_pages(store: &dyn Store) {
    let names: Vec<String> = (0..25).map(|number| format!("u{number:02}")).collect();
    for name in &names {
        run(store, PeopleAction::Chat(user("ann"), user(name))).await.unwrap();
        // A neighbour whose name begins like this one's.
        run(store, PeopleAction::Chat(user("ann "), user(name))).await.unwrap();
    }
    run(store, PeopleAction::Mute(user("ann"), 7)).await.unwrap();
    let subject = Subject::Account(user("ann"));
    let facts = vec![
        (subject.clone(), FactKey::Mute),
        (subject.clone(), FactKey::Portrait),
        (Subject::Account(user("u03")), FactKey::Chat(Chat::Direct(user("ann")))),
        (subject.clone(), FactKey::Chat(Chat::Direct(user("u03")))),
        (subject.clone(), FactKey::Chat(Chat::Direct(user("u04")))),
        (subject.clone(), FactKey::Chat(Chat::Direct(user("cy")))),
    ];
    let counts = vec![(subject.clone(), FactFamily::Chats), (Subject::App, FactFamily::Chats)];
    let found = look(store, PeopleNeeds { facts, counts, ..PeopleNeeds::default() }).await;
    assert_eq!(found.facts.len(), 4);
    let mute = Mute { direct: Timestamp(7), groups: Timestamp(7) };
    assert_eq!(found.fact(&subject, &FactKey::Mute), Some(&Fact::Mute(mute)));
    assert_eq!(found.counts.into_values().collect::<Vec<_>>(), [0, 25]);
    for limit in [1, 7, 25, 100] {
        let mut found: Vec<FactKey> = Vec::new();
        loop {
            let (family, after) = (FactFamily::Chats, found.last().cloned());
            let range = FactRange { subject: subject.clone(), family, after, limit };
            let page = look(store, PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() }).await;
            let page: Vec<FactKey> = page.facts.into_keys().map(|(_, key)| key).collect();
            assert!(page.len() <= limit);
            let last = page.len() < limit;
            found.extend(page);
            if last {
                break;
            }
        }
        assert_eq!(found.len(), 25, "in pages of {limit}");
        assert!(found.is_sorted());
    }
}

pub(crate) async fn messages_of_two_accounts_are_read_by_place_by_key_and_by_time(store: &dyn Store) {
    // Message n arrives as the n-th; those up to 30 were sent earlier than those before them.
    let times: Vec<u64> = (1..=30).map(|number| 5_000 - number).chain(6_001..=6_020).collect();
    run(store, PeopleAction::Send(user("ann"), user("bob"), times)).await.unwrap();
    run(store, PeopleAction::Send(user("ann"), user("cy"), vec![5_000])).await.unwrap();
    let pair = || pair("bob", "ann");
    let after = |seq, limit| DirectRange::After { pair: pair(), seq, limit };
    let between = |from, to, limit| DirectRange::Between {
        pair: pair(),
        from: MessageKey::first_of(Timestamp(from)),
        to: MessageKey::first_of(Timestamp(to)),
        limit,
    };
    let key = |sent, number| MessageKey { sent: Timestamp(sent), number, random: number };
    let repeated = |number, since| DirectRange::Repeated {
        pair: pair(),
        number,
        random: number,
        since: Timestamp(since),
    };
    for (range, expected) in [
        (after(0, 3), vec![1, 2, 3]),
        (after(48, 3), vec![49, 50]),
        (after(u32::MAX, 3), vec![]),
        (DirectRange::Numbered(pair(), vec![50, 1, 51, 0, 17]), vec![1, 17, 50]),
        (DirectRange::Keyed(pair(), vec![key(4_999, 1), key(4_999, 2), key(6_001, 31)]), vec![1, 31]),
        (between(0, 4_972, usize::MAX), vec![29, 30]),
        (between(4_970, 4_972, usize::MAX), vec![29, 30]),
        (between(0, u64::MAX, 2), vec![49, 50]),
        (between(4_990, 6_002, 3), vec![1, 2, 31]),
        (between(5_000, 5_000, 3), vec![]),
        (between(6_000, 5_000, 3), vec![]),
        (repeated(7, 0), vec![7]),
        (repeated(7, 4_993), vec![7]),
        (repeated(7, 4_994), vec![]),
        (DirectRange::Numbered(super::people_script::pair("bob", "cy"), vec![1]), vec![]),
    ] {
        assert_eq!(places(store, range.clone()).await, expected, "{range:?}");
    }
    run(store, PeopleAction::Hide(user("ann"), user("bob"), 17)).await.unwrap();
    let all = look(store, PeopleNeeds { messages: vec![after(0, 100)], ..PeopleNeeds::default() }).await;
    let pair = pair();
    let hidden = all.messages_of(&pair).filter(|message| message.hidden_from_receiver);
    assert_eq!(hidden.map(|message| message.seq).collect::<Vec<_>>(), [17]);
    // Their keys stay.
    assert_eq!(places(store, DirectRange::Keyed(pair.clone(), vec![key(4_983, 17)])).await, [17]);
}

pub(crate) async fn a_refusal_changes_nothing_and_a_second_look_follows_the_first(store: &dyn Store) {
    run(store, PeopleAction::Mute(user("ann"), 7)).await.unwrap();
    assert_eq!(run(store, PeopleAction::Refuse(user("ann"))).await, Err(()));
    let mute = vec![(Subject::Account(user("ann")), FactKey::Mute)];
    let found = look(store, PeopleNeeds { facts: mute, ..PeopleNeeds::default() }).await;
    assert_eq!(found.facts.len(), 1);
    // The accounts it has conversations with are known only after its conversations are.
    store.import_accounts(context(), vec![account("bob", Some("Bob"), None)]).await.unwrap();
    run(store, PeopleAction::Chat(user("ann"), user("bob"))).await.unwrap();
    assert_eq!(run(store, PeopleAction::Nicks(user("ann"))).await, Ok("Bob".to_owned()));
}

pub(crate) async fn a_deleted_account_leaves_nothing_with_anybody(store: &dyn Store) {
    let people = ["ann", "bob", "cy"];
    let imports = || people.iter().map(|name| account(name, None, None)).collect();
    store.import_accounts(context(), imports()).await.unwrap();
    let before = |a: &str, b: &str| PeopleAction::Send(user(a), user(b), (1..=40).collect());
    run(store, before("ann", "bob")).await.unwrap();
    run(store, before("ann", "cy")).await.unwrap();
    run(store, before("bob", "cy")).await.unwrap();
    run(store, PeopleAction::Mute(user("ann"), 7)).await.unwrap();
    assert_eq!(store.delete_accounts(context(), vec![user("ann")]).await.unwrap(), [true]);
    store.import_accounts(context(), imports()).await.unwrap();
    for (one, other, expected) in [("ann", "bob", 0), ("ann", "cy", 0), ("cy", "bob", 40)] {
        let range = DirectRange::After { pair: pair(one, other), seq: 0, limit: 1_000 };
        assert_eq!(places(store, range).await.len(), expected, "{one} and {other}");
        let log = vec![(Subject::Pair(pair(one, other)), FactKey::Log)];
        let found = look(store, PeopleNeeds { facts: log, ..PeopleNeeds::default() }).await;
        assert_eq!(found.facts.len(), usize::from(expected != 0));
    }
    assert_eq!(chats(store, "ann").await, Vec::<FactKey>::new());
    assert_eq!(chats(store, "bob").await, [FactKey::Chat(Chat::Direct(user("cy")))]);
    let mute = vec![(Subject::Account(user("ann")), FactKey::Mute)];
    let found = look(store, PeopleNeeds { facts: mute, ..PeopleNeeds::default() }).await;
    assert_eq!(found, PeopleSnapshot::default());
    // It starts from nothing, and its messages are numbered anew.
    run(store, PeopleAction::Send(user("ann"), user("bob"), vec![9_000])).await.unwrap();
    assert_eq!(places(store, DirectRange::After { pair: pair("ann", "bob"), seq: 0, limit: 9 }).await, [1]);
}

pub(crate) async fn an_account_with_very_many_conversations_goes_at_once(store: &dyn Store) {
    store.import_accounts(context(), vec![account("ann", None, None)]).await.unwrap();
    let peers: Vec<_> = (0..2_300).map(|number| user(&format!("p{number}"))).collect();
    let writes = peers.chunks(100).map(|some| run(store, PeopleAction::Write(user("ann"), some.to_vec())));
    assert!(at_once(writes).await.iter().all(Result::is_ok));
    assert_eq!(chats(store, "ann").await.len(), 2_300);
    assert_eq!(store.delete_accounts(context(), vec![user("ann")]).await.unwrap(), [true]);
    assert_eq!(chats(store, "ann").await.len(), 0);
    for peer in [&peers[0], &peers[1_000], &peers[2_299]] {
        assert_eq!(chats(store, peer.as_str()).await.len(), 0, "{peer}");
        let range = DirectRange::After { pair: pair("ann", peer.as_str()), seq: 0, limit: 9 };
        assert_eq!(places(store, range).await, Vec::<u32>::new());
    }
}

pub(crate) async fn events_of_people_lie_in_the_lanes_of_their_subjects<S: Store + Outbox>(store: &S) {
    for name in ["ann", "bob", "ann"] {
        let script = PeopleScript { action: PeopleAction::Portrait(user(name), name.to_owned()) };
        perform_people(store, context(), script, every_event()).await.unwrap();
    }
    run_import(store, PeopleAction::Portrait(user("cy"), "Cy".to_owned())).await.unwrap();
    let claim = Claim { token: 7, now: NOW, until: Timestamp(NOW.0 + 9), lanes: 9, entries: 9 };
    let lanes = store.claim_lanes(APP, claim).await.unwrap();
    let mut found: Vec<_> = lanes.iter().map(|lane| (lane.lane.clone(), lane.entries.len())).collect();
    found.sort();
    assert_eq!(found, [(Lane::account(&user("ann")), 2), (Lane::account(&user("bob")), 1)]);
    let text = String::from_utf8(lanes[0].entries[0].1.as_bytes().to_vec()).unwrap();
    assert!(text.starts_with("PortraitChanged"), "{text}");
    let named = |name: &str| (Subject::Account(user(name)), FactKey::Portrait);
    let needs = PeopleNeeds { facts: ["ann", "cy"].map(named).to_vec(), ..PeopleNeeds::default() };
    for fact in look(store, needs).await.facts.values() {
        let Fact::Portrait(portrait) = fact else { panic!("{fact:?}") };
        assert!(portrait.0.contains_key(&PortraitTag::SelfSignature));
    }
}

pub(crate) async fn old_messages_of_two_accounts_expire_and_young_ones_stay(store: &dyn Store) {
    const DAY: u64 = 86_400;
    let times = [10 * DAY + 5, 12 * DAY, 10 * DAY + 7, 11 * DAY].to_vec();
    run(store, PeopleAction::Send(user("ann"), user("bob"), times)).await.unwrap();
    run(store, PeopleAction::Send(user("ann"), user("cy"), vec![9 * DAY])).await.unwrap();
    let expire = async |before| {
        let mut removed = 0;
        loop {
            match store.expire_messages(APP, Timestamp(before), 1).await.unwrap() {
                0 => return removed,
                more => removed += more,
            }
        }
    };
    assert_eq!(expire(10 * DAY + 6).await, 2);
    assert_eq!(expire(10 * DAY + 6).await, 0);
    let left = async |one, other| {
        places(store, DirectRange::After { pair: pair(one, other), seq: 0, limit: 99 }).await
    };
    assert_eq!((left("ann", "bob").await, left("ann", "cy").await), (vec![2, 3, 4], vec![]));
    assert_eq!(expire(12 * DAY).await, 2);
    assert_eq!(left("ann", "bob").await, [2]);
    assert_eq!(expire(100 * DAY).await, 1);
}

pub(crate) async fn placeholders_and_accounts_are_written_with_the_rest(store: &dyn Store) {
    store.import_accounts(context(), vec![account("bob", Some("Bob"), None)]).await.unwrap();
    let later = Context { now: Timestamp(3_000), ..context() };
    let script = PeopleScript { action: PeopleAction::Know(user("ann"), vec![user("bob"), user("cy")]) };
    perform_people(store, later, script, every_event()).await.unwrap();
    let found = store.accounts(APP, ["ann", "bob", "cy"].map(user).to_vec()).await.unwrap();
    let nicks: Vec<_> =
        found.iter().map(|account| account.as_ref().map(|account| account.nick.clone())).collect();
    let text = |nick: &str| Some(Text::stored(nick.to_owned()));
    assert_eq!(nicks, [text("named"), text("Bob"), text("")]);
    assert_eq!(found[2].as_ref().map(|account| account.created), Some(Timestamp(3_000)));
    assert_eq!(found[2].as_ref().map(|account| account.placeholder), Some(true));
}
