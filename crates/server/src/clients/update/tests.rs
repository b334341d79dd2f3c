use super::*;
use crate::files::signing::tests::signer;
use landfall_domain::changes::Changes;
use landfall_domain::ids::AppId;
use landfall_domain::message::Body;

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn update(kind: GroupType, changes: &Changes, events: &[Event]) -> ClientUpdate {
    let group = GroupId::parse("g").unwrap();
    let change = AppliedChange { group: &group, kind, changes, events, seen: &SenderProfiles::default() };
    ClientUpdate::of(change, &user("admin"), Timestamp(100), &signer(AppId(1)))
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

/// Number, accounts and event of each frame.
fn frames(update: &ClientUpdate) -> Vec<(u32, String, String)> {
    let event = |frame: &OutgoingFrame| {
        let frame: serde_json::Value = serde_json::from_str(&frame.text).unwrap();
        let name = frame["NoticeName"].as_str().or(frame["OpName"].as_str()).unwrap_or_default();
        format!("{} {name}", frame["Event"].as_str().unwrap()).trim_end().to_owned()
    };
    update.frames.iter().map(|frame| (frame.seq, frame.to.join(" "), event(frame))).collect()
}

fn frame(seq: u32, to: &str, event: &str) -> (u32, String, String) {
    (seq, to.to_owned(), event.to_owned())
}

#[test]
fn a_message_is_sent_once_and_unstored_ones_without_a_number() {
    let sent = |seq, online_only| Event::Sent {
        conversation: Conversation::Group,
        message: message(seq),
        online_only,
    };
    let kept = Changes { new_messages: vec![(Conversation::Group, message(4))], ..Changes::default() };
    let sent_update = update(GroupType::Public, &kept, &[sent(4, false)]);
    assert_eq!(frames(&sent_update), [frame(4, "", "message")]);
    let sent_update = update(GroupType::Public, &Changes::default(), &[sent(0, true)]);
    assert_eq!(frames(&sent_update), [frame(0, "", "message")]);
    // Live-stream groups number messages and keep none.
    let sent_update = update(GroupType::AvChatRoom, &Changes::default(), &[sent(4, false)]);
    assert_eq!(frames(&sent_update), [frame(0, "", "message")]);
    assert!(sent_update.frames[0].text.contains(r#""MsgSeq":4"#));
}

#[test]
fn silent_changes_of_membership_are_checked_too() {
    let accounts = || vec![user("ann"), user("bob")];
    let events = |silent| {
        [
            Event::Joined { accounts: accounts(), how: Joining::Invited, silent },
            Event::Removed { accounts: vec![user("eve")], quit: false, silent },
        ]
    };
    let sent_update = update(GroupType::Public, &Changes::default(), &events(false));
    assert_eq!(
        frames(&sent_update),
        [frame(0, "ann bob", "notice Invited"), frame(0, "eve", "notice Kicked")]
    );
    assert!(sent_update.frames.iter().all(|frame| frame.anywhere));
    let silent = update(GroupType::Public, &Changes::default(), &events(true));
    assert_eq!((&silent.membership_changed, frames(&silent)), (&sent_update.membership_changed, vec![]));
    assert_eq!(sent_update.membership_changed, ["ann", "bob", "eve"]);
}

#[test]
fn single_users_are_notified_of_what_concerns_them() {
    let one = |name: &str| vec![user(name)];
    let role = |role| Event::MemberChanged {
        account: user("bob"),
        role: Some(role),
        name_card: None,
        receive_option: None,
    };
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
    let sent_update = update(GroupType::Public, &Changes::default(), &events);
    let expected = [
        frame(0, "ann", "notice Muted"),
        frame(0, "ann", "notice Muted"),
        frame(0, "bob", "notice AdminSet"),
        frame(0, "bob", "notice AdminCancelled"),
        frame(0, "eve", "notice Banned"),
        frame(0, "eve", "notice Unbanned"),
        frame(0, "ann", "notice Read"),
    ];
    assert_eq!(frames(&sent_update), expected);
    let expected = r#"{"Event":"notice","GroupId":"g","Type":"Public","NoticeType":17,"NoticeName":"Muted","Operator_Account":"admin","Time":100,"MuteTime":60}"#;
    assert_eq!(sent_update.frames[0].text, expected);
    assert!(sent_update.frames[1].text.ends_with(r#""MuteTime":0}"#));
}

#[test]
fn live_groups_are_sent_their_profile_and_others_find_it_in_the_history() {
    let owner = || [Event::OwnerChanged { before: None, after: user("bob") }];
    let live = update(GroupType::AvChatRoom, &Changes::default(), &owner());
    assert_eq!(frames(&live), [frame(0, "", "tip GroupInfoChange")]);
    assert_eq!(frames(&update(GroupType::Public, &Changes::default(), &owner())), []);
}

#[test]
fn servers_pass_on_updates_unchanged() {
    let kept = Changes { new_messages: vec![(Conversation::Group, message(4))], ..Changes::default() };
    let events = [Event::Joined { accounts: vec![user("ann")], how: Joining::Invited, silent: false }];
    let update = update(GroupType::Public, &kept, &events);
    let text = serde_json::to_string(&update).unwrap();
    assert_eq!(serde_json::from_str::<ClientUpdate>(&text).unwrap(), update);
}
