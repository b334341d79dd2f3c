//! The kinds of calls that a load makes. Each call is about something else than the one before.

pub(super) mod people;

use super::request::{Body, NUMBER_DIGITS, Request};
use super::target::request_target;
use clap::ValueEnum;

/// Accounts that own the imported groups, in turn.
pub(super) const OWNERS: u64 = 1_000;
/// Existing groups, which calls use in turn.
pub(super) const GROUPS: u64 = 20_000;
/// Members imported in one call.
pub(super) const MEMBERS: u64 = 300;
/// Calls that add members to one group before the next group: six add 1,800 to its owner.
const MEMBER_CALLS: u64 = 6;
/// Messages imported in one call.
pub(super) const MESSAGES: u64 = 20;
/// Groups asked for in one call.
pub(super) const GROUPS_ASKED: u64 = 50;
/// Accounts imported in one call.
pub(super) const ACCOUNTS: u64 = 100;
/// Communities of ten members, which are the same in all.
pub(super) const SMALL_COMMUNITIES: u64 = 10_000;
/// Members of each group in which members send to each other.
pub(super) const CIRCLE: u8 = 100;
/// Groups of those to which `SendToCircle` sends in turn.
const CIRCLES: u64 = 64;
const SMALL_MEMBERS: u64 = 10;
/// Creation time of all groups, in Unix seconds.
const CREATED: u64 = 1_500_000_000;

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Workload {
    /// `import_group`, as the import benchmark has it
    ImportGroup,
    /// `multiaccount_import`
    ImportAccounts,
    /// `import_group` of groups of the past, which the following calls use
    PrepareGroups,
    /// `import_group_member`
    ImportMembers,
    /// `import_group_msg`
    ImportMessages,
    /// `send_group_msg`
    SendMessage,
    /// `group_msg_get_simple`
    ReadPage,
    /// `get_group_info`
    ReadGroups,
    /// `import_group` of communities with ten members
    PrepareSmall,
    /// `import_group` of one community, once
    PrepareLarge,
    /// `import_group_member` into that community
    FillLarge,
    /// `send_group_msg` to that community
    SendToLarge,
    /// `import_group` of groups with a hundred members each
    PrepareCircles,
    /// `send_group_msg` to these groups
    SendToCircle,
    /// `add_group_member` of one account, each call to another community
    AddToSmall,
    /// `add_group_member` of one account to the one community
    AddToLarge,
    /// `account_import` of a person with nick and picture
    ImportPerson,
    /// `portrait_get` of a hundred persons
    ReadPortraits,
    /// `sendmsg`, each call to somebody else
    SendDirect,
    /// `importmsg`, silent
    ImportDirect,
    /// `recentcontact/get_list`
    ReadConversations,
    /// `recentcontact/get_list` of accounts that are in every small community
    ReadManyConversations,
    /// `importmsg` into conversations that get ten messages
    FillShort,
    /// `importmsg` into a few conversations
    FillLong,
    /// `friend_import` for accounts that get ten friends
    FillFewFriends,
    /// `friend_import` for a few accounts
    FillManyFriends,
    /// `sendmsg` in the conversations of ten messages
    SendShort,
    /// `sendmsg` in the long ones
    SendLong,
    /// `admin_getroammsg` of the conversations of ten messages
    ReadShort,
    /// `admin_getroammsg` of the long ones
    ReadLong,
    /// `portrait_get` of ten accounts with few friends
    PortraitsOfFew,
    /// `portrait_get` of ten accounts with many
    PortraitsOfMany,
    /// `friend_check` of ten accounts, by one with few friends
    CheckFew,
    /// `friend_check` of ten accounts, by one with many
    CheckMany,
    /// `create_room_with_opts` of ejabberd, with what `ImportGroup` says of a group
    CreateRoom,
}

