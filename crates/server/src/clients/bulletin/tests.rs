use super::*;
use landfall_domain::message::Body;
use landfall_domain::operation::Changes;

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn bulletin(kind: GroupType, changes: &Changes, events: &[Event]) -> Bulletin {
    let group = GroupId::parse("g").unwrap();
    let happened = AppliedChange { group: &group, kind, changes, events };
    Bulletin::of(happened, &user("admin"), Timestamp(100))
}

fn message(seq: u32) -> Message {
    Message {
        seq,
        sent: Timestamp(99),
        sender: user("ann"),
        random: 1,
        priority: Priority::Normal,
        state: MessageState::Kept,
        content: Content::Sent(Body { elements: "[]".into(), ..Body::default() }),
    }
}

/// Number, accounts and event of each item.
fn items(bulletin: &Bulletin) -> Vec<(u32, String, String)> {
    let event = |item: &Item| {
        let frame: serde_json::Value = serde_json::from_str(&item.text).unwrap();
        let name = frame["NoticeName"].as_str().or(frame["OpName"].as_str()).unwrap_or_default();
        format!("{} {name}", frame["Event"].as_str().unwrap()).trim_end().to_owned()
    };
    bulletin.items.iter().map(|item| (item.seq, item.to.join(" "), event(item))).collect()
}

fn item(seq: u32, to: &str, event: &str) -> (u32, String, String) {
    (seq, to.to_owned(), event.to_owned())
}

#[test]
fn a_message_is_told_once_and_unkept_ones_without_a_place_in_a_history() {
    let sent = |seq, online_only| Event::Sent {
        conversation: Conversation::Group,
        message: message(seq),
        online_only,
    };
    let kept = Changes { new_messages: vec![(Conversation::Group, message(4))], ..Changes::default() };
    let told = bulletin(GroupType::Public, &kept, &[sent(4, false)]);
    assert_eq!(items(&told), [item(4, "", "message")]);
    let told = bulletin(GroupType::Public, &Changes::default(), &[sent(0, true)]);
    assert_eq!(items(&told), [item(0, "", "message")]);
    // Live-stream groups number messages and keep none.
    let told = bulletin(GroupType::AvChatRoom, &Changes::default(), &[sent(4, false)]);
    assert_eq!(items(&told), [item(0, "", "message")]);
    assert!(told.items[0].text.contains(r#""MsgSeq":4"#));
}

#[test]
fn who_moves_is_looked_at_also_where_nobody_is_told() {
    let accounts = || vec![user("ann"), user("bob")];
    let events = |silent| {
        [
            Event::Joined { accounts: accounts(), silent },
            Event::Removed { accounts: vec![user("eve")], silent },
        ]
    };
    let told = bulletin(GroupType::Public, &Changes::default(), &events(false));
    assert_eq!(items(&told), [item(0, "ann bob", "notice Invited"), item(0, "eve", "notice Kicked")]);
    assert!(told.items.iter().all(|item| item.anywhere));
    let silent = bulletin(GroupType::Public, &Changes::default(), &events(true));
    assert_eq!((&silent.moved, items(&silent)), (&told.moved, vec![]));
    assert_eq!(told.moved, ["ann", "bob", "eve"]);
}

#[test]
fn single_users_are_told_what_concerns_them() {
    let one = |name: &str| vec![user(name)];
    let role = |role| Event::MemberChanged { account: user("bob"), role: Some(role), name_card: None };
    let read = Event::Read { account: user("ann"), conversation: Conversation::Group, seq: 5 };
    let events = [
        Event::Muted { accounts: one("ann"), until: Timestamp(160) },
        Event::Muted { accounts: one("ann"), until: Timestamp(0) },
        role(Role::Admin),
        role(Role::Member),
        Event::Banned(one("eve")),
        Event::Unbanned(one("eve")),
        read,
        Event::Full,
    ];
    let told = bulletin(GroupType::Public, &Changes::default(), &events);
    let expected = [
        item(0, "ann", "notice Muted"),
        item(0, "ann", "notice Muted"),
        item(0, "bob", "notice AdminSet"),
        item(0, "bob", "notice AdminCancelled"),
        item(0, "eve", "notice Banned"),
        item(0, "eve", "notice Unbanned"),
        item(0, "ann", "notice Read"),
    ];
    assert_eq!(items(&told), expected);
    let expected = r#"{"Event":"notice","GroupId":"g","Type":"Public","NoticeType":17,"NoticeName":"Muted","Operator_Account":"admin","Time":100,"MuteTime":60}"#;
    assert_eq!(told.items[0].text, expected);
    assert!(told.items[1].text.ends_with(r#""MuteTime":0}"#));
}

#[test]
fn live_groups_are_told_of_their_profile_and_others_find_it_in_the_history() {
    let owner = || [Event::OwnerChanged { before: None, after: user("bob") }];
    let live = bulletin(GroupType::AvChatRoom, &Changes::default(), &owner());
    assert_eq!(items(&live), [item(0, "", "tip GroupInfoChange")]);
    assert_eq!(items(&bulletin(GroupType::Public, &Changes::default(), &owner())), []);
}

#[test]
fn servers_hand_on_bulletins_as_they_are() {
    let kept = Changes { new_messages: vec![(Conversation::Group, message(4))], ..Changes::default() };
    let events = [Event::Joined { accounts: vec![user("ann")], silent: false }];
    let bulletin = bulletin(GroupType::Public, &kept, &events);
    let text = serde_json::to_string(&bulletin).unwrap();
    assert_eq!(serde_json::from_str::<Bulletin>(&text).unwrap(), bulletin);
}
