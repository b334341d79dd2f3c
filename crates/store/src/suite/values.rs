//! Texts, names and numbers read back exactly, whatever they are.

use super::subscribers::every_event;
use super::world::World;
use super::{APP, account, context, decided, group, group_id, import, member, owned_group, text, user};
use landfall_domain::account::Account;
use landfall_domain::context::Context;
use landfall_domain::fields::{CustomField, FieldKey};
use landfall_domain::group::Profile;
use landfall_domain::ids::AppId;
use landfall_domain::limits::{Limits, Span};
use landfall_domain::member::Role;
use landfall_domain::new_group::{NewGroup, NewMember};
use landfall_domain::store::Store;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use std::slice::from_ref;

/// Texts that an engine could take for syntax, for an end, for nothing, or for each other.
const TEXTS: [&str; 20] = [
    "",
    " ",
    " a ",
    "\0",
    "a\0",
    "\0b\0\0c",
    "\\",
    "\\0\\x00\\000\\N",
    "\\.",
    "NULL",
    "'; drop table groups; --",
    "{\"a\",NULL}",
    "\"''\"$$,;%_?$1",
    "tab\tline\r\nend\u{1}\u{7f}\u{85}",
    "\u{feff}mark",
    "\u{e9}",
    "e\u{301}",
    "\u{1d11e}\u{1f4da}",
    "\u{10ffff}",
    "\u{fffd}\u{fffe}\u{d7ff}\u{e000}",
];

/// A text of as many bytes as `span` allows, of characters of four bytes but for the rest.
fn longest(span: Span) -> Text {
    let text = format!("{}{}", "\u{10ffff}".repeat(span.max / 4), "\0".repeat(span.max % 4));
    Text::parse(text, span).unwrap()
}

fn field(key: &str, value: Text) -> CustomField {
    CustomField { key: FieldKey::parse(key).unwrap(), value }
}

pub(crate) async fn every_text_reads_back(store: &dyn Store) {
    let profile = |content: &str| Profile {
        name: text(content),
        introduction: text(content),
        notification: text(content),
        face_url: text(content),
        // Keys that differ only in case, in the order of the caller.
        fields: vec![field("b", text(content)), field("B", text(content)), field("a", text(content))],
        ..group("g").profile
    };
    let named = |number: usize| format!("g{number}");
    for (number, content) in TEXTS.into_iter().enumerate() {
        import(store, NewGroup { profile: profile(content), ..group(&named(number)) }).await.unwrap();
    }
    let imports =
        (0..).zip(TEXTS).map(|(number, content)| account(&named(number), Some(content), Some(content)));
    store.import_accounts(context(), imports.collect()).await.unwrap();

    let ids = (0..TEXTS.len()).map(|number| group_id(&named(number))).collect();
    let found = store.groups(APP, ids).await.unwrap();
    let profiles: Vec<_> = found.into_iter().map(|group| group.unwrap().profile.clone()).collect();
    assert_eq!(profiles, TEXTS.map(profile));
    let names = (0..TEXTS.len()).map(|number| user(&named(number))).collect();
    let found = store.accounts(APP, names).await.unwrap();
    let found: Vec<_> = found.into_iter().flatten().map(|account| (account.nick, account.face_url)).collect();
    assert_eq!(found, TEXTS.map(|content| (text(content), text(content))));
}

pub(crate) async fn the_longest_texts_read_back(store: &dyn Store) {
    let limits = Limits::RELAXED;
    let profile = Profile {
        name: longest(limits.name),
        introduction: longest(limits.introduction),
        notification: longest(limits.notification),
        face_url: longest(limits.face_url),
        fields: (0..limits.group_fields.count)
            .map(|number| field(&format!("{number:016}"), longest(limits.group_fields.value)))
            .collect(),
        ..group("g").profile
    };
    let asked = NewGroup { profile: profile.clone(), ..group(&"g".repeat(48)) };
    let id = import(store, asked).await.unwrap();
    let found = store.groups(APP, vec![id]).await.unwrap().remove(0).unwrap();
    assert!(found.profile == profile, "the longest profile reads back otherwise");
    let (name, longest) = ("u".repeat(32), longest(limits.profile_value));
    let asked = account(&name, Some(longest.as_str()), Some(longest.as_str()));
    store.import_accounts(context(), vec![asked]).await.unwrap();
    let found = store.accounts(APP, vec![user(&name)]).await.unwrap().remove(0).unwrap();
    assert!(
        (found.nick, found.face_url) == (longest.clone(), longest),
        "the longest nick reads back otherwise"
    );
}