impl Workload {
    /// The command, as in the URL.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::ImportGroup
            | Self::PrepareGroups
            | Self::PrepareSmall
            | Self::PrepareLarge
            | Self::PrepareCircles => "group_open_http_svc/import_group",
            Self::ImportAccounts => "im_open_login_svc/multiaccount_import",
            Self::ImportMembers | Self::FillLarge => "group_open_http_svc/import_group_member",
            Self::ImportMessages => "group_open_http_svc/import_group_msg",
            Self::SendMessage | Self::SendToLarge | Self::SendToCircle => {
                "group_open_http_svc/send_group_msg"
            }
            Self::ReadPage => "group_open_http_svc/group_msg_get_simple",
            Self::ReadGroups => "group_open_http_svc/get_group_info",
            Self::AddToSmall | Self::AddToLarge => "group_open_http_svc/add_group_member",
            Self::ImportPerson => "im_open_login_svc/account_import",
            Self::ReadPortraits | Self::PortraitsOfFew | Self::PortraitsOfMany => "profile/portrait_get",
            Self::SendDirect | Self::SendShort | Self::SendLong => "openim/sendmsg",
            Self::ImportDirect | Self::FillShort | Self::FillLong => "openim/importmsg",
            Self::ReadConversations | Self::ReadManyConversations => "recentcontact/get_list",
            Self::ReadShort | Self::ReadLong => "openim/admin_getroammsg",
            Self::FillFewFriends | Self::FillManyFriends => "sns/friend_import",
            Self::CheckFew | Self::CheckMany => "sns/friend_check",
            Self::CreateRoom => "create_room_with_opts",
        }
    }

    /// The name and the number of the items in one call.
    pub(super) fn items(self) -> (&'static str, u64) {
        match self {
            Self::ImportGroup
            | Self::PrepareGroups
            | Self::PrepareSmall
            | Self::PrepareLarge
            | Self::PrepareCircles => ("groups", 1),
            Self::ImportAccounts => ("accounts", ACCOUNTS),
            Self::ImportMembers | Self::FillLarge => ("members", MEMBERS),
            Self::ImportMessages | Self::ReadPage => ("messages", MESSAGES),
            Self::SendMessage | Self::SendToLarge | Self::SendToCircle => ("messages", 1),
            Self::ReadGroups => ("groups", GROUPS_ASKED),
            Self::AddToSmall | Self::AddToLarge => ("members", 1),
            Self::ImportPerson => ("accounts", 1),
            Self::ReadPortraits => ("profiles", people::PORTRAITS),
            Self::PortraitsOfFew | Self::PortraitsOfMany => ("profiles", people::FEW),
            Self::SendDirect
            | Self::SendShort
            | Self::SendLong
            | Self::ImportDirect
            | Self::FillShort
            | Self::FillLong => ("messages", 1),
            Self::ReadShort | Self::ReadLong => ("messages", people::FEW),
            Self::ReadConversations | Self::ReadManyConversations => ("lists", 1),
            Self::FillFewFriends => ("friends", people::FEW),
            Self::FillManyFriends => ("friends", people::FRIENDS),
            Self::CheckFew | Self::CheckMany => ("friends", people::FEW),
            Self::CreateRoom => ("rooms", 1),
        }
    }

    /// Path and query of the requests, up to and including the signature.
    pub(super) fn target(self, usersig: &str) -> String {
        if self == Self::CreateRoom {
            format!("/api/{}?from=bench", self.command())
        } else {
            request_target(self.command(), usersig)
        }
    }

    /// Text that every good answer contains.
    pub(super) fn success(self) -> &'static [u8] {
        if self == Self::CreateRoom { b"0" } else { br#""ErrorCode":0"# }
    }

    /// Text that no good answer contains: it marks a failed item in a successful call.
    pub(super) fn failed_item(self) -> &'static [u8] {
        match self {
            Self::ImportMembers | Self::FillLarge | Self::AddToSmall | Self::AddToLarge => br#""Result":0"#,
            Self::ImportMessages => br#""MsgSeq":0,"#,
            Self::ReadGroups => br#""ErrorCode":10010"#,
            Self::SendMessage | Self::SendToLarge | Self::SendToCircle => b"MsgDropReason",
            Self::ReadPage => br#""RspMsgList":[]"#,
            Self::ReadPortraits | Self::PortraitsOfFew | Self::PortraitsOfMany => b"Fail_Account",
            Self::FillFewFriends | Self::FillManyFriends | Self::CheckFew | Self::CheckMany => {
                b"Fail_Account"
            }
            Self::ReadConversations | Self::ReadManyConversations => br#""SessionItem":[]"#,
            Self::ReadShort | Self::ReadLong => br#""MsgList":[]"#,
            Self::SendDirect
            | Self::SendShort
            | Self::SendLong
            | Self::ImportPerson
            | Self::ImportDirect
            | Self::FillShort
            | Self::FillLong => br#""ActionStatus":"FAIL""#,
            Self::ImportGroup
            | Self::ImportAccounts
            | Self::PrepareGroups
            | Self::PrepareSmall
            | Self::PrepareCircles
            | Self::PrepareLarge => br#""FailAccounts":[""#,
            // The answer is a number, and a failure an object.
            Self::CreateRoom => b"{",
        }
    }

    /// Requests with this path and query.
    pub(super) fn request(self, target: &str) -> Request {
        Request::new(target, self.body())
    }

    fn body(self) -> Body {
        let mut body = Body::default();
        match self {
            Self::ImportGroup => import_group(&mut body),
            Self::ImportAccounts => accounts(&mut body),
            Self::PrepareGroups => prepare_group(&mut body),
            Self::ImportMembers => {
                body.text(r#"{"GroupId":"grp-"#).group_digits(|number| number / MEMBER_CALLS);
                members(body.text(r#"""#), |number, item| number % MEMBER_CALLS * MEMBERS + item);
            }
            Self::ImportMessages => messages(&mut body),
            Self::SendMessage => send_message(&mut body),
            Self::ReadPage => {
                body.text(r#"{"GroupId":"grp-"#).group_digits(|number| number % GROUPS);
                body.text(r#"","ReqMsgNumber":20}"#);
            }
            Self::ReadGroups => read_groups(&mut body),
            Self::PrepareSmall => prepare_small(&mut body),
            Self::PrepareLarge => prepare_large(&mut body),
            Self::FillLarge => {
                body.text(r#"{"GroupId":"@TGS#_large""#);
                members(&mut body, |number, item| number * MEMBERS + item);
            }
            Self::SendToLarge => {
                body.text(r#"{"GroupId":"@TGS#_large","From_Account":"acc-0000000""#);
                one_message(&mut body);
            }
            Self::PrepareCircles => prepare_circles(&mut body),
            Self::SendToCircle => send_to_circle(&mut body),
            Self::AddToSmall => {
                body.text(r#"{"GroupId":"@TGS#_"#).group_digits(|number| number % SMALL_COMMUNITIES);
                body.text(r#"","MemberList":[{"Member_Account":"acc-"#);
                body.decimal(7, |number| 10 + number / SMALL_COMMUNITIES).text(r#""}]}"#);
            }
            Self::AddToLarge => {
                body.text(r#"{"GroupId":"@TGS#_large","MemberList":[{"Member_Account":"acc-"#);
                body.decimal(7, |number| number).text(r#""}]}"#);
            }
            Self::ImportPerson => people::import(&mut body),
            Self::ReadPortraits => {
                let item = |number, item| (number * people::PORTRAITS + item) % people::PEOPLE;
                people::portraits(&mut body, "person", people::PORTRAITS, item);
            }
            Self::SendDirect => people::send(&mut body, people::anybody),
            Self::ImportDirect => people::import_message(&mut body, people::anybody, |number| number),
            Self::ReadConversations => people::conversations(&mut body, people::PEOPLE),
            Self::ReadManyConversations => people::conversations(&mut body, SMALL_MEMBERS),
            Self::FillShort => {
                people::import_message(&mut body, people::short, |number| number / people::SHORT_PAIRS);
            }
            Self::FillLong => {
                people::import_message(&mut body, people::long, |number| number / people::LONG_PAIRS);
            }
            Self::SendShort => people::send(&mut body, people::short_in_use),
            Self::SendLong => people::send(&mut body, people::long),
            Self::ReadShort => people::read(&mut body, people::short),
            Self::ReadLong => people::read(&mut body, people::long),
            Self::FillFewFriends => {
                people::friends(&mut body, people::short, people::FEW, |_, item| item);
            }
            Self::FillManyFriends => people::many_friends(&mut body),
            Self::PortraitsOfFew => people::portraits_of(&mut body, |number| people::short(number).0),
            Self::PortraitsOfMany => people::portraits_of(&mut body, |number| people::long(number).0),
            Self::CheckFew => people::check(&mut body, people::short),
            Self::CheckMany => people::check(&mut body, people::long),
            Self::CreateRoom => create_room(&mut body),
        }
        body
    }
}

fn prepare_group(body: &mut Body) {
    body.text(r#"{"Owner_Account":"account-"#).decimal(4, |number| number % OWNERS);
    body.text(r#"","Type":"Public","GroupId":"grp-"#).group_digits(|number| number);
    body.text(r#"","Name":"Prepared "#).decimal(NUMBER_DIGITS, |number| number);
    body.text(r#"","Introduction":"A group that moved in from elsewhere","Notification":"#);
    body.text(r#""The next meeting is on Friday","FaceUrl":"https://img.example.org/g.png","CreateTime":"#);
    body.text(&format!("{CREATED}}}"));
}

fn prepare_small(body: &mut Body) {
    body.text(r#"{"Type":"Community","GroupId":"@TGS#_"#).group_digits(|number| number);
    body.text(r#"","Name":"Small","MaxMemberNum":200000,"#);
    body.text(&format!(r#""CreateTime":{CREATED}"#));
    members_of(body, SMALL_MEMBERS, |_, item| item);
}

fn prepare_circles(body: &mut Body) {
    body.text(r#"{"Type":"Public","GroupId":"circle-"#).decimal(NUMBER_DIGITS, |number| number);
    body.text(&format!(r#"","Name":"Circle","CreateTime":{CREATED}"#));
    members_of(body, CIRCLE.into(), |number, item| number % 100_000 * u64::from(CIRCLE) + item);
}

fn send_to_circle(body: &mut Body) {
    body.text(r#"{"GroupId":"circle-"#).decimal(NUMBER_DIGITS, |number| number % CIRCLES);
    body.text(r#"","From_Account":"acc-"#).decimal(7, |number| number % CIRCLES * u64::from(CIRCLE));
    one_message(body.text(r#"""#));
}

fn prepare_large(body: &mut Body) {
    body.text(r#"{"Type":"Community","GroupId":"@TGS#_large","Name":"Large","MaxMemberNum":1000000,"#);
    body.text(&format!(r#""CreateTime":{CREATED}}}"#));
}

fn send_message(body: &mut Body) {
    body.text(r#"{"GroupId":"grp-"#).group_digits(|number| number % GROUPS);
    body.text(r#"","From_Account":"account-"#).decimal(4, |number| number % GROUPS % OWNERS);
    one_message(body.text(r#"""#));
}

fn import_group(body: &mut Body) {
    body.text(r#"{"Owner_Account":"account-"#).decimal(4, |number| number % OWNERS);
    body.text(r#"","Type":"Public","GroupId":"grp-"#).group_digits(|number| number);
    body.text(r#"","Name":"Imported "#).decimal(NUMBER_DIGITS, |number| number);
    body.text(r#"","AppDefinedData":[{"Key":"OldRoomNo","Value":""#);
    body.decimal(NUMBER_DIGITS, |number| number).text(r#""}]}"#);
}

fn create_room(body: &mut Body) {
    body.text(r#"{"service":"conference.localhost","host":"localhost","name":"grp-"#)
        .group_digits(|number| number);
    body.text(r#"","options":[{"name":"persistent","value":"true"},{"name":"title","value":"Imported "#);
    body.decimal(NUMBER_DIGITS, |number| number).text(r#""}]}"#);
}

fn accounts(body: &mut Body) {
    body.text(r#"{"Accounts":["#);
    for item in 0..ACCOUNTS {
        body.text(if item == 0 { r#""acc-"# } else { r#","acc-"# });
        body.decimal(7, move |number| number * ACCOUNTS + item).text(r#"""#);
    }
    body.text("]}");
}

/// Members with their accounts' numbers, ending the body.
fn members(body: &mut Body, account: fn(u64, u64) -> u64) {
    members_of(body, MEMBERS, account);
}

fn members_of(body: &mut Body, count: u64, account: fn(u64, u64) -> u64) {
    body.text(r#","MemberList":["#);
    for item in 0..count {
        body.text(if item == 0 { r#"{"Member_Account":"acc-"# } else { r#",{"Member_Account":"acc-"# });
        body.decimal(7, move |number| account(number, item)).text(r#""}"#);
    }
    body.text("]}");
}

/// A message to send, ending the body.
fn one_message(body: &mut Body) {
    body.text(r#","Random":"#).decimal(NUMBER_DIGITS, |number| 1_000_000_000 + number);
    body.text(r#","MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"#);
    body.text(r#""The room has changed, see you upstairs"}}]}"#);
}

/// Each call imports the next twenty messages of a group, a second apart.
fn messages(body: &mut Body) {
    body.text(r#"{"GroupId":"grp-"#).group_digits(|number| number % GROUPS).text(r#"","MsgList":["#);
    for item in 0..MESSAGES {
        body.text(if item == 0 { r#"{"From_Account":"account-"# } else { r#",{"From_Account":"account-"# });
        body.decimal(4, move |number| (number % GROUPS + item) % OWNERS).text(r#"","SendTime":"#);
        body.decimal(NUMBER_DIGITS, move |number| CREATED + 1 + number / GROUPS * MESSAGES + item);
        body.text(r#","Random":"#);
        body.decimal(NUMBER_DIGITS, move |number| 1_000_000_000 + (number * MESSAGES + item) % 3_000_000_000);
        body.text(r#","MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"What was said long ago, "#);
        body.decimal(NUMBER_DIGITS, move |number| number * MESSAGES + item).text(r#""}}]}"#);
    }
    body.text("]}");
}

/// Fifty groups with every base field, but without members.
fn read_groups(body: &mut Body) {
    body.text(r#"{"GroupIdList":["#);
    for item in 0..GROUPS_ASKED {
        body.text(if item == 0 { r#""grp-"# } else { r#","grp-"# });
        body.group_digits(move |number| (number * GROUPS_ASKED + item * 331) % GROUPS).text(r#"""#);
    }
    body.text(r#"],"ResponseFilter":{"GroupBaseInfoFilter":["Type","Name","Introduction","Notification","FaceUrl","#);
    body.text(r#""Owner_Account","CreateTime","LastInfoTime","LastMsgTime","NextMsgSeq","MemberNum","MaxMemberNum","#);
    body.text(r#""ApplyJoinOption"]}}"#);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn body(request: &mut Request, number: u64) -> serde_json::Value {
        let text = std::str::from_utf8(request.numbered(number)).unwrap();
        serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    #[test]
    fn every_call_is_json_and_another_than_the_one_before() {
        for workload in Workload::value_variants() {
            let mut request = workload.request("/");
            let bodies: BTreeSet<String> =
                [0, 1, 59_999_999].into_iter().map(|number| body(&mut request, number).to_string()).collect();
            let expected = if *workload == Workload::PrepareLarge { 1 } else { 3 };
            assert_eq!(bodies.len(), expected, "{workload:?}");
        }
    }

    #[test]
    fn an_imported_group_is_what_it_was() {
        let mut request = Workload::ImportGroup.request("/");
        let found = body(&mut request, 12_345);
        let expected = serde_json::json!({
            "Owner_Account": "account-0345", "Type": "Public", "Name": "Imported 0000012345",
            "GroupId": found["GroupId"],
            "AppDefinedData": [{"Key": "OldRoomNo", "Value": "0000012345"}]
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn no_account_joins_a_group_twice() {
        let mut request = Workload::ImportMembers.request("/");
        let mut seen = BTreeSet::new();
        for number in 0..2 * MEMBER_CALLS {
            let call = body(&mut request, number);
            for member in call["MemberList"].as_array().unwrap() {
                let joined = (call["GroupId"].to_string(), member["Member_Account"].to_string());
                assert!(seen.insert(joined), "call {number} repeats {member}");
            }
        }
        assert_eq!(seen.len() as u64, 2 * MEMBER_CALLS * MEMBERS);
    }

    #[test]
    fn messages_of_a_group_ascend_in_time() {
        let mut request = Workload::ImportMessages.request("/");
        let times = |call: &serde_json::Value| {
            let list = call["MsgList"].as_array().unwrap();
            list.iter().map(|message| message["SendTime"].as_u64().unwrap()).collect::<Vec<_>>()
        };
        let (first, next) = (body(&mut request, 7), body(&mut request, 7 + GROUPS));
        assert_eq!(first["GroupId"], next["GroupId"]);
        let all = [times(&first), times(&next)].concat();
        assert!(CREATED < all[0] && all.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
