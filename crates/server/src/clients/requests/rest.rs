//! Commands of the REST API that clients may call as well. Names, fields, answers and codes are those of REST; who acts is the
//! account of the connection, and the rights of members decide ([`rights`](landfall_domain::rights)).
//!
//! [choice] A client may name itself where REST names who acts, and nobody else: another name is refused with 10007.
//! [choice] An administrator of the app has, as a client, the rights of an administrator.

use crate::call::{ActingClient, Call};
use crate::clients::client::ConnectedClient;
use crate::clients::frame::Sender;
use crate::code::Code;
use crate::commands::{self, COMMANDS, Entry, member_svc};
use crate::reply::Failure;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::people::Pair;
use landfall_domain::snapshot::Needs;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A command, and the field that names who acts; empty where it has none. Those of `member_svc` are for clients only.
pub(in crate::clients) type Line = (&'static str, &'static str);

/// The commands, by service.
#[rustfmt::skip]
pub(super) const LINES: &[Line] = &[
    ("group_open_http_svc/send_group_msg", "From_Account"),
    ("group_open_http_svc/group_msg_recall", ""),
    ("group_open_http_svc/create_group", "Owner_Account"),
    ("group_open_http_svc/get_group_info", ""),
    ("group_open_http_svc/get_group_member_info", ""),
    ("group_open_http_svc/get_specified_group_member_info", ""),
    ("group_open_http_svc/get_joined_group_list", "Member_Account"),
    ("group_open_http_svc/get_role_in_group", ""),
    ("group_open_http_svc/modify_group_base_info", "From_Account"),
    ("group_open_http_svc/add_group_member", ""),
    ("group_open_http_svc/delete_group_member", ""),
    ("group_open_http_svc/modify_group_member_info", ""),
    ("group_open_http_svc/forbid_send_msg", ""),
    ("group_open_http_svc/ban_group_member", ""),
    ("group_open_http_svc/unban_group_member", ""),
    ("group_open_http_svc/get_group_ban_member", ""),
    ("group_open_http_svc/get_group_muted_account", ""),
    ("group_open_http_svc/change_group_owner", "From_Account"),
    ("group_open_http_svc/destroy_group", ""),
    ("group_open_http_svc/get_online_member_num", ""),
    ("group_open_http_svc/group_msg_receipt", "From_Account"),
    ("group_open_http_svc/get_group_msg_receipt", "From_Account"),
    ("group_open_http_svc/get_group_msg_receipt_detail", ""),
    ("group_open_http_svc/modify_group_attr", ""),
    ("group_open_http_svc/set_group_attr", ""),
    ("group_open_http_svc/clear_group_attr", ""),
    ("group_open_http_svc/delete_group_attr", ""),
    ("group_open_attr_http_svc/get_group_attr", ""),
    ("group_open_http_svc/get_group_counter", ""),
    ("group_open_http_svc/update_group_counter", ""),
    ("group_open_http_svc/delete_group_counter", ""),
    ("million_group_open_http_svc/create_topic", "From_Account"),
    ("million_group_open_http_svc/modify_topic", "From_Account"),
    ("million_group_open_http_svc/destroy_topic", "From_Account"),
    ("million_group_open_http_svc/get_topic", "From_Account"),
    ("openim/modify_group_msg", ""),
    ("openim_msg_ext_http_svc/group_set_key_values", "Operator_Account"),
    ("openim_msg_ext_http_svc/group_get_key_values", ""),
    ("profile/portrait_get", ""),
    ("profile/portrait_set", "From_Account"),
    ("openim/query_online_status", ""),
    ("openim/sendmsg", "From_Account"),
    ("openim/admin_getroammsg", "Operator_Account"),
    ("openim/admin_msgwithdraw", "From_Account"),
    ("openim/admin_set_msg_read", "Report_Account"),
    ("openim/get_c2c_unread_msg_num", "To_Account"),
    ("openim/modify_c2c_msg", "From_Account"),
    ("openim/c2c_msg_read_receipt", "Operator_Account"),
    ("openim/delete_c2c_msg_ramble", "Operator_Account"),
    ("sns/friend_add", "From_Account"),
    ("sns/friend_update", "From_Account"),
    ("sns/friend_delete", "From_Account"),
    ("sns/friend_delete_all", "From_Account"),
    ("sns/friend_check", "From_Account"),
    ("sns/friend_get", "From_Account"),
    ("sns/friend_get_list", "From_Account"),
    ("sns/black_list_add", "From_Account"),
    ("sns/black_list_delete", "From_Account"),
    ("sns/black_list_get", "From_Account"),
    ("sns/black_list_check", "From_Account"),
    ("sns/group_add", "From_Account"),
    ("sns/group_delete", "From_Account"),
    ("sns/group_get", "From_Account"),
    ("follow/follow_add", "From_Account"),
    ("follow/follow_delete", "From_Account"),
    ("follow/follow_get", "From_Account"),
    ("follow/follow_check", "From_Account"),
    ("follow/follow_get_info", "From_Account"),
    ("recentcontact/get_list", "From_Account"),
    ("recentcontact/delete", "From_Account"),
    ("recentcontact/create_contact_group", "From_Account"),
    ("recentcontact/del_contact_group", "From_Account"),
    ("recentcontact/update_contact_group", "From_Account"),
    ("recentcontact/search_contact_group", "From_Account"),
    ("recentcontact/get_contact_group", "From_Account"),
    ("recentcontact/mark_contact", "From_Account"),
    ("member_svc/join_group", ""),
    ("member_svc/quit_group", ""),
    ("member_svc/get_applications", ""),
    ("member_svc/handle_application", ""),
];

