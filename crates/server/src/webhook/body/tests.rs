use super::*;
use landfall_domain::attributes::AttributeChange;
use landfall_domain::extension::{AskedExtension, ExtensionProblem};
use landfall_domain::message::{At, Body as Said, MessageState, Priority};
use landfall_domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// The body of an event in the public group `g` that `admin` caused at 5.
fn body(event: &Event) -> String {
    body_in(GroupType::Public, event)
}

fn body_in(kind: GroupType, event: &Event) -> String {
    let (group, operator) = (GroupId::parse("g").unwrap(), user("admin"));
    let about = EventContext { group: &group, kind, operator: &operator, millis: 5 };
    of(event, &about).unwrap().get().to_owned()
}

#[test]
fn the_name_comes_first_and_the_time_last() {
    let expected = r#"{"CallbackCommand":"Group.CallbackAfterGroupFull","GroupId":"g","EventTime":5}"#;
    assert_eq!(body(&Event::Full), expected);
}

#[test]
fn former_members_are_listed_but_for_communities() {
    let destroyed =
        Event::Destroyed { owner: None, name: Text::stored("n".to_owned()), members: vec![user("ann")] };
    let start = r#"{"CallbackCommand":"Group.CallbackAfterGroupDestroyed","GroupId":"g","Type":"#;
    for (kind, rest) in [
        (
            GroupType::Public,
            r#""Public","Owner_Account":"","Name":"n","MemberList":[{"Member_Account":"ann"}],"EventTime":5}"#,
        ),
        (GroupType::Community, r#""Community","Owner_Account":"","Name":"n","EventTime":5}"#),
        (GroupType::AvChatRoom, r#""AVChatRoom","Owner_Account":"","Name":"n","EventTime":5}"#),
    ] {
        assert_eq!(body_in(kind, &destroyed), format!("{start}{rest}"));
    }
}

#[test]
fn a_message_keeps_the_text_of_its_elements() {
    let content = Content::Sent(Said {
        elements: r#"[ {"MsgType":"x", "n": 1.50} ]"#.into(),
        custom: "c".into(),
        at: At { everybody: true, accounts: vec![user("bob")] },
        ..Said::default()
    });
    let message = Message {
        seq: 7,
        sent: Timestamp(9),
        sender: user("ann"),
        random: 3,
        priority: Priority::High,
        state: MessageState::Kept,
        content,
    };
    let group = GroupId::parse("g").unwrap();
    let topic = TopicId::parse("g@TOPIC#_t", &group).unwrap();
    let event = Event::Sent { conversation: Conversation::Topic(topic), message, online_only: true };
    let expected = r#"{"CallbackCommand":"Group.CallbackAfterSendMsg","GroupId":"g","Type":"Public","From_Account":"ann","Operator_Account":"admin","Random":3,"OnlineOnlyFlag":1,"MsgBody":[ {"MsgType":"x", "n": 1.50} ],"CloudCustomData":"c","TopicId":"g@TOPIC#_t","MsgSeq":7,"MsgTime":9,"MsgId":"144116180072601861-9-3","GroupAtInfo":[{"GroupAtAllFlag":1},{"GroupAtAllFlag":0,"GroupAt_Account":"bob"}],"EventTime":5}"#;
    assert_eq!(body(&event), expected);
}

#[test]
fn attributes_say_how_they_changed() {
    let some = || BTreeMap::from([("k".to_owned(), "v".to_owned())]);
    for (change, expected) in [
        (AttributeChange::Replace(some()), r#""set","GroupAttr":[{"key":"k","value":"v"}]"#),
        (AttributeChange::Add(some()), r#""modify","GroupAttr":[{"key":"k","value":"v"}]"#),
        (
            AttributeChange::Delete(BTreeSet::from(["k".to_owned()])),
            r#""delete","GroupAttr":[{"key":"k","value":""}]"#,
        ),
        (AttributeChange::Clear, r#""clear","GroupAttr":[]"#),
    ] {
        let body = body(&Event::AttributesChanged(change));
        assert!(body.contains(&format!(r#""OptionType":{expected},"EventTime""#)), "{body}");
    }
}

#[test]
fn only_extensions_that_changed_are_listed() {
    let outcome =
        |problem, key: &str| ExtensionOutcome { problem, key: key.to_owned(), value: "v".to_owned(), seq: 4 };
    let outcomes = vec![outcome(None, "k"), outcome(Some(ExtensionProblem::Conflict), "other")];
    let asked = AskedExtension { key: "k".to_owned(), value: "v".to_owned(), seq: None };
    for (change, how) in [
        (ExtensionChange::Set(vec![asked.clone()]), 1),
        (ExtensionChange::Delete(vec![asked]), 2),
        (ExtensionChange::Clear, 3),
    ] {
        let event = Event::Extended { seq: 2, change, outcomes: outcomes.clone(), last: 4 };
        let expected = format!(
            r#"{{"CallbackCommand":"Group.CallbackAfterGroupMsgExtension","GroupId":"g","MsgSeq":2,"OperateType":{how},"ExtensionList":[{{"Key":"k","Value":"v","Seq":4}}],"Seq":4,"EventTime":5}}"#
        );
        assert_eq!(body(&event), expected);
    }
}

#[test]
fn recalled_messages_are_listed_by_number() {
    let event = Event::Recalled { conversation: Conversation::Group, numbers: vec![1, 3] };
    let expected = r#"{"CallbackCommand":"Group.CallbackAfterRecallMsg","Operator_Account":"admin","Type":"Public","GroupId":"g","MsgSeqList":[{"MsgSeq":1},{"MsgSeq":3}],"EventTime":5}"#;
    assert_eq!(body(&event), expected);
}

#[test]
fn a_receipt_names_its_reader_and_counts_all() {
    let receipt = |seq, read, unread| Receipt { seq, sender: user("bob"), read, unread };
    let receipts = vec![receipt(1, 1, 6), receipt(2, 2, 5)];
    let event = Event::Confirmed { reader: user("ann"), receipts };
    let expected = r#"{"CallbackCommand":"Group.CallbackAfterReadReceipt","GroupId":"g","Type":"Public","GroupMsgReceiptList":[{"MsgSeq":1,"ReadNum":1,"UnreadNum":6,"ReadReceiptMembers":[{"Member_Account":"ann"}]},{"MsgSeq":2,"ReadNum":2,"UnreadNum":5,"ReadReceiptMembers":[{"Member_Account":"ann"}]}],"EventTime":5}"#;
    assert_eq!(body(&event), expected);
}