/// Names that case, spaces, the rules of a language or those of a pattern could make equal or sort otherwise.
const NAMES: [&str; 22] = [
    "a", "A", "aa", "aA", "Aa", "AA", "a ", " a", "a  ", "b", "B", "_", "-", "a-b", "ab", "a_b", "a%", "\\a",
    "'a'", "~", "10", "9",
];

pub(crate) async fn names_are_compared_byte_by_byte(store: &dyn Store) {
    let (ids, users) = (NAMES.map(group_id), NAMES.map(user));
    let imports = NAMES.map(|name| account(name, Some(name), None));
    store.import_accounts(context(), imports.to_vec()).await.unwrap();
    for name in NAMES {
        import(store, owned_group(name, name)).await.unwrap();
    }
    // The world checks the order of members: by name, and of those that joined in one second.
    let all = NewGroup { members: NAMES.map(member).to_vec(), ..group("everybody") };
    let all = import(store, all).await.unwrap();
    let world = World::of(store, APP, &[&ids[..], from_ref(&all)].concat(), &users).await;
    assert_eq!(world.lists[0].2[..NAMES.len()], ids);
    assert_eq!(world.groups[&all].1.len(), NAMES.len());
    for (name, (group, members)) in NAMES.iter().zip(ids.iter().map(|id| &world.groups[id])) {
        let owner = group.owner.as_ref().map(|owner| owner.as_str());
        assert_eq!((group.profile.name.as_str(), owner, members.len()), (*name, Some(*name), 1));
        assert_eq!(world.accounts[&user(name)].nick.as_str(), *name);
    }

    // A removal takes no other name with it.
    let mut left = NAMES.to_vec();
    for name in ["a", "a ", "_", "aA"] {
        decided(store.destroy_group(context(), group_id(name), every_event()).await).unwrap();
        assert_eq!(store.delete_accounts(context(), vec![user(name)]).await.unwrap(), [true]);
        left.retain(|other| *other != name);
    }
    let world = World::of(store, APP, from_ref(&all), &users).await;
    left.sort_unstable();
    assert_eq!(world.accounts.keys().map(|name| name.as_str()).collect::<Vec<_>>(), left);
    let members: Vec<_> = world.groups[&all].1.iter().map(|member| member.account.as_str()).collect();
    assert_eq!(members, left);
    let found = store.groups(APP, ids.to_vec()).await.unwrap();
    let mut owned: Vec<_> = found.into_iter().flatten().map(|group| group.owner.clone().unwrap()).collect();
    owned.sort();
    assert_eq!(owned, left.iter().map(|name| user(name)).collect::<Vec<_>>());
}

/// Many engines have only signed numbers. Times from callers are smaller, but a clock can be set to anything.
pub(crate) async fn the_largest_numbers_read_back(store: &dyn Store) {
    let largest = i64::MAX.unsigned_abs();
    let app = AppId(u32::MAX);
    let context = Context { app, now: Timestamp(largest), ..context() };
    let plain = owned_group("g", "ann");
    let bob = NewMember {
        role: Role::Admin,
        joined: Some(Timestamp(largest - 1)),
        unread: u32::MAX,
        muted_until: Timestamp(largest),
        ..member("bob")
    };
    let asked = NewGroup {
        profile: Profile { max_members: u32::MAX, ..plain.profile },
        created: Timestamp(largest - 2),
        ..plain
    };
    decided(store.import_group(context, asked).await).unwrap();
    decided(store.import_members(context, group_id("g"), vec![bob]).await).unwrap();
    decided(store.kick(context, user("bob")).await).unwrap();
    let world = World::of(store, app, &[group_id("g")], &[user("bob")]).await;
    let (group, members) = &world.groups[&group_id("g")];
    assert_eq!(group.profile.max_members, u32::MAX);
    assert_eq!([group.created, group.info_changed], [Timestamp(largest - 2); 2]);
    let found: Vec<_> =
        members.iter().map(|member| (member.joined.0, member.muted_until.0, member.read.seq)).collect();
    assert_eq!(found, [(largest - 2, 0, 0), (largest - 1, largest, 0)]);
    let kicked = Account { signatures_from: Timestamp(largest), ..Account::placeholder(Timestamp(largest)) };
    assert_eq!(world.accounts[&user("bob")], kicked);
}
