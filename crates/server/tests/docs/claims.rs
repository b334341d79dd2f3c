//! What the pages say in numbers and lists, held to the code.

use crate::page::{self, root};
use landfall::commands::COMMANDS;
use landfall_domain::limits::{
    CUSTOM_GROUP_ID_BYTES_MAX, FIELD_KEY_BYTES_MAX, GROUP_ID_BYTES_MAX, Limits, MAX_MEMBERS_DEFAULT, Span,
    USER_ID_BYTES_MAX,
};
use std::collections::BTreeMap;
use std::path::Path;

/// Each limit, as the page of the limits writes it. Taken apart whole, so a new limit does not compile without its row.
fn rows(limits: Limits) -> Vec<(&'static str, String)> {
    let Limits {
        name,
        introduction,
        notification,
        face_url,
        group_fields,
        group_field_value,
        max_members,
        max_members_community,
        members_per_call,
        groups_per_query,
        groups_per_page,
        members_per_page,
        accounts_per_call,
        profile_value,
        reply_bytes,
    } = limits;
    let span = |Span { min, max }| format!("{min} to {max}");
    vec![
        ("Group name, bytes", span(name)),
        ("Introduction, bytes", span(introduction)),
        ("Notification, bytes", span(notification)),
        ("Face address of a group, bytes", span(face_url)),
        ("Custom fields of one group", group_fields.to_string()),
        ("Value of a group's custom field, bytes", span(group_field_value)),
        ("Member limit of a group", max_members.to_string()),
        ("Member limit of a Community", max_members_community.to_string()),
        ("Members named in one import call", members_per_call.to_string()),
        ("Groups named in one `get_group_info`", groups_per_query.to_string()),
        ("Groups on one page of `get_appid_group_list`", groups_per_page.to_string()),
        ("Members on one page of `get_group_member_info`", members_per_page.to_string()),
        ("Accounts in one account call", accounts_per_call.to_string()),
        ("Nick and face address of an account, bytes", span(profile_value)),
        ("Answer that `get_group_info` lists members in, bytes", reply_bytes.to_string()),
    ]
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
    has(&format!("| Member limit of a group that names none | {MAX_MEMBERS_DEFAULT} | "));
    has(&format!("| UserSig, bytes | {} | ", landfall::usersig::TEXT_BYTES_MAX));
}

#[test]
fn the_halved_commands_are_named() {
    let page = page::read("docs/limits.md");
    let named = page.lines().find(|line| line.contains("have half of the number")).unwrap();
    for entry in COMMANDS {
        let is_named = named.contains(&format!("`{}`", entry.command()));
        assert_eq!(is_named, entry.halved_rate, "{}", entry.path);
    }
}

#[test]
fn the_readme_counts_the_commands_right() {
    /// `get_group_member` is `get_group_member_info` under a second name.
    const SECOND_NAMES: usize = 1;
    let built = COMMANDS.iter().filter(|entry| entry.run.is_some()).count();
    let readme = page::read("README.md");
    for claim in [
        format!("; {} commands, which", built - SECOND_NAMES),
        format!("**Planned**: {} further operations", COMMANDS.len() - built),
    ] {
        assert!(readme.contains(&claim), "README.md does not say {claim:?}");
    }
}

/// Files of the sources that mark a decision, with how many each.
fn marked_choices(directory: &Path, marked: &mut BTreeMap<String, usize>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            marked_choices(&path, marked);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let count = std::fs::read_to_string(&path).unwrap().matches("[choice]").count();
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            marked.extend((0 < count).then_some((name, count)));
        }
    }
}

#[test]
fn every_choice_is_listed() {
    let mut marked = BTreeMap::new();
    for name in ["domain", "store", "server"] {
        marked_choices(&root().join(format!("crates/{name}/src")), &mut marked);
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
    let mut pages = page::all();
    pages.extend(["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(str::to_owned));
    for name in pages {
        for target in page::read(&name).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap();
            let folder = root().join(&name).parent().unwrap().to_owned();
            let leads = target.starts_with("https://") || file.is_empty() || folder.join(file).exists();
            assert!(leads, "{name} links to {target}");
        }
    }
}
