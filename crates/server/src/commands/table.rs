//! Every documented command of the imitated API, in the order of its documentation, and then our own.

use super::{
    Entry, Service, all_member_push as push, config_svc as config, delivering_import, entry, follow,
    group_open_attr_http_svc as attributes, group_open_avchatroom_http_svc as live,
    group_open_http_svc as group, im_open_login_svc as account, import, landfall_import_svc as landfall,
    million_group_open_http_svc as topic, official_account_open_http_svc as official,
    open_msg_svc as history, openconfigsvr as mute, openim as message, openim_dirty_words as words,
    openim_msg_ext_http_svc as extension, planned, profile, recentcontact as recent, sns,
    webhook_svc as webhook,
};
use crate::code::Code;
use std::fmt::Write;

const COMMON: Service = Service {
    name: "",
    bad_json: Code::JsonParse,
    bad_json_text: "the body is not JSON",
    unknown_command: Code::ResourceUnknown,
    internal: Code::GroupInternal,
    error_display: false,
};
const GROUP: Service = Service { unknown_command: Code::GroupCommandUnknown, ..COMMON };
const MESSAGE: Service = Service {
    bad_json: Code::MessageJsonParse,
    bad_json_text: "Fail to Parse json data of body, Please check it",
    ..COMMON
};
const CONFIG: Service = Service { bad_json: Code::ConfigJsonParse, internal: Code::ConfigInternal, ..COMMON };
const WITH_DISPLAY: Service = Service { error_display: true, ..COMMON };

/// Services of our own, which the imitated API does not have.
pub const OWN: &[&str] = &["webhook_svc", "landfall_import_svc"];

/// The services of the API, and our own.
pub static SERVICES: &[Service] = &[
    Service { name: "group_open_http_svc", ..GROUP },
    Service { name: "group_open_attr_http_svc", ..GROUP },
    Service { name: "group_open_avchatroom_http_svc", ..GROUP },
    Service { name: "million_group_open_http_svc", ..GROUP },
    Service { name: "im_open_login_svc", internal: Code::AccountInternal, ..COMMON },
    Service { name: "openim", ..MESSAGE },
    Service { name: "openim_msg_ext_http_svc", ..COMMON },
    Service { name: "openim_robot_http_svc", ..COMMON },
    Service { name: "openim_dirty_words", ..GROUP },
    Service {
        name: "profile",
        bad_json: Code::ProfileParameter,
        internal: Code::ProfileInternal,
        bad_json_text: "Err_Profile_Comm_Decode_Fail",
        ..WITH_DISPLAY
    },
    Service { name: "sns", internal: Code::FriendInternal, ..WITH_DISPLAY },
    Service { name: "follow", internal: Code::FriendInternal, ..WITH_DISPLAY },
    Service { name: "recentcontact", ..WITH_DISPLAY },
    Service { name: "openconfigsvr", ..CONFIG },
    Service { name: "open_msg_svc", internal: Code::HistoryInternal, ..COMMON },
    Service { name: "ConfigSvc", ..COMMON },
    Service { name: "all_member_push", internal: Code::PushInternal, ..MESSAGE },
    Service { name: "im_msg_audit", ..COMMON },
    Service { name: "im_cos_msg", ..COMMON },
    Service { name: "official_account_open_http_svc", internal: Code::OfficialInternal, ..COMMON },
    Service { name: "webhook_svc", ..GROUP },
    Service { name: "landfall_import_svc", ..GROUP },
];

const ONLINE_LISTS: &[&str] = &["ErrorList", "QueryResult"];

