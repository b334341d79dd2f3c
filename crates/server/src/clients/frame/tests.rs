use super::super::page::rows;
use super::*;
use crate::files::signing::tests::signer;
use landfall_domain::ids::AppId;
use landfall_domain::message::{At, Body, Priority};
use landfall_domain::time::Timestamp;

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn key() -> ConversationKey {
    ConversationKey { group: GroupId::parse("g").unwrap(), conversation: Conversation::Group }
}

fn of(content: Content, state: MessageState) -> Message {
    let (seq, sent, sender, random) = (3, Timestamp(100), user("ann"), 7);
    Message { seq, sent, sender, random, priority: Priority::Low, state, content }
}

fn said(body: Body) -> Message {
    of(Content::Sent(body), MessageState::Kept)
}

#[test]
fn messages_carry_what_they_have_and_no_more() {
    let plain = Body { elements: "[1.50]".into(), ..Body::default() };
    let expected = r#"{"Event":"message","GroupId":"g","Type":"Public","MsgSeq":3,"MsgTime":100,"From_Account":"ann","Random":7,"MsgPriority":"Low","MsgBody":[1.50]}"#;
    assert_eq!(
        message(&key(), GroupType::Public, &said(plain.clone()), MessageEvent::New, &signer(AppId(1))),
        expected
    );
    let at = At { everybody: true, accounts: vec![user("bob")] };
    let rich = Body { custom: "c".into(), receipt: true, no_unread: true, at, ..plain };
    let expected = r#"{"Event":"modified","GroupId":"g","Type":"Public","MsgSeq":3,"MsgTime":100,"From_Account":"ann","Random":7,"MsgPriority":"Low","MsgBody":[1.50],"CloudCustomData":"c","NoUnread":1,"NeedReadReceipt":1,"GroupAtInfo":[{"GroupAtAllFlag":1},{"GroupAtAllFlag":0,"GroupAt_Account":"bob"}]}"#;
    assert_eq!(
        message(&key(), GroupType::Public, &said(rich), MessageEvent::Modified, &signer(AppId(1))),
        expected
    );
}

#[test]
fn the_page_lists_every_tip_and_no_other() {
    let all =
        TipKind::ALL.into_iter().map(|kind| (kind.number().to_string(), format!("`{}`", tip_name(kind))));
    let listed = rows("### Tips").into_iter().map(|(number, name)| (number.to_owned(), name.to_owned()));
    assert_eq!(listed.collect::<Vec<_>>(), all.collect::<Vec<_>>());
}

#[test]
fn tips_name_the_change_and_its_accounts() {
    for kind in TipKind::ALL {
        let changes = TipField::ALL.into_iter().map(|field| (field, "v".to_owned())).collect();
        let tip = of(Content::Tip(Tip { kind, accounts: vec![user("bob")], changes }), MessageState::Kept);
        let text = message(&key(), GroupType::Public, &tip, MessageEvent::New, &signer(AppId(1)));
        let start = format!(
            r#"{{"Event":"tip","GroupId":"g","Type":"Public","MsgSeq":3,"MsgTime":100,"OpType":{},"OpName":""#,
            kind.number()
        );
        assert!(text.starts_with(&start), "{text}");
        let end = r#""Operator_Account":"ann","MemberList":[{"Member_Account":"bob"}],"ChangeList":[{"Field":"Name","Value":"v"},{"Field":"Introduction","Value":"v"},{"Field":"Notification","Value":"v"},{"Field":"FaceUrl","Value":"v"},{"Field":"Owner_Account","Value":"v"},{"Field":"MuteTime","Value":"v"},{"Field":"NameCard","Value":"v"}]}"#;
        assert!(text.ends_with(end), "{text}");
    }
}

#[test]
fn what_is_gone_keeps_its_number_only() {
    for (state, event) in [(MessageState::Recalled, "recalled"), (MessageState::Deleted, "deleted")] {
        let expected = format!(r#"{{"Event":"{event}","GroupId":"g","Type":"Public","MsgSeq":3}}"#);
        assert_eq!(
            message(
                &key(),
                GroupType::Public,
                &of(Content::Gone, state),
                MessageEvent::New,
                &signer(AppId(1))
            ),
            expected
        );
    }
}

#[test]
fn directed_messages_are_for_those_named_and_their_sender() {
    let key = Arc::new(key());
    let directed = Body { elements: "[]".into(), to: vec![user("bob")], ..Body::default() };
    let frame = stored(&key, GroupType::Public, &said(directed), &signer(AppId(1)));
    assert_eq!(["ann", "bob", "eve"].map(|name| frame.is_for(&user(name))), [true, true, false]);
    let for_all = stored(&key, GroupType::Public, &said(Body::default()), &signer(AppId(1)));
    assert!(for_all.is_for(&user("eve")));
}
