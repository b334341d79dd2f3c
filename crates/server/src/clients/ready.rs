//! The first frame of an accepted client: what it is, and what the server supports.

use super::client::ConnectedClient;
use super::frame;
use super::positions::WINDOW;
use super::requests::FRAME_BYTES_MAX;
use super::rest_queue::OPEN_MAX;
use serde::Serialize;

/// What the server supports, each by a short name, with a command of it.
const FEATURES: &[(&str, &str)] = &[
    ("groups", "group_open_http_svc/create_group"),
    ("applications", "member_svc/handle_application"),
    ("topics", "million_group_open_http_svc/create_topic"),
    ("live", "group_open_http_svc/get_online_member_num"),
    ("mute", "group_open_http_svc/forbid_send_msg"),
    ("ban", "group_open_http_svc/ban_group_member"),
    ("recall", "group_open_http_svc/group_msg_recall"),
    ("modify", "openim/modify_group_msg"),
    ("receipts", "group_open_http_svc/group_msg_receipt"),
    ("attributes", "group_open_http_svc/set_group_attr"),
    ("counters", "group_open_http_svc/update_group_counter"),
    ("extensions", "openim_msg_ext_http_svc/group_set_key_values"),
    ("direct", "openim/sendmsg"),
    ("profiles", "profile/portrait_get"),
    ("status", "openim/query_online_status"),
    ("friends", "sns/friend_add"),
    ("blocklist", "sns/black_list_add"),
    ("follow", "follow/follow_add"),
    ("conversations", "recentcontact/get_list"),
];

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReadyFrame<'a> {
    event: &'static str,
    identifier: &'a str,
    session_id: u64,
    group_count: u64,
    server_time: u64,
    /// Messages of one conversation that are sent before the client acknowledges any.
    window: u32,
    features: Vec<&'static str>,
    limits: Limits,
}

/// The limits that a client should know before it meets them.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Limits {
    /// Of a frame that the client sends.
    frame_bytes: usize,
    /// Of what a message says.
    message_bytes: usize,
    /// For how long a member may recall its message.
    recall_seconds: u64,
    /// Commands of the REST API that wait for an answer.
    open_commands: usize,
    /// Of an image, a recording, a film and any other file that is uploaded.
    image_bytes: u64,
    audio_bytes: u64,
    video_bytes: u64,
    file_bytes: u64,
}

/// The frame for a client in so many groups.
pub(super) fn ready(client: &ConnectedClient, group_count: u64) -> String {
    let messages = &client.server.limits.messages;
    let uploads = &client.app.uploads;
    let of_any = client.server.files_config.bytes_max;
    frame::text(&ReadyFrame {
        event: "ready",
        identifier: client.account().as_str(),
        session_id: client.session.id,
        group_count,
        server_time: client.now().0,
        window: WINDOW,
        features: FEATURES.iter().map(|(name, _)| *name).collect(),
        limits: Limits {
            frame_bytes: FRAME_BYTES_MAX,
            message_bytes: messages.bytes,
            recall_seconds: messages.recall_seconds,
            open_commands: OPEN_MAX,
            image_bytes: uploads.image_bytes_max.min(of_any),
            audio_bytes: uploads.audio_bytes_max.min(of_any),
            video_bytes: uploads.video_bytes_max.min(of_any),
            file_bytes: uploads.file_bytes_max.min(of_any),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::page::rows;
    use super::super::requests::rest_paths;
    use super::*;

    #[test]
    fn every_feature_has_a_command_that_clients_may_call() {
        for (name, command) in FEATURES {
            assert!(rest_paths().any(|path| path == *command), "{name}");
        }
    }

    #[test]
    fn the_page_lists_every_feature_and_no_other() {
        let rows = rows("### What the server supports");
        let listed: Vec<_> = rows.iter().map(|(name, _)| name.trim_matches('`')).collect();
        assert_eq!(listed, FEATURES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }
}
