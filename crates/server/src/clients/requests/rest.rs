//! Commands of the REST API that clients may call as well. Names, fields, answers and codes are those of REST; who acts is the
//! account of the connection, and the rights of members decide ([`rights`](landfall_domain::rights)).
//!
//! [choice] A client may name itself where REST names who acts, and nobody else: another name is refused with 10007.
//! [choice] An administrator of the app has, as a client, the rights of an administrator.

use super::incoming::Incoming;
use crate::call::{ActingClient, CALL_TIME_MAX, Call, in_time};
use crate::clients::client::ConnectedClient;
use crate::clients::frame::Sender;
use crate::code::Code;
use crate::commands::{self, COMMANDS, Entry, member_svc};
use crate::reply::Failure;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::snapshot::Needs;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// A command, and the field that names who acts; empty where it has none. Those of `member_svc` are for clients only.
pub(super) type Line = (&'static str, &'static str);

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

/// The place in [`LINES`] of a command, by its name alone or with its service before it.
pub(super) fn index_of(command: &str) -> Option<usize> {
    static INDEX: LazyLock<BTreeMap<&str, usize>> = LazyLock::new(|| {
        let mut index = BTreeMap::new();
        for (at, (path, _)) in LINES.iter().enumerate() {
            index.insert(*path, at);
            let name = path.rsplit_once('/').map_or(*path, |(_, name)| name);
            index.entry(name).or_insert(at);
        }
        index
    });
    INDEX.get(command).copied()
}

fn entry(path: &str) -> Option<&'static Entry> {
    let of_clients = member_svc::COMMANDS.iter().find(|entry| entry.path == path);
    of_clients.or_else(|| commands::index_of(path).and_then(|index| COMMANDS.get(index)))
}

/// A command in a frame, ready to be performed.
pub(in crate::clients) struct RestCommand {
    path: &'static str,
    body: Vec<u8>,
    /// The group for whose members it is, if it names one.
    for_members_of: Option<GroupId>,
    sends: Option<Sender>,
}

impl RestCommand {
    /// Takes a command from a frame of `account`.
    ///
    /// # Errors
    /// The frame names another account as who acts.
    pub(super) fn read((path, field): Line, frame: &Incoming<'_>, account: &UserId) -> Result<Self, Failure> {
        let body = frame.as_actor(account.as_str(), field)?;
        let for_members_of = if FOR_MEMBERS.contains(&path) { frame.group() } else { None };
        Ok(Self { path, body, for_members_of, sends: frame.sends(account, path) })
    }

    /// Performs the command. Returns the answer as REST has it, a JSON object.
    pub(super) async fn perform(self, client: &ConnectedClient) -> Result<Vec<u8>, Failure> {
        let Self { path, body, for_members_of, sends } = self;
        let run = entry(path).and_then(|entry| entry.run);
        let run =
            run.ok_or_else(|| Code::NotBuilt.because(format!("{path} is not built in this version")))?;
        let is_administrator = client.app.has_admin(client.account().as_str());
        let acting = (!is_administrator).then(|| ActingClient {
            entered: client.session.live_groups(),
            recall_seconds: client.server.limits.messages.recall_seconds,
        });
        let who = (Arc::clone(&client.app), client.account().clone());
        let from = (client.session.platform, client.peer);
        let call = Call::of_client(&client.server, who, acting, from, client.now());
        sends.iter().for_each(|message| client.session.sends(message.clone()));
        let answer = in_time(path, CALL_TIME_MAX, async {
            check_member(client, &call, for_members_of).await?;
            run(call, body).await
        });
        let answer = answer.await;
        if answer.is_err() {
            sends.iter().for_each(|message| client.session.did_not_send(message));
        }
        answer
    }
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
///
/// What this server has heard of memberships saves a read: it may be late by a moment, and what the command then does is
/// checked again where it is done.
async fn check_member(
    client: &ConnectedClient,
    call: &Call,
    for_members_of: Option<GroupId>,
) -> Result<(), Failure> {
    let Some(group) = for_members_of else { return Ok(()) };
    if call.is_for_account() && !client.session.is_member_of(&group) {
        call.snapshot(group, Needs::default()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::page::rows;
    use super::*;
    use std::collections::BTreeSet;

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
