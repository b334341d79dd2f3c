//! Folders of conversations, marks, pins and extensions: operations with values chosen at random from few, and cases.

use super::model::some_user;
use super::operation::PeopleChange;
use super::subscribers::every_event;
use super::{APP, account, answered, at_once, context, decided, group_id, import, member, owned_group, user};
use landfall_domain::context::Context;
use landfall_domain::extension::{AskedExtension, ExtensionChange, ExtensionOutcome};
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::limits::{FolderLimits, Limits};
use landfall_domain::message::{Body, Conversation};
use landfall_domain::operation::import as import_into;
use landfall_domain::operations::import_messages::{ImportMessages, ImportedMessage};
use landfall_domain::people::fact::{Chat, FactFamily, FactKey, FactRange};
use landfall_domain::people::folders::{ChatProblem, FolderRefusal, filed_of, folders_of, mark_of};
use landfall_domain::people::message::MessageKey;
use landfall_domain::people::operation::{PeopleOperation, import_people, perform_people};
use landfall_domain::people::operations::change_folder::{ChangeFolder, FolderMove};
use landfall_domain::people::operations::delete_chat::DeleteChat;
use landfall_domain::people::operations::delete_folder::DeleteFolder;
use landfall_domain::people::operations::extend_direct::ExtendDirect;
use landfall_domain::people::operations::import_direct::ImportDirect;
use landfall_domain::people::operations::mark_chats::{AskedMark, MarkChats};
use landfall_domain::people::operations::pin_chat::PinChat;
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::people::{Pair, Subject};
use landfall_domain::store::{JoinedChat, Store};
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::fmt::Debug;

/// Low, so that they are met.
const LIMITS: FolderLimits =
    FolderLimits { count: 2, filed: 3, marked: 2, pinned: 2, ..Limits::FAITHFUL.folders };

fn text(content: &str) -> Text {
    Text::stored(content.to_owned())
}

fn some_chat() -> impl Strategy<Value = Chat> {
    prop_oneof![
        3 => some_user().prop_map(Chat::Direct),
        1 => select(vec!["g", "gg"]).prop_map(|name| Chat::Group(group_id(name))),
    ]
}

fn some_name() -> impl Strategy<Value = Text> {
    "[a-c]".prop_map(Text::stored)
}

/// Any operation on the folders, marks and pins of an account, or on extensions of a message that the model test imports.
pub(super) fn some_folder_change() -> impl Strategy<Value = PeopleChange> {
    let groups: std::collections::BTreeSet<GroupId> = [group_id("g")].into();
    let of = groups.clone();
    let moves = vec((some_chat(), any::<bool>()).prop_map(|(chat, into)| FolderMove { chat, into }), 0..4);
    let change = (some_user(), some_name(), any::<bool>(), option::weighted(0.2, some_name()), moves)
        .prop_map(move |(account, name, makes, new_name, moves)| {
            let groups = of.clone();
            PeopleChange::new(ChangeFolder { account, name, makes, new_name, moves, groups, limits: LIMITS })
        });
    let delete = (some_user(), some_name())
        .prop_map(|(account, name)| PeopleChange::new(DeleteFolder { account, name }));
    let asked = (some_chat(), 0_u64..4, 0_u64..4, option::of("[a-b]?"));
    let asked = asked.prop_map(|(chat, set, clear, custom)| AskedMark {
        chat,
        set: set << 62,
        clear: clear << 62,
        custom: custom.map(Text::stored),
    });
    let mark = (some_user(), vec(asked, 0..3)).prop_map(move |(account, marks)| {
        PeopleChange::new(MarkChats { account, marks, groups: groups.clone(), limits: LIMITS })
    });
    let pin = (some_user(), some_chat(), any::<bool>()).prop_map(|(account, chat, pinned)| {
        PeopleChange::new(PinChat { account, chat, pinned, count_max: LIMITS.pinned })
    });
    prop_oneof![4 => change, 1 => delete, 4 => mark, 2 => pin, 3 => some_extension()]
}

fn some_extension() -> impl Strategy<Value = PeopleChange> {
    let asked = ("[a-c]", "[x-z]?", option::of(0_u32..3));
    let asked = asked.prop_map(|(key, value, seq)| AskedExtension { key, value, seq });
    let change = (vec(asked, 0..3), 0_u8..8).prop_map(|(asked, kind)| match kind {
        0 => ExtensionChange::Clear,
        1 | 2 => ExtensionChange::Delete(asked),
        _ => ExtensionChange::Set(asked),
    });
    let keys: Vec<MessageKey> = super::direct::direct_keys().collect();
    (some_user(), some_user(), select(keys), change).prop_map(|(sender, receiver, key, change)| {
        PeopleChange::new(ExtendDirect { sender, receiver, key, change, count_max: 2 })
    })
}

async fn run<O>(store: &dyn Store, operation: O) -> Result<O::Answer, O::Refusal>
where
    O: PeopleOperation<Refusal: Debug>,
{
    run_at(store, context(), operation).await
}