/// The line of a command, by its name alone or with its service before it.
pub(super) fn line(command: &str) -> Option<&'static Line> {
    let is_named = |(path, _): &&Line| {
        *path == command || path.rsplit_once('/').is_some_and(|(_, name)| name == command)
    };
    LINES.iter().find(is_named)
}

fn entry(path: &str) -> Option<&'static Entry> {
    let of_clients = member_svc::COMMANDS.iter().find(|entry| entry.path == path);
    of_clients.or_else(|| commands::index_of(path).and_then(|index| COMMANDS.get(index)))
}

/// Performs the command in a frame, which is a JSON object. Returns the answer as REST has it, a JSON object.
pub(in crate::clients) async fn perform(
    client: &ConnectedClient,
    (path, field): Line,
    text: &str,
) -> Result<Vec<u8>, Failure> {
    let run = entry(path).and_then(|entry| entry.run);
    let run = run.ok_or_else(|| Code::NotBuilt.because(format!("{path} is not built in this version")))?;
    let is_administrator = client.app.has_admin(client.account().as_str());
    let body = as_actor(client.account().as_str(), field, text)?;
    let acting = (!is_administrator).then(|| ActingClient {
        entered: client.session.live_groups(),
        recall_seconds: client.server.limits.messages.recall_seconds,
    });
    let who = (Arc::clone(&client.app), client.account().clone());
    let from = (client.session.platform, client.peer);
    let call = Call::of_client(&client.server, who, acting, from, client.now());
    check_member(&call, path, text).await?;
    let sends = sent_by(client.account(), path, text);
    sends.iter().for_each(|message| client.session.sends(message.clone()));
    let answer = run(call, body).await;
    if answer.is_err() {
        sends.iter().for_each(|message| client.session.did_not_send(message));
    }
    answer
}

/// The frame with the account where the command names who acts.
fn as_actor(account: &str, field: &str, text: &str) -> Result<Vec<u8>, Failure> {
    if field.is_empty() {
        return Ok(text.as_bytes().to_vec());
    }
    let members: BTreeMap<Cow<'_, str>, &RawValue> =
        serde_json::from_str(text).map_err(|_| super::malformed())?;
    let Some(given) = members.get(field) else {
        let inner = text.trim_start().strip_prefix('{').ok_or_else(super::malformed)?;
        let name = serde_json::to_string(account).unwrap_or_default();
        // A frame names its command, so that something follows.
        return Ok(format!("{{\"{field}\":{name},{inner}").into_bytes());
    };
    match serde_json::from_str::<Cow<'_, str>>(given.get()) {
        Ok(given) if given == account => Ok(text.as_bytes().to_vec()),
        Ok(_) => Err(Code::GroupNotAllowed.because(format!("{field} is not the account of this connection"))),
        Err(_) => Err(Code::GroupParameter.because(format!("{field} must be a string"))),
    }
}