pub static COMMANDS: &[Entry] = &[
    // Accounts
    import::<account::account_import::Request>(),
    import::<account::multiaccount_import::Request>().at_half_rate(),
    entry::<account::account_delete::Request>().at_half_rate(),
    entry::<account::account_check::Request>().at_half_rate(),
    entry::<account::kick::Request>(),
    entry::<message::query_online_status::Request>().with_lists_on_failure(ONLINE_LISTS),
    entry::<message::query_online_status::OlderRequest>().with_lists_on_failure(ONLINE_LISTS),
    // Profiles
    entry::<profile::portrait_set::Request>(),
    entry::<profile::portrait_get::Request>(),
    // Relationship chain
    entry::<sns::friend_add::Request>(),
    import::<sns::friend_import::Request>(),
    entry::<sns::friend_update::Request>(),
    entry::<sns::friend_delete::Request>(),
    entry::<sns::friend_delete_all::Request>(),
    entry::<sns::friend_check::Request>(),
    entry::<sns::friend_get::Request>(),
    entry::<sns::friend_get_list::Request>(),
    entry::<sns::black_list_add::Request>(),
    entry::<sns::black_list_delete::Request>(),
    entry::<sns::black_list_get::Request>(),
    entry::<sns::black_list_check::Request>(),
    entry::<sns::group_add::Request>(),
    entry::<sns::group_delete::Request>(),
    entry::<sns::group_get::Request>(),
    entry::<follow::follow_add::Request>(),
    entry::<follow::follow_delete::Request>(),
    entry::<follow::follow_get::Request>(),
    entry::<follow::follow_check::Request>(),
    entry::<follow::follow_get_info::Request>(),
    // Migration of groups
    import::<group::import_group::Request>(),
    import::<group::import_group_member::Request>(),
    import::<group::import_group_msg::Request>().with_lists_on_failure(&["ImportMsgResult"]),
    import::<group::set_unread_msg_num::Request>(),
    import::<group::import_topic::Request>(),
    // Groups
    entry::<group::get_appid_group_list::Request>(),
    entry::<group::create_group::Request>(),
    entry::<group::get_group_info::Request>(),
    entry::<group::get_group_member_info::Request>(),
    entry::<group::get_group_member_info::MisspelledRequest>(),
    entry::<group::get_specified_group_member_info::Request>(),
    entry::<group::modify_group_base_info::Request>(),
    entry::<group::add_group_member::Request>(),
    entry::<group::delete_group_member::Request>(),
    entry::<group::modify_group_member_info::Request>(),
    entry::<group::destroy_group::Request>(),
    entry::<group::get_joined_group_list::Request>(),
    entry::<group::get_role_in_group::Request>().with_lists_on_failure(&["UserIdList"]),
    entry::<group::forbid_send_msg::Request>(),
    entry::<group::get_group_muted_account::Request>(),
    entry::<group::get_group_shutted_uin::Request>(),
    entry::<group::change_group_owner::Request>(),
    entry::<group::ban_group_member::Request>(),
    entry::<group::unban_group_member::Request>(),
    entry::<group::get_group_ban_member::Request>(),
    entry::<group::get_online_member_num::Request>(),
    // Group messages
    entry::<group::send_group_msg::Request>(),
    entry::<group::send_group_system_notification::Request>(),
    entry::<group::group_msg_recall::Request>().with_lists_on_failure(&["RecallRetList"]),
    entry::<group::delete_group_msg_by_sender::Request>(),
    entry::<group::group_msg_get_simple::Request>(),
    entry::<group::clear_group_msg::Request>(),
    entry::<group::get_group_msg_receipt::Request>(),
    entry::<group::get_group_msg_receipt_detail::Request>(),
    entry::<group::group_msg_receipt::Request>(),
    entry::<group::send_broadcast_msg::Request>(),
    entry::<message::modify_group_msg::Request>(),
    entry::<extension::group_set_key_values::Request>(),
    entry::<extension::group_get_key_values::Request>(),
    // Group attributes and counters
    entry::<attributes::get_group_attr::Request>(),
    entry::<attributes::get_group_attr::GroupServiceRequest>(),
    entry::<group::modify_group_attr::Request>(),
    entry::<group::set_group_attr::Request>(),
    entry::<group::delete_group_attr::Request>(),
    entry::<group::clear_group_attr::Request>(),
    entry::<group::get_group_counter::Request>(),
    entry::<group::update_group_counter::Request>(),
    entry::<group::delete_group_counter::Request>(),
    // Live-stream groups
    entry::<live::get_members::Request>(),
    entry::<live::modify_user_info::Request>(),
    entry::<live::modify_admin::Request>(),
    entry::<live::get_admin_list::Request>(),
    entry::<live::check_members::Request>(),
    planned("group_open_avchatroom_http_svc/add_robots"),
    planned("group_open_avchatroom_http_svc/del_robots"),
    // Topics
    entry::<topic::create_topic::Request>(),
    entry::<topic::get_topic::Request>(),
    entry::<topic::modify_topic::Request>(),
    entry::<topic::destroy_topic::Request>(),
    // Permission groups
    entry::<group::create_permission_group::Request>(),
    entry::<group::destroy_permission_group::Request>(),
    entry::<group::modify_permission_group::Request>(),
    entry::<group::get_permission_group::Request>(),
    entry::<group::add_topic_permission_group::Request>(),
    entry::<group::set_topic_permission_group::Request>(),
    entry::<group::delete_topic_permission_group::Request>(),
    entry::<group::get_topic_permission_group::Request>(),
    entry::<group::add_permission_group_member::Request>(),
    entry::<group::delete_permission_group_member::Request>(),
    entry::<group::get_permission_group_member_list::Request>(),
    // One-to-one messages
    entry::<message::sendmsg::Request>(),
    entry::<message::batchsendmsg::Request>(),
    delivering_import::<message::importmsg::Request>(),
    entry::<message::admin_getroammsg::Request>(),
    entry::<message::admin_msgwithdraw::Request>(),
    entry::<message::admin_set_msg_read::Request>(),
    entry::<message::get_c2c_unread_msg_num::Request>(),
    entry::<message::modify_c2c_msg::Request>(),
    entry::<message::c2c_msg_read_receipt::Request>(),
    entry::<message::delete_c2c_msg_ramble::Request>(),
    entry::<extension::set_key_values::Request>(),
    entry::<extension::get_key_values::Request>(),
    // Conversations
    entry::<recent::get_list::Request>().with_lists_on_failure(&["SessionItem"]),
    entry::<recent::delete::Request>(),
    entry::<recent::create_contact_group::Request>(),
    entry::<recent::del_contact_group::Request>(),
    entry::<recent::update_contact_group::Request>(),
    entry::<recent::search_contact_group::Request>(),
    entry::<recent::get_contact_group::Request>(),
    entry::<recent::mark_contact::Request>(),
    // Mute, operation, push, chatbots
    entry::<mute::setnospeaking::Request>(),
    entry::<mute::getnospeaking::Request>(),
    entry::<mute::getappinfo::Request>(),
    entry::<config::get_ip_list::Request>(),
    entry::<history::get_history::Request>().at_a_twentieth(),
    entry::<push::im_push::Request>(),
    entry::<push::im_set_attr_name::Request>().at_half_rate(),
    entry::<push::im_get_attr_name::Request>().at_half_rate(),
    entry::<push::im_set_attr::Request>().at_half_rate(),
    entry::<push::im_get_attr::Request>().at_half_rate(),
    entry::<push::im_remove_attr::Request>().at_half_rate(),
    entry::<push::im_add_tag::Request>().at_half_rate(),
    entry::<push::im_get_tag::Request>().at_half_rate(),
    entry::<push::im_remove_tag::Request>().at_half_rate(),
    entry::<push::im_remove_all_tags::Request>().at_half_rate(),
    planned("openim_robot_http_svc/create_robot"),
    planned("openim_robot_http_svc/delete_robot"),
    planned("openim_robot_http_svc/get_all_robots"),
    planned("openim_robot_http_svc/send_stream_msg"),
    planned("im_cos_msg/get_cos_sig"),
    planned("im_cos_msg/forbid_illegal_object"),
    planned("im_cos_msg/allow_banned_object"),
    entry::<words::get::Request>().at_half_rate(),
    entry::<words::add::Request>().at_half_rate(),
    entry::<words::delete::Request>().at_half_rate(),
    // Official accounts
    entry::<official::create_official_account::Request>(),
    entry::<official::destroy_official_account::Request>(),
    entry::<official::modify_official_account_base_info::Request>(),
    entry::<official::get_official_account_info::Request>(),
    entry::<official::get_subscriber_info::Request>(),
    entry::<official::add_subscriber::Request>(),
    entry::<official::delete_subscriber::Request>(),
    entry::<official::modify_subscriber_info::Request>(),
    entry::<official::get_subscribed_official_account_list::Request>(),
    entry::<official::send_official_account_msg::Request>(),
    entry::<official::official_account_msg_recall::Request>(),
    entry::<official::official_account_msg_get_simple::Request>(),
    // Our own
    entry::<webhook::get_dead_events::Request>(),
    entry::<webhook::resend_dead_events::Request>(),
    entry::<webhook::drop_dead_events::Request>(),
    import::<landfall::get_limits::Request>(),
    import::<landfall::create_job::Request>(),
    import::<landfall::upload::Request>().streaming(landfall::upload::receive),
    import::<landfall::start_job::Request>(),
    import::<landfall::pause_job::Request>(),
    import::<landfall::resume_job::Request>(),
    import::<landfall::cancel_job::Request>(),
    import::<landfall::get_job::Request>(),
    import::<landfall::list_accounts::Request>(),
    import::<landfall::list_jobs::Request>(),
    import::<landfall::get_receipts::Request>(),
    import::<landfall::undo_job::Request>(),
    import::<landfall::get_origins::Request>(),
    import::<landfall::get_accounts::Request>(),
    import::<landfall::get_topic_reads::Request>(),
];

