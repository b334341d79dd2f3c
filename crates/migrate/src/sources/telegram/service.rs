//! What service messages say: as a sentence, and about members.

use super::parse::Message;

/// A service message as a sentence, such as `Ann invited Ben`.
pub(crate) fn sentence(message: &Message) -> String {
    let actor = message.actor.as_deref().unwrap_or("Somebody");
    let action = message.action.as_deref().unwrap_or_default();
    let names: Vec<&str> = message.members.iter().flatten().map(String::as_str).collect();
    let names = names.join(", ");
    let title = message.title.as_deref().unwrap_or_default();
    let done = match action {
        "create_group" => format!("created the group {title}"),
        "create_channel" => format!("created the channel {title}"),
        "invite_members" if names == actor => "joined".to_owned(),
        "invite_members" => format!("invited {names}"),
        "remove_members" if names == actor => "left".to_owned(),
        "remove_members" => format!("removed {names}"),
        "join_group_by_link" => "joined by a link".to_owned(),
        "join_group_by_request" => "joined by request".to_owned(),
        "edit_group_title" => format!("changed the name to {title}"),
        "edit_group_photo" => "changed the picture".to_owned(),
        "delete_group_photo" => "removed the picture".to_owned(),
        "migrate_to_supergroup" => "made the group a supergroup".to_owned(),
        "migrate_from_group" => format!("made the supergroup of the group {title}"),
        "pin_message" => "pinned a message".to_owned(),
        "clear_history" => "cleared the history".to_owned(),
        "topic_created" => format!("created the topic {title}"),
        "topic_edit" => format!("changed a topic: {title}"),
        "group_call" => "began a call".to_owned(),
        "phone_call" => "called".to_owned(),
        other => other.replace('_', " "),
    };
    format!("{actor} {done}").trim_end().to_owned()
}

/// Who comes or goes.
pub(crate) enum Change<'a> {
    /// Somebody whose id the message has.
    ActorJoins,
    /// Somebody whose name the message has.
    Joins(&'a str),
    Leaves(&'a str),
    /// The actor made the group.
    Makes,
}

/// What a service message says about members.
pub(crate) fn changes(message: &Message) -> Vec<Change<'_>> {
    let names = message.members.iter().flatten().map(String::as_str);
    match message.action.as_deref().unwrap_or_default() {
        "create_group" | "create_channel" => {
            [Change::Makes].into_iter().chain(names.map(Change::Joins)).collect()
        }
        "invite_members" => names.map(Change::Joins).collect(),
        "remove_members" => names.map(Change::Leaves).collect(),
        "join_group_by_link" | "join_group_by_request" => vec![Change::ActorJoins],
        _ => Vec::new(),
    }
}