/// The message that a command sends, as its frame will name it.
fn sent_by(account: &UserId, path: &str, text: &str) -> Option<Sender> {
    let (random, places) = match path {
        "group_open_http_svc/send_group_msg" => ("Random", &["TopicId", "GroupId"][..]),
        "openim/sendmsg" => ("MsgRandom", &["To_Account"][..]),
        _ => return None,
    };
    let members: BTreeMap<Cow<'_, str>, serde_json::Value> = serde_json::from_str(text).ok()?;
    // As commands read numbers: 7.0 is 7.
    let random = members.get(random)?.as_f64().filter(|random| random.fract() == 0.0)?;
    let random = format!("{random:.0}").parse().ok()?;
    let place = places.iter().find_map(|place| members.get(*place)?.as_str().filter(|id| !id.is_empty()))?;
    let place = if path == "openim/sendmsg" {
        Pair::of(account.clone(), UserId::parse(place)?).to_string()
    } else {
        place.to_owned()
    };
    Some(Sender { account: account.as_str().to_owned(), random, place })
}

/// Commands that ask the webhook, or count against the rates of a group, before they look at rights: who is not in the
/// group is refused before.
const FOR_MEMBERS: &[&str] = &[
    "group_open_http_svc/send_group_msg",
    "group_open_http_svc/add_group_member",
    "group_open_http_svc/set_group_attr",
    "group_open_http_svc/modify_group_attr",
    "group_open_http_svc/delete_group_attr",
    "group_open_http_svc/clear_group_attr",
    "million_group_open_http_svc/create_topic",
];

/// Refuses an account outside the group that a command for members names. What is not a group id the command refuses.
async fn check_member(call: &Call, path: &str, text: &str) -> Result<(), Failure> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Group {
        group_id: String,
    }
    let group = serde_json::from_str::<Group>(text).ok().and_then(|named| GroupId::parse(&named.group_id));
    if let Some(group) = group
        && FOR_MEMBERS.contains(&path)
        && call.is_for_account()
    {
        call.snapshot(group, Needs::default()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::page::rows;
    use super::*;
    use std::collections::BTreeSet;

    fn acting(field: &str, text: &str) -> Result<String, u32> {
        let body = as_actor("ann", field, text).map_err(|failure| failure.number())?;
        Ok(String::from_utf8(body).unwrap())
    }

    #[test]
    fn the_account_acts_for_itself_only() {
        let named = r#"{"Command":"x","From_Account":"ann"}"#;
        assert_eq!(acting("From_Account", named).as_deref(), Ok(named));
        let unnamed = acting("From_Account", r#" {"Command":"x"}"#);
        assert_eq!(unnamed.as_deref(), Ok(r#"{"From_Account":"ann","Command":"x"}"#));
        assert_eq!(acting("From_Account", r#"{"From_Account":"bob"}"#), Err(10007));
        assert_eq!(acting("From_Account", r#"{"From\u005fAccount":"bob"}"#), Err(10007));
        assert_eq!(acting("From_Account", r#"{"From_Account":7}"#), Err(10004));
        assert_eq!(acting("", r#"{"From_Account":"bob"}"#).as_deref(), Ok(r#"{"From_Account":"bob"}"#));
    }

    #[test]
    fn the_page_lists_every_command_and_no_other() {
        let section = rows("## Acting as a member");
        let services = section.iter().filter(|(first, _)| first.contains("_svc`") || !first.contains(", "));
        let mut documented = BTreeSet::new();
        for (service, commands) in services {
            let service = service.trim_matches('`');
            if LINES.iter().any(|(path, _)| path.starts_with(&format!("{service}/"))) {
                let named = commands.split(", ").map(|command| command.trim_matches('`'));
                documented.extend(named.map(|command| format!("{service}/{command}")));
            }
        }
        let listed: BTreeSet<_> = LINES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(listed, documented);
    }

    #[test]
    fn every_line_is_a_command_that_is_built_and_no_import() {
        for (path, _) in LINES {
            let entry = entry(path);
            assert!(entry.is_some_and(|entry| entry.run.is_some()), "{path}");
            assert!(!path.contains("import"), "{path}");
        }
    }
}