/// The sections of the documentation, each with its first command in [`COMMANDS`].
static SECTIONS: &[(&str, &str)] = &[
    ("Accounts", "im_open_login_svc/account_import"),
    ("Profiles", "profile/portrait_set"),
    ("Relationship chain", "sns/friend_add"),
    ("Migration of groups", "group_open_http_svc/import_group"),
    ("Groups and members", "group_open_http_svc/get_appid_group_list"),
    ("Group messages", "group_open_http_svc/send_group_msg"),
    ("Group attributes and counters", "group_open_attr_http_svc/get_group_attr"),
    ("Live-stream groups", "group_open_avchatroom_http_svc/get_members"),
    ("Topics", "million_group_open_http_svc/create_topic"),
    ("Permission groups", "group_open_http_svc/create_permission_group"),
    ("One-to-one messages", "openim/sendmsg"),
    ("Conversations", "recentcontact/get_list"),
    ("Mute, operation, push, chatbots", "openconfigsvr/setnospeaking"),
    ("Official accounts", "official_account_open_http_svc/create_official_account"),
    ("Beyond the API", "webhook_svc/get_dead_events"),
];

/// Why commands are not built.
static REASONS: &[(&str, &str)] = &[
    ("group_open_avchatroom_http_svc/add_robots", NO_ROBOTS),
    ("group_open_avchatroom_http_svc/del_robots", NO_ROBOTS),
    ("openim_robot_http_svc/create_robot", NO_ROBOTS),
    ("openim_robot_http_svc/delete_robot", NO_ROBOTS),
    ("openim_robot_http_svc/get_all_robots", NO_ROBOTS),
    ("openim_robot_http_svc/send_stream_msg", "the form of a message that grows is not documented"),
    ("im_cos_msg/get_cos_sig", NO_CLOUD_FILES),
    ("im_cos_msg/forbid_illegal_object", NO_CLOUD_FILES),
    ("im_cos_msg/allow_banned_object", NO_CLOUD_FILES),
];
const NO_CLOUD_FILES: &str = "it is about files in the cloud's store; files here have addresses of their own";
const NO_ROBOTS: &str = "robots answer by webhooks of their own (`Bot.…`), which are not built";

