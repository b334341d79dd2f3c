//! Numbers and lists in the pages, compared with the code.

use crate::page::{self, root};
use landfall::commands::{COMMANDS, OWN};
use landfall::config::UploadsConfig;
use landfall_domain::group::GroupType;
use landfall_domain::limits::{
    CUSTOM_GROUP_ID_BYTES_MAX, FIELD_KEY_BYTES_MAX, FieldLimits, FolderLimits, FollowLimits, FriendLimits,
    GROUP_ID_BYTES_MAX, Limits, LiveLimits, MAX_MEMBERS_DEFAULT, MessageLimits, PushLimits, Span,
    TopicLimits, USER_ID_BYTES_MAX, ValueLimits,
};
use landfall_domain::people::operations::uploads::OPEN_MAX;
use landfall_domain::rights::{Right, Standing};
use std::collections::BTreeMap;

/// Each limit, as docs/limits.md writes it. The full destructuring makes a new limit fail to compile without its row.
fn rows(limits: Limits) -> Vec<(&'static str, String)> {
    let Limits {
        name,
        introduction,
        notification,
        face_url,
        group_fields,
        member_fields,
        max_members,
        max_members_community,
        members_per_call,
        groups_per_query,
        groups_per_page,
        members_per_page,
        accounts_per_query,
        named_members,
        joined_per_page,
        name_card,
        bans_per_call,
        bans_per_page,
        ban_reason,
        messages,
        topics,
        values,
        live,
        friends,
        folders,
        follow,
        push,
        accounts_per_call,
        profile_value,
        location,
        user_fields,
        reply_bytes,
        generated_ids,
    } = limits;
    let mut rows = vec![
        ("Group name, bytes", span(name)),
        ("Introduction, bytes", span(introduction)),
        ("Notification, bytes", span(notification)),
        ("Face address of a group, bytes", span(face_url)),
        ("Custom fields of one group", group_fields.count.to_string()),
        ("Value of a group's custom field, bytes", span(group_fields.value)),
        ("Custom fields of one member", member_fields.count.to_string()),
        ("Value of a member's custom field, bytes", span(member_fields.value)),
        ("Member limit of a group", max_members.to_string()),
        ("Member limit of a Community", max_members_community.to_string()),
        ("Members imported, added or removed in one call", members_per_call.to_string()),
        (
            "Accounts of `get_role_in_group`, `forbid_send_msg` and `check_members`",
            accounts_per_query.to_string(),
        ),
        ("Accounts of `get_specified_group_member_info`", named_members.to_string()),
        ("Groups on one page of `get_joined_group_list`", joined_per_page.to_string()),
        ("Name card of a member, bytes", span(name_card)),
        ("Accounts banned or unbanned in one call", bans_per_call.to_string()),
        ("Bans on one page of `get_group_ban_member`", bans_per_page.to_string()),
        ("Reason of a ban, bytes", span(ban_reason)),
        ("Groups named in one `get_group_info`", groups_per_query.to_string()),
        ("Groups on one page of `get_appid_group_list`", groups_per_page.to_string()),
        ("Members on one page of `get_group_member_info`", members_per_page.to_string()),
        ("Accounts in one account call", accounts_per_call.to_string()),
        ("Answer of a call, bytes", reply_bytes.to_string()),
        ("Ids of the form that servers generate, in imports", taken(generated_ids)),
    ];
    rows.extend(message_rows(messages));
    rows.extend(topic_rows(topics).into_iter().chain(value_rows(values, live)));
    rows.extend(friend_rows(friends));
    rows.extend(folder_rows(folders).into_iter().chain(follow_rows(follow)).chain(push_rows(push)));
    rows.extend(profile_rows(profile_value, location, user_fields));
    rows
}

fn taken(is_taken: bool) -> String {
    if is_taken { "taken" } else { "refused" }.to_owned()
}