async fn run_at<O>(store: &dyn Store, context: Context, operation: O) -> Result<O::Answer, O::Refusal>
where
    O: PeopleOperation<Refusal: Debug>,
{
    answered(perform_people(store, context, operation, every_event()).await).unwrap()
}

fn put_into(name: &str, chats: &[Chat]) -> ChangeFolder {
    let moves = chats.iter().map(|chat| FolderMove { chat: chat.clone(), into: true });
    ChangeFolder {
        account: user("ann"),
        name: text(name),
        makes: true,
        new_name: None,
        moves: moves.collect(),
        groups: [group_id("g")].into(),
        limits: LIMITS,
    }
}

fn with(name: &str) -> Chat {
    Chat::Direct(user(name))
}

fn marked(chats: &[Chat], set: u64, custom: &str) -> MarkChats {
    let mark = |chat: &Chat| AskedMark { chat: chat.clone(), set, clear: 0, custom: Some(text(custom)) };
    MarkChats {
        account: user("ann"),
        marks: chats.iter().map(mark).collect(),
        groups: [group_id("g")].into(),
        limits: LIMITS,
    }
}

async fn look(store: &dyn Store) -> PeopleSnapshot {
    let own = Subject::Account(user("ann"));
    let families = [FactFamily::Filed, FactFamily::Marks, FactFamily::Pins];
    let ranges = families.map(|family| FactRange::all(own.clone(), family)).to_vec();
    let needs = PeopleNeeds { facts: vec![(own, FactKey::Folders)], ranges, ..PeopleNeeds::default() };
    store.people(APP, needs).await.unwrap()
}

async fn accounts(store: &dyn Store) {
    let imports = ["ann", "bob", "cy", "dee"].map(|name| account(name, None, None));
    store.import_accounts(context(), imports.to_vec()).await.unwrap();
}

pub(crate) async fn conversations_lie_in_folders_up_to_a_limit(store: &dyn Store) {
    accounts(store).await;
    let group = || Chat::Group(group_id("g"));
    let made = run(store, put_into("work", &[with("bob"), group()])).await.unwrap();
    assert_eq!((made.folder.id, made.results), (1, vec![Ok(()), Ok(())]));
    let made =
        run(store, put_into("home", &[with("bob"), with("cy"), with("dee"), with("nobody")])).await.unwrap();
    let problems = vec![Ok(()), Ok(()), Err(ChatProblem::TooMany), Err(ChatProblem::NoSuchAccount)];
    assert_eq!((made.folder.id, made.results), (2, problems));
    assert_eq!(run(store, put_into("more", &[])).await, Err(FolderRefusal::TooManyFolders));
    let renamed = ChangeFolder { new_name: Some(text("house")), makes: false, ..put_into("home", &[]) };
    assert_eq!(run(store, renamed.clone()).await.unwrap().folder.name, text("house"));
    assert_eq!(run(store, renamed).await, Err(FolderRefusal::NoSuchFolder));
    let found = look(store).await;
    assert_eq!(folders_of(&found, &user("ann")).all.len(), 2);
    let folders = |chat: &Chat| filed_of(&found, &user("ann"), chat).map(|filed| filed.folders.clone());
    assert_eq!(folders(&with("bob")), Some(vec![1, 2]));
    assert_eq!((folders(&with("cy")), folders(&group())), (Some(vec![2]), Some(vec![1])));
    let deleted = run(store, DeleteFolder { account: user("ann"), name: text("work") }).await.unwrap();
    assert_eq!(deleted.id, 1);
    let found = look(store).await;
    let filed = |chat: &Chat| filed_of(&found, &user("ann"), chat).map(|filed| filed.folders.clone());
    assert_eq!((filed(&with("bob")), filed(&group())), (Some(vec![2]), None));
    // Its number is not given again.
    assert_eq!(run(store, put_into("work", &[])).await.unwrap().folder.id, 3);
}