/// The section of the documentation that has the command at `path`.
#[must_use]
pub fn section_of(path: &str) -> &'static str {
    let mut section = "";
    for entry in COMMANDS {
        let begins = SECTIONS.iter().find(|(_, first)| *first == entry.path);
        section = begins.map_or(section, |(title, _)| title);
        if entry.path == path {
            break;
        }
    }
    section
}

/// Why the command at `path` is not built; nothing when it is.
#[must_use]
pub fn reason_of(path: &str) -> Option<&'static str> {
    REASONS.iter().find(|(named, _)| *named == path).map(|(_, reason)| *reason)
}

/// All commands, one on each line: section, path, and "built", "own" for a command that the imitated API does not have, or
/// the code that it answers instead and why, where that is said; separated by tabs.
#[must_use]
pub fn command_list() -> String {
    let mut list = String::new();
    for entry in COMMANDS {
        let section = section_of(entry.path);
        let state = match entry.run {
            Some(_) if OWN.contains(&entry.service()) => "own".to_owned(),
            Some(_) => "built".to_owned(),
            None => {
                let reason = reason_of(entry.path).map_or_else(String::new, |reason| format!("\t{reason}"));
                format!("{}{reason}", Code::NotBuilt.number())
            }
        };
        // Writing to a string has no way to fail.
        writeln!(list, "{section}\t{}\t{state}", entry.path).unwrap_or_default();
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::service;
    use std::collections::BTreeSet;

    #[test]
    fn every_command_appears_once_and_under_a_known_service() {
        let mut seen = BTreeSet::new();
        for entry in COMMANDS {
            assert!(seen.insert(entry.path), "{} appears twice", entry.path);
            assert!(service(entry.service()).is_some(), "{} has no service", entry.path);
            assert!(!entry.command().is_empty());
        }
    }

    #[test]
    fn every_command_that_is_not_built_has_a_reason_for_it_and_no_other() {
        let without: Vec<&str> =
            COMMANDS.iter().filter(|entry| entry.run.is_none()).map(|entry| entry.path).collect();
        let explained: Vec<&str> = REASONS.iter().map(|(path, _)| *path).collect();
        assert_eq!(without, explained);
    }

    #[test]
    fn the_list_has_every_command_in_its_section() {
        let list = command_list();
        let mut sections: Vec<&str> = list.lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(sections.len(), COMMANDS.len());
        sections.dedup();
        let titles: Vec<&str> = SECTIONS.iter().map(|(title, _)| *title).collect();
        assert_eq!(sections, titles);
        assert!(list.starts_with("Accounts\tim_open_login_svc/account_import\tbuilt\n"));
        assert!(list.contains("Profiles\tprofile/portrait_get\tbuilt\n"));
    }
}
