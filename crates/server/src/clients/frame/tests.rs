use super::super::page::rows;
use super::*;
use crate::files::signing::tests::signer;
use landfall_domain::ids::AppId;
use landfall_domain::message::{At, Body, Priority};
use landfall_domain::text::Text;
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

fn shown(message: &Message, event: MessageEvent) -> String {
    by(message, &SenderProfile::NOBODY, event)
}

fn by(message: &Message, sender: &SenderProfile, event: MessageEvent) -> String {
    self::message(&key(), GroupType::Public, (message, sender), event, &signer(AppId(1)))
}

fn said(body: Body) -> Message {
    of(Content::Sent(body), MessageState::Kept)
}

#[test]
fn messages_carry_what_they_have_and_no_more() {
    let plain = Body { elements: "[1.50]".into(), ..Body::default() };
    let expected = r#"{"Event":"message","GroupId":"g","Type":"Public","MsgSeq":3,"MsgTime":100,"From_Account":"ann","Random":7,"MsgPriority":"Low","MsgBody":[1.50]}"#;
    assert_eq!(shown(&said(plain.clone()), MessageEvent::New), expected);
    let at = At { everybody: true, accounts: vec![user("bob")] };
    let rich = Body { custom: "c".into(), receipt: true, no_unread: true, at, ..plain };
    let expected = r#"{"Event":"modified","GroupId":"g","Type":"Public","MsgSeq":3,"MsgTime":100,"From_Account":"ann","Random":7,"MsgPriority":"Low","MsgBody":[1.50],"CloudCustomData":"c","NoUnread":1,"NeedReadReceipt":1,"GroupAtInfo":[{"GroupAtAllFlag":1},{"GroupAtAllFlag":0,"GroupAt_Account":"bob"}]}"#;
    assert_eq!(shown(&said(rich), MessageEvent::Modified), expected);
}

#[test]
fn messages_name_their_sender_by_what_it_has() {
    let said = said(Body { elements: "[]".into(), ..Body::default() });
    let sender = SenderProfile {
        nick: Text::stored("Ann".to_owned()),
        face_url: Text::stored("https://example.com/a".to_owned()),
        name_card: "A.".to_owned(),
    };
    let expected =
        r#""From_Account":"ann","Nick":"Ann","FaceUrl":"https://example.com/a","NameCard":"A.","Random""#;
    assert!(by(&said, &sender, MessageEvent::New).contains(expected));
    let nick_only = SenderProfile { nick: sender.nick, ..SenderProfile::NOBODY };
    let expected = r#""From_Account":"ann","Nick":"Ann","Random""#;
    assert!(by(&said, &nick_only, MessageEvent::New).contains(expected));
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
        let text = shown(&tip, MessageEvent::New);
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
fn what_is_gone_keeps_its_number_and_what_is_recalled_its_time_and_sender() {
    let recalled = r#","MsgTime":100,"From_Account":"ann""#;
    for (state, event, more) in
        [(MessageState::Recalled, "recalled", recalled), (MessageState::Deleted, "deleted", "")]
    {
        let expected = format!(r#"{{"Event":"{event}","GroupId":"g","Type":"Public","MsgSeq":3{more}}}"#);
        assert_eq!(shown(&of(Content::Gone(None), state), MessageEvent::New), expected);
    }
}

#[test]
fn a_recalled_message_says_who_recalled_it_and_why() {
    let recalled = |reason: &str| {
        let recall = Recall { operator: user("bob"), reason: reason.into() };
        shown(&said(Body::default()).recalled(recall), MessageEvent::Modified)
    };
    let start = r#"{"Event":"recalled","GroupId":"g","Type":"Public","MsgSeq":3,"MsgTime":100,"From_Account":"ann","Operator_Account":"bob""#;
    assert_eq!(recalled(""), format!("{start}}}"));
    assert_eq!(recalled("rude"), format!(r#"{start},"Reason":"rude"}}"#));
}

#[test]
fn directed_messages_are_for_those_named_and_their_sender() {
    let key = Arc::new(key());
    let directed = Body { elements: "[]".into(), to: vec![user("bob")], ..Body::default() };
    let frame = stored(&key, GroupType::Public, (&said(directed), &SenderProfile::NOBODY), &signer(AppId(1)));
    assert_eq!(["ann", "bob", "eve"].map(|name| frame.is_for(&user(name))), [true, true, false]);
    let for_all =
        stored(&key, GroupType::Public, (&said(Body::default()), &SenderProfile::NOBODY), &signer(AppId(1)));
    assert!(for_all.is_for(&user("eve")));
}
