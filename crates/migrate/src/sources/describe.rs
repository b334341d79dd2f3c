//! Writes a mapping file that lists what a source has, ready to be edited.

use super::sink::{Converted, FoundChannel, FoundUser};
use crate::losses::counted;
use crate::mapping::Mapping;
use serde::Serialize;

/// A mapping file with the decisions of `mapping`, and an entry for every conversation and user that was found. What holds by default
/// stands there as a comment.
#[must_use]
pub fn describe(mapping: &Mapping, converted: &Converted) -> String {
    let mut text = format!("# {}\n", converted.found.sentence());
    text.push_str(
        "# Change what shall be otherwise; a line that begins with # has no effect. Ids are those of the source.\n\n",
    );
    text.push_str("# The name of this source in records (src). Two exports of one kind for one app need different ones.\n");
    match &mapping.source {
        Some(source) => text.push_str(&format!("source = {}\n", quoted(source))),
        None => text.push_str(&format!("# source = {}\n", quoted(converted.found.format.as_str()))),
    }
    text.push_str("\n# What conversations become: Public, Private, ChatRoom or Community.\n");
    section("kinds", &mapping.kinds, &mut text);
    text.push_str("\n# keep or leave_out.\n");
    section("messages", &mapping.messages, &mut text);
    text.push_str(
        "\n# join_times: source, or first (right after the group is made). Landfall shows members what was sent before they\n\
         # joined, but in communities; on other servers they see it with first only.\n\
         # admins: Admin, or Member if administrators shall become ordinary members.\n",
    );
    section("members", &mapping.members, &mut text);
    text.push_str("\n# Conversations.\n");
    for channel in &converted.channels {
        describe_channel(mapping, channel, &mut text);
    }
    text.push_str("\n# Users.\n");
    for user in &converted.users {
        describe_user(mapping, user, &mut text);
    }
    text
}

fn describe_channel(mapping: &Mapping, channel: &FoundChannel, text: &mut String) {
    let rule = mapping.channels.get(&channel.id).cloned().unwrap_or_default();
    text.push_str(&format!(
        "\n# {}, {}\n[channels.{}]\n",
        counted(channel.members, "member", "members"),
        counted(channel.messages, "message", "messages"),
        quoted(&channel.id)
    ));
    line("id", rule.id.is_some(), &quoted(&channel.group_id), text);
    line("name", rule.name.is_some(), &quoted(rule.name.as_ref().unwrap_or(&channel.name)), text);
    line("type", rule.kind.is_some(), &quoted(channel.group_kind.as_str()), text);
    line("leave_out", rule.leave_out, &channel.left_out.to_string(), text);
}

fn describe_user(mapping: &Mapping, user: &FoundUser, text: &mut String) {
    let rule = mapping.users.get(&user.id).cloned().unwrap_or_default();
    let about = if user.placeholder { "\n# not listed in the source" } else { "" };
    text.push_str(&format!("{about}\n[users.{}]\n", quoted(&user.id)));
    line("id", rule.id.is_some(), &quoted(&user.account), text);
    line("nick", rule.nick.is_some(), &quoted(&user.nick), text);
    line("leave_out", rule.leave_out, &user.left_out.to_string(), text);
}

fn line(name: &str, is_set: bool, value: &str, text: &mut String) {
    let mark = if is_set { "" } else { "# " };
    text.push_str(&format!("{mark}{name} = {value}\n"));
}

fn section(name: &str, values: &impl Serialize, text: &mut String) {
    let values = toml::to_string(values).expect("the decisions are words");
    text.push_str(&format!("[{name}]\n{values}"));
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string().replace('\n', "\\n")
}