pub(crate) async fn marks_and_pins_go_with_the_account_they_name(store: &dyn Store) {
    accounts(store).await;
    let results =
        run(store, marked(&[with("bob"), with("cy"), with("dee")], 1 << 63, "c\u{0}")).await.unwrap();
    assert_eq!(results, [Ok(()), Ok(()), Err(ChatProblem::TooMany)]);
    run(store, put_into("work", &[with("bob"), with("cy")])).await.unwrap();
    let key = MessageKey { sent: Timestamp(7), number: 1, random: 1 };
    for peer in ["bob", "cy", "dee"] {
        let body = Body { elements: "[]".into(), ..Body::default() };
        let message = ImportDirect { sender: user(peer), receiver: user("ann"), key, body };
        decided(import_people(store, context(), message).await).unwrap();
    }
    let pin = |peer: &str, pinned| PinChat { account: user("ann"), chat: with(peer), pinned, count_max: 2 };
    let pins = at_once(["bob", "cy", "dee"].map(|peer| run(store, pin(peer, true)))).await;
    assert_eq!(pins.iter().filter(|done| done.is_ok()).count(), 2);
    run(store, pin("dee", false)).await.unwrap();
    for peer in ["bob", "cy"] {
        run(store, pin(peer, true)).await.unwrap();
    }
    store.delete_accounts(context(), vec![user("bob")]).await.unwrap();
    let found = look(store).await;
    assert_eq!(mark_of(&found, &user("ann"), &with("bob")), None);
    let mark = mark_of(&found, &user("ann"), &with("cy")).unwrap();
    assert_eq!((mark.standard, &mark.custom, mark.changed), (1 << 63, &text("c\u{0}"), context().now));
    // The folders, and what is left of one conversation: its folder, its mark and its pin.
    assert_eq!(found.facts.len(), 4);
    // There is room again, and taking a conversation off the list ends its pin.
    assert_eq!(run(store, marked(&[with("dee")], 1, "")).await.unwrap(), [Ok(())]);
    run(store, pin("dee", true)).await.unwrap();
    let off = DeleteChat { account: user("ann"), chat: with("dee"), clear: false, last_seq: 0 };
    run(store, off).await.unwrap();
    let pins = look(store).await.facts.into_keys().filter(|(_, key)| matches!(key, FactKey::Pin(_)));
    assert_eq!(pins.map(|(_, key)| key).collect::<Vec<_>>(), [FactKey::Pin(with("cy"))]);
}

pub(crate) async fn extensions_of_a_message_go_when_it_expires(store: &dyn Store) {
    const DAY: u64 = 86_400;
    accounts(store).await;
    let keys = [9, 11].map(|day| MessageKey { sent: Timestamp(day * DAY), number: u32::MAX, random: 3 });
    let extend = |key: MessageKey, asked: &[(&str, &str)]| ExtendDirect {
        sender: user("ann"),
        receiver: user("bob"),
        key,
        change: ExtensionChange::Set(
            asked
                .iter()
                .map(|(key, value)| AskedExtension {
                    key: (*key).to_owned(),
                    value: (*value).to_owned(),
                    seq: None,
                })
                .collect(),
        ),
        count_max: 2,
    };
    for key in keys {
        let body = Body { elements: "[]".into(), extensible: true, ..Body::default() };
        let message = ImportDirect { sender: user("ann"), receiver: user("bob"), key, body };
        decided(import_people(store, context(), message).await).unwrap();
        let outcomes = run(store, extend(key, &[("k", "v\u{0}"), ("\u{1f600}", "")])).await.unwrap();
        assert_eq!(outcomes.iter().map(|ExtensionOutcome { seq, .. }| *seq).collect::<Vec<_>>(), [1, 2]);
        run(store, extend(key, &[("third", "")])).await.unwrap_err();
    }
    let pair = Pair::of(user("ann"), user("bob"));
    let left = async || {
        let facts = keys.map(|key| (Subject::Pair(pair.clone()), FactKey::Extensions(key))).to_vec();
        let found = store.people(APP, PeopleNeeds { facts, ..PeopleNeeds::default() }).await.unwrap();
        found.facts.into_keys().map(|(_, key)| key).collect::<Vec<_>>()
    };
    assert_eq!(left().await, keys.map(FactKey::Extensions));
    while 0 < store.expire_messages(APP, Timestamp(11 * DAY), 1).await.unwrap() {}
    assert_eq!(left().await, [FactKey::Extensions(keys[1])]);
    store.delete_accounts(context(), vec![user("bob")]).await.unwrap();
    assert_eq!(left().await, []);
}

fn imported(sent: u64, listed: bool) -> ImportMessages {
    let message = ImportedMessage {
        conversation: Conversation::Group,
        sender: user("ann"),
        sent: Timestamp(sent),
        random: 0,
        body: Ok(Body { elements: "[]".into(), ..Body::default() }),
    };
    ImportMessages { group: group_id("g"), messages: vec![message], listed }
}

async fn chats(store: &dyn Store, account: &UserId) -> Vec<JoinedChat> {
    store.joined_chats(APP, account.clone(), None, 10).await.unwrap().chats
}

pub(crate) async fn an_import_moves_a_conversation_only_when_it_says_so(store: &dyn Store) {
    accounts(store).await;
    import(store, owned_group("g", "ann")).await.unwrap();
    store.import_members(context(), group_id("g"), vec![member("bob")]).await.unwrap();
    let created = chats(store, &user("bob")).await[0].created.0;
    for (sent, listed, seq, shown) in [(1, false, 1, 0), (2, true, 2, 2), (3, false, 3, 2), (4, false, 4, 2)]
    {
        decided(import_into(store, context(), imported(created + sent, listed)).await).unwrap();
        for account in ["ann", "bob"] {
            let found = chats(store, &user(account)).await;
            let shown = if shown == 0 { 0 } else { created + shown };
            assert_eq!(found.len(), 1, "{account}");
            assert_eq!((found[0].last_seq, found[0].last_listed), (seq, Timestamp(shown)), "{account}");
        }
    }
}