fn profile_rows(value: Span, location: Span, fields: FieldLimits) -> [(&'static str, String); 4] {
    [
        ("Nick, face address and other texts in the profile of an account, bytes", span(value)),
        ("`Tag_Profile_IM_Location`, bytes", span(location)),
        ("Custom fields of accounts", fields.count.to_string()),
        ("Value of an account's custom field, bytes", span(fields.value)),
    ]
}

fn span(Span { min, max }: Span) -> String {
    format!("{min} to {max}")
}

fn per_second(number: u32) -> String {
    if number == 0 { "no limit".to_owned() } else { number.to_string() }
}

fn message_rows(limits: MessageLimits) -> Vec<(&'static str, String)> {
    let MessageLimits {
        bytes,
        per_import,
        per_page,
        per_second: sent,
        recalled_per_call,
        recall_reason,
        recall_seconds,
        at,
        directed_to,
        notified,
        receipts_per_call,
        receipt_members,
        readers_per_page,
        extensions_per_call,
        extensions_per_page,
        extensions,
        extension_key,
        extension_value,
    } = limits;
    vec![
        ("A message: `MsgBody` and `CloudCustomData`, bytes", bytes.to_string()),
        ("Messages in one `import_group_msg`", per_import.to_string()),
        ("Messages on one page of `group_msg_get_simple`", per_page.to_string()),
        ("Messages sent to one group in a second", per_second(sent)),
        ("Messages in one `group_msg_recall`", recalled_per_call.to_string()),
        ("Reason of a recall, bytes", span(recall_reason)),
        ("Seconds in which a member may recall its message", recall_seconds.to_string()),
        ("Members a message points at (`GroupAtInfo`)", at.to_string()),
        ("Members a directed message is for (`To_Account`)", directed_to.to_string()),
        ("Members of `send_group_system_notification`", notified.to_string()),
        ("Messages in one call about receipts", receipts_per_call.to_string()),
        ("Members of a group whose messages have receipts", receipt_members.to_string()),
        ("Accounts on one page of `get_group_msg_receipt_detail`", readers_per_page.to_string()),
        ("Extensions in one `group_set_key_values`", extensions_per_call.to_string()),
        ("Extensions on one page of `group_get_key_values`", extensions_per_page.to_string()),
        ("Extensions of one message", extensions.to_string()),
        ("Key of an extension, bytes", span(extension_key)),
        ("Value of an extension, bytes", span(extension_value)),
    ]
}

fn topic_rows(limits: TopicLimits) -> Vec<(&'static str, String)> {
    let TopicLimits {
        count,
        per_call,
        custom,
        permission_groups,
        permission_groups_per_call,
        permission_group_name,
        permissions_per_call,
        permission_members_per_call,
        permission_members_per_page,
    } = limits;
    vec![
        ("Topics of one community", count.to_string()),
        ("Topics named in one call", per_call.to_string()),
        ("`CustomString` of a topic or permission group, bytes", span(custom)),
        ("Permission groups of one community", permission_groups.to_string()),
        ("Permission groups named in one call or on one page", permission_groups_per_call.to_string()),
        ("Name of a permission group, bytes", span(permission_group_name)),
        ("Topics in one call about topic permissions", permissions_per_call.to_string()),
        (
            "Members put into or out of a permission group in one call",
            permission_members_per_call.to_string(),
        ),
        ("Members of a permission group on one page", permission_members_per_page.to_string()),
    ]
}

fn value_rows(values: ValueLimits, live: LiveLimits) -> Vec<(&'static str, String)> {
    let ValueLimits {
        attributes,
        attribute_key,
        attribute_value,
        attribute_bytes,
        attribute_writes_per_second,
        counters,
        counter_key,
    } = values;
    let LiveLimits { admins, marks, marked_per_call } = live;
    vec![
        ("Attributes of one group", attributes.to_string()),
        ("Key of an attribute, bytes", span(attribute_key)),
        ("Value of an attribute, bytes", span(attribute_value)),
        ("All attributes of a group together, bytes", attribute_bytes.to_string()),
        (
            "Calls that change the attributes of one group in a second",
            per_second(attribute_writes_per_second),
        ),
        ("Counters of one group", counters.to_string()),
        ("Key of a counter, bytes", span(counter_key)),
        ("Administrators of a live-stream group", admins.to_string()),
        ("Marks of one member of a live-stream group", marks.to_string()),
        ("Members marked in one call", marked_per_call.to_string()),
    ]
}

fn friend_rows(friends: FriendLimits) -> Vec<(&'static str, String)> {
    let FriendLimits {
        count,
        lists,
        list_name,
        remark,
        wording,
        requests,
        blocklist,
        per_call,
        per_page,
        fields,
    } = friends;
    vec![
        ("Friends of one account", count.to_string()),
        ("Lists of friends of one account", lists.to_string()),
        ("Name of a list of friends, bytes", span(list_name)),
        ("Remark about a friend, bytes", span(remark)),
        ("`AddWording`, bytes", span(wording)),
        ("Requests of one account that wait, of each way", requests.to_string()),
        ("Accounts on one blocklist", blocklist.to_string()),
        ("Accounts or friends in one call of the service `sns`", per_call.to_string()),
        ("Friends on one page of `friend_get`", per_page.to_string()),
        ("Custom fields of friends", fields.count.to_string()),
        ("Value of a friend's custom field, bytes", span(fields.value)),
    ]
}

fn folder_rows(folders: FolderLimits) -> Vec<(&'static str, String)> {
    let FolderLimits {
        count,
        name,
        filed,
        marked,
        marked_per_call,
        filed_per_call,
        looked_for,
        per_page,
        custom,
        pinned,
    } = folders;
    vec![
        ("Conversation groups of one account", count.to_string()),
        ("Name of a conversation group, bytes", span(name)),
        ("Conversations of one account that are in conversation groups", filed.to_string()),
        ("Conversations of one account that are marked", marked.to_string()),
        ("Conversations in one `mark_contact`", marked_per_call.to_string()),
        ("Conversations in one `create_contact_group` or `update_contact_group`", filed_per_call.to_string()),
        ("Conversations in one `search_contact_group`", looked_for.to_string()),
        ("Conversations on one page of `get_contact_group`", per_page.to_string()),
        ("`CustomMark`, bytes", span(custom)),
        ("Conversations that one account pins", pinned.to_string()),
    ]
}

fn follow_rows(limits: FollowLimits) -> [(&'static str, String); 4] {
    let FollowLimits { count, per_call, checked_per_call, per_page } = limits;
    [
        ("Accounts that one account follows", count.to_string()),
        ("Accounts in one `follow_add`, `follow_delete` or `follow_get_info`", per_call.to_string()),
        ("Accounts in one `follow_check`", checked_per_call.to_string()),
        ("Accounts on one page of `follow_get`", per_page.to_string()),
    ]
}

fn push_rows(limits: PushLimits) -> [(&'static str, String); 8] {
    let PushLimits {
        per_day,
        seconds_apart,
        attribute_name,
        attribute_value,
        tag,
        tags,
        tags_per_list,
        accounts_per_call,
    } = limits;
    [
        ("Pushes of an app in a day", per_day.to_string()),
        ("Seconds between two pushes of an app", seconds_apart.to_string()),
        ("Name of an attribute, bytes", span(attribute_name)),
        ("Value of an attribute, bytes, for pushes", span(attribute_value)),
        ("A tag, bytes", span(tag)),
        ("Tags of one account", tags.to_string()),
        ("Tags in one list of a call", tags_per_list.to_string()),
        ("Accounts in one call about attributes or tags", accounts_per_call.to_string()),
    ]
}

#[test]
fn the_page_of_the_rights_is_the_table() {
    let page = page::read("docs/rights.md");
    let table: Vec<Vec<&str>> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").collect())
        .collect();
    assert_eq!(table.len(), Right::ALL.len());
    let letters =
        [(Standing::Owner, 'O'), (Standing::Admin, 'A'), (Standing::Member, 'M'), (Standing::Outsider, 'N')];
    for (right, row) in Right::ALL.into_iter().zip(table) {
        assert_eq!(row[0].trim_matches('`'), format!("{right:?}"));
        for (kind, cell) in GroupType::ALL.into_iter().zip(&row[2..]) {
            for (standing, letter) in letters {
                let has = right.holders(kind).include(standing);
                assert_eq!(cell.contains(letter), has, "{right:?} of {standing:?} in {kind:?}");
            }
        }
    }
}

#[test]
fn the_page_of_the_limits_has_every_number() {
    let page = page::read("docs/limits.md");
    let has = |row: &str| assert!(page.lines().any(|line| line.starts_with(row)), "no row starts {row:?}");
    for ((label, faithful), (_, relaxed)) in rows(Limits::FAITHFUL).into_iter().zip(rows(Limits::RELAXED)) {
        has(&format!("| {label} | {faithful} | {relaxed} | "));
    }
    has(&format!("| Account name, printable ASCII, bytes | 1 to {USER_ID_BYTES_MAX} | "));
    has(&format!(
        "| Group id chosen by the app, printable ASCII, bytes | 1 to {CUSTOM_GROUP_ID_BYTES_MAX} | "
    ));
    has(&format!("| Group id in any other call, bytes | 1 to {GROUP_ID_BYTES_MAX} | "));
    has(&format!(
        "| Key of a custom field: letters, digits, underscores, bytes | 1 to {FIELD_KEY_BYTES_MAX} | "
    ));
    has(&format!("| Member limit of an imported group that names none | {MAX_MEMBERS_DEFAULT} | "));
    let [private, public, chat_room, community] =
        [GroupType::Private, GroupType::Public, GroupType::ChatRoom, GroupType::Community]
            .map(GroupType::default_max_members_on_creation);
    has(&format!(
        "| Member limit of a created group that names none | {private} (Private), {public} (Public), \
         {chat_room} (ChatRoom), {community} (Community) | "
    ));
    let of = UploadsConfig::default();
    for (what, key, bytes, code) in [
        ("Image of a message", "image_bytes_max", of.image_bytes_max, 10004),
        ("Recording of a message", "audio_bytes_max", of.audio_bytes_max, 10004),
        ("Film of a message", "video_bytes_max", of.video_bytes_max, 10004),
        ("Any other file of a message", "file_bytes_max", of.file_bytes_max, 10004),
        ("All uploads of an app", "quota_bytes", of.quota_bytes, 10007),
    ] {
        has(&format!("| {what}, bytes | {bytes} | `[app.uploads] {key}` | {code} |"));
    }
    has(&format!("| Files of an account that are announced and have not arrived | {OPEN_MAX} | | 60007 |"));
    has(&format!("| UserSig, bytes | {} | ", landfall::usersig::TEXT_BYTES_MAX));
}

#[test]
fn the_halved_commands_are_named() {
    let page = page::read("docs/limits.md");
    let named = page.lines().find(|line| line.contains("have half of the number")).unwrap();
    for entry in COMMANDS {
        let is_named = [entry.command(), entry.path].iter().any(|name| named.contains(&format!("`{name}`")));
        assert_eq!(is_named, entry.rate_divisor == 2, "{}", entry.path);
    }
}

#[test]
fn the_readme_counts_the_operations_right() {
    let of_the_api = || COMMANDS.iter().filter(|entry| !OWN.contains(&entry.service()));
    let all = of_the_api().count();
    let built = of_the_api().filter(|entry| entry.run.is_some()).count();
    let readme = page::read("README.md");
    for claim in [
        format!("**Built**: {built} of the {all} operations of the API"),
        format!("**Planned**: the other {} operations", all - built),
    ] {
        assert!(readme.contains(&claim), "README.md does not say {claim:?}");
    }
}

/// The Rust files of a folder, as paths from the root of the project.
fn sources(folder: &str) -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

#[test]
fn every_choice_is_listed() {
    let mut marked = BTreeMap::new();
    for name in ["domain", "migrate", "store", "server"] {
        for file in sources(&format!("crates/{name}/src")) {
            let count = std::fs::read_to_string(root().join(&file)).unwrap().matches("[choice]").count();
            marked.extend((0 < count).then_some((file, count)));
        }
    }
    let mut listed: BTreeMap<String, usize> = BTreeMap::new();
    for row in page::read("docs/choices.md")
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains("`crates/"))
    {
        let name = row.rsplit('`').nth(1).unwrap();
        *listed.entry(name.to_owned()).or_default() += 1;
    }
    assert_eq!(listed, marked, "left: rows of docs/choices.md, right: marks in the sources");
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    for name in page::every() {
        for target in page::read(&name).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap();
            let folder = root().join(&name).parent().unwrap().to_owned();
            let leads = target.starts_with("https://") || file.is_empty() || folder.join(file).exists();
            assert!(leads, "{name} links to {target}");
        }
    }
}

#[test]
fn the_map_names_files_that_exist() {
    let files: Vec<_> = ["crates", "xtask"].into_iter().flat_map(sources).collect();
    let map = page::read("ARCHITECTURE.md");
    let ends_name = |character: char| !(character.is_ascii_alphanumeric() || "_-./".contains(character));
    for name in map.split(ends_name).filter(|name| name.ends_with(".rs") && *name != ".rs") {
        let end = format!("/{name}");
        assert!(
            files.iter().any(|file| *file == name || file.ends_with(&end)),
            "ARCHITECTURE.md names {name}"
        );
    }
}
