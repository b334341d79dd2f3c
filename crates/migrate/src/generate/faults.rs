//! Records with one fault each: what a check says of them, and how they are made from a number of their own, a group that is
//! there, and its `CreateTime`.

type Fault = (&'static str, &'static str, fn(u64, &str, u64) -> Vec<u8>);

const TEXT: &str = r#""MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}]"#;

pub(super) const FAULTS: &[Fault] = &[
    ("not_json", "", |_, _, _| line(r#"{"t":"message","GroupId":"#)),
    ("not_utf8", "", |_, _, _| b"{\"t\":\"account\",\"UserID\":\"\xff\"}".to_vec()),
    ("unknown_kind", "t", |n, _, _| line(format!(r#"{{"t":"buddy","UserID":"x{n}"}}"#))),
    ("unknown_member", "Mail", |n, _, _| line(format!(r#"{{"t":"account","UserID":"x{n}","Mail":"m"}}"#))),
    ("wrong_type", "SendTime", |n, g, t| message(n, g, &format!(r#""SendTime":"{}","#, t + 9))),
    ("account_name", "UserID", |n, _, _| line(format!(r#"{{"t":"account","UserID":"ü{n}"}}"#))),
    ("length", "Nick", |n, _, _| {
        line(format!(r#"{{"t":"account","UserID":"x{n}","Nick":"{}"}}"#, long(501)))
    }),
    ("duplicate", "UserID", |_, _, _| line(r#"{"t":"account","UserID":"u1"}"#)),
    ("missing", "path", |n, _, _| line(format!(r#"{{"t":"file","key":"f{n}"}}"#))),
    ("bad_path", "path", |n, _, _| line(format!(r#"{{"t":"file","key":"f{n}","path":"../f"}}"#))),
    ("length", "Name", |n, _, _| group(n, "Public", &long(31), "")),
    ("missing", "Name", |n, _, _| group(n, "Public", "", "")),
    ("unknown_word", "Type", |n, _, _| group(n, "Channel", "n", "")),
    ("type_not_importable", "Type", |n, _, _| group(n, "AVChatRoom", "n", "")),
    ("group_id", "GroupId", |n, _, _| group(n, "Community", "n", "")),
    ("length", "Introduction", |n, _, _| {
        group(n, "Public", "n", &format!(r#","Introduction":"{}""#, long(241)))
    }),
    ("length", "Notification", |n, _, _| {
        group(n, "Public", "n", &format!(r#","Notification":"{}""#, long(301)))
    }),
    ("length", "FaceUrl", |n, _, _| group(n, "Public", "n", &format!(r#","FaceUrl":"{}""#, long(101)))),
    ("too_large", "MaxMemberNum", |n, _, _| group(n, "Public", "n", r#","MaxMemberNum":6001"#)),
    ("unknown_word", "ApplyJoinOption", |n, _, _| group(n, "Public", "n", r#","ApplyJoinOption":"Free""#)),
    ("bad_time", "CreateTime", |n, _, _| group(n, "Public", "n", r#","CreateTime":4000000000"#)),
    ("field_key", "AppDefinedData[0].Key", |n, _, _| {
        group(n, "Public", "n", r#","AppDefinedData":[{"Key":"a b","Value":"v"}]"#)
    }),
    ("duplicate", "GroupId", |_, g, _| {
        let kind = if g.starts_with('@') { "Community" } else { "Public" };
        line(format!(r#"{{"t":"group","GroupId":"{g}","Type":"{kind}","Name":"n"}}"#))
    }),
    ("no_such_group", "GroupId", |n, _, _| {
        line(format!(r#"{{"t":"topic","GroupId":"h{n}","TopicId":"h{n}@TOPIC#_t","TopicName":"t"}}"#))
    }),
    ("topic_id", "TopicId", |n, g, _| {
        line(format!(r#"{{"t":"topic","GroupId":"{g}","TopicId":"{n}","TopicName":"t"}}"#))
    }),
    ("account_name", "Member_Account", |n, g, _| member(&format!("ü{n}"), g, "")),
    ("unknown_word", "Role", |n, g, _| member(&format!("x{n}"), g, r#","Role":"Chief""#)),
    ("role_not_allowed", "Role", |n, g, _| member(&format!("x{n}"), g, r#","Role":"Owner""#)),
    ("bad_time", "JoinTime", |n, g, _| member(&format!("x{n}"), g, r#","JoinTime":7"#)),
    ("length", "NameCard", |n, g, _| member(&format!("x{n}"), g, &format!(r#","NameCard":"{}""#, long(51)))),
    ("too_large", "MuteUntil", |n, g, _| member(&format!("x{n}"), g, r#","MuteUntil":5000000000"#)),
    ("missing", "SendTime", |n, g, _| message(n, g, "")),
    ("bad_time", "SendTime", |n, g, t| message(n, g, &format!(r#""SendTime":{},"#, t - 9))),
    ("missing", "From_Account", |n, g, t| {
        line(format!(r#"{{"t":"message","key":"x{n}","GroupId":"{g}","SendTime":{},{TEXT}}}"#, t + 9))
    }),
    ("no_such_topic", "TopicId", |n, g, t| {
        message(n, g, &format!(r#""TopicId":"{g}@TOPIC#_none","SendTime":{},"#, t + 9))
    }),
    ("message_body", "MsgBody[0].MsgType", |n, g, t| {
        elements(n, g, t, r#"{"MsgType":"Text","MsgContent":{}}"#)
    }),
    ("message_too_long", "MsgBody", |n, g, t| {
        elements(
            n,
            g,
            t,
            &format!(r#"{{"MsgType":"TIMTextElem","MsgContent":{{"Text":"{}"}}}}"#, long(13_000)),
        )
    }),
    ("no_such_file", "MsgBody", |n, g, t| {
        elements(n, g, t, r#"{"MsgType":"TIMFileElem","MsgContent":{"Url":"file:none"}}"#)
    }),
    ("duplicate", "key", |_, g, t| {
        let topic = format!(r#""TopicId":"{g}@TOPIC#_t""#);
        let from = format!(r#""src":"made:1","key":"{g}:0","GroupId":"{g}",{topic},"From_Account":"u1""#);
        line(format!(r#"{{"t":"message",{from},"SendTime":{},{TEXT}}}"#, t + 5_000))
    }),
    ("missing", "read_ms", |_, g, t| read(g, &format!("u{}", super::account(t - super::START, 1)), "")),
    ("no_such_member", "Member_Account", |n, g, _| read(g, &format!("x{n}"), r#","read_ms":1"#)),
];

fn line(text: impl Into<String>) -> Vec<u8> {
    text.into().into_bytes()
}

fn long(bytes: usize) -> String {
    "x".repeat(bytes)
}

fn group(number: u64, kind: &str, name: &str, more: &str) -> Vec<u8> {
    line(format!(r#"{{"t":"group","GroupId":"f{number}","Type":"{kind}","Name":"{name}"{more}}}"#))
}

fn member(account: &str, group: &str, more: &str) -> Vec<u8> {
    line(format!(r#"{{"t":"member","GroupId":"{group}","Member_Account":"{account}"{more}}}"#))
}

fn message(number: u64, group: &str, more: &str) -> Vec<u8> {
    line(format!(
        r#"{{"t":"message","key":"x{number}","GroupId":"{group}","From_Account":"u1",{more}{TEXT}}}"#
    ))
}

fn elements(number: u64, group: &str, created: u64, elements: &str) -> Vec<u8> {
    line(format!(
        r#"{{"t":"message","key":"x{number}","GroupId":"{group}","From_Account":"u1","SendTime":{},"MsgBody":[{elements}]}}"#,
        created + 9
    ))
}

fn read(group: &str, account: &str, more: &str) -> Vec<u8> {
    line(format!(r#"{{"t":"read","GroupId":"{group}","Member_Account":"{account}"{more}}}"#))
}
