//! The export of a company in one command, without any decision; then everything else that one does with it.

use super::held::{self, Said};
use super::slack_like::{self, Conversation, Made, Sizes};
use super::tool::{self, Ended, against};
use crate::server::{Home, Server};
use landfall::client::RestClient;
use serde_json::json;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// A group that is in the server before, and that no import knows.
const OTHER: &str = "bystanders";
/// Joins after the import.
const LATER: &str = "zoe";

struct Company {
    home: Home,
    server: Server,
    /// In a directory of its own.
    export: PathBuf,
    made: Made,
}

impl Company {
    async fn new() -> Self {
        let home = Home::new();
        let export = home.file("moving").join("export");
        fs::create_dir_all(&export).unwrap();
        let made = slack_like::write(&export, Sizes::COMPANY).unwrap();
        let server = home.start().await;
        let client = &mut server.client().await;
        let group = json!({ "Type": "Public", "GroupId": OTHER, "Name": "n" });
        client.call("group_open_http_svc/create_group", &group).await.unwrap();
        Self { home, server, export, made }
    }

    async fn run(&self, command: &[&dyn AsRef<OsStr>]) -> Ended {
        tool::run(&against(&self.home, &self.server.url(), command)).await
    }

    /// Names of the files beside the export, in order.
    fn beside(&self) -> Vec<String> {
        let directory = fs::read_dir(self.home.file("moving")).unwrap();
        let mut names: Vec<_> =
            directory.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_export_of_a_company_comes_in_by_one_command_and_goes_out_again() {
    let company = Company::new().await;
    let client = &mut company.server.client().await;
    company.run(&[&"check", &company.export]).await.with(0);
    assert_eq!(held::groups(client).await, [OTHER], "a check writes nothing to the server");
    assert_eq!(company.beside(), ["export"], "a check writes nothing to the disk");

    let imported = company.run(&[&"import", &company.export]).await.with(0);
    says_what_it_found(&imported.out);
    assert_eq!(company.beside(), ["export", "export.journal", "export.report.html"]);
    has_no_reference(&company.home.file("moving").join("export.report.html"));
    everybody_sees_everything(&company, client).await;
    company.run(&[&"verify", &company.export]).await.with(0);

    let before = counts(&company, client).await;
    company.run(&[&"import", &company.export]).await.with(0);
    assert_eq!(counts(&company, client).await, before);

    let out = company.home.file("out.jsonl.zst");
    company.run(&[&"export", &"--out", &out]).await.with(0);
    company.run(&[&"verify", &out]).await.with(0);

    someone_joins_later(&company, client).await;
    undo(&company, client).await;
    company.server.stop().await;
}

fn says_what_it_found(out: &str) {
    for part in [
        "Slack export: 60 channels, 50 direct conversations, 301 users, 20,000 messages, ",
        "; lost: ",
        "\nImport finished after ",
        "\nSettled by defaults:\n",
        "files whose content is not in the source",
        "group names that are cut",
        "accounts that the source does not list",
        "The same as a page with plots: ",
    ] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
}

/// The page needs nothing from elsewhere.
fn has_no_reference(page: &Path) {
    let page = fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"), "{page}");
    for part in ["src=", "href=", "url(", "<script", "<link", "@import"] {
        assert!(!page.contains(part), "{part} is in {page}");
    }
}

/// Each history is whole and in order, for a member too, and nobody has anything unread.
async fn everybody_sees_everything(company: &Company, client: &mut RestClient) {
    let Company { server, made, .. } = company;
    let mut ids: Vec<_> = made.conversations.iter().map(|talk| talk.id.as_str()).chain([OTHER]).collect();
    ids.sort_unstable();
    assert_eq!(held::groups(client).await, ids);
    for (number, conversation) in made.conversations.iter().enumerate() {
        let Conversation { id, members, .. } = conversation;
        let history = held::history(client, id, None).await;
        is_whole(conversation, &history);
        let unread = held::unread(client, id).await;
        let mut expected = members.clone();
        expected.sort();
        assert!(unread.keys().eq(&expected), "{id}: {unread:?}");
        assert!(unread.values().all(|count| *count == 0), "{id}: {unread:?}");
        let member = &mut held::connect(server, &members[number % members.len()]).await;
        assert_eq!(held::seen(member, id).await, history, "{id}");
    }
}

/// A message that is too long became several.
#[track_caller]
fn is_whole(conversation: &Conversation, history: &[Said]) {
    let mut said = history.iter();
    for (ts, text) in &conversation.messages {
        let first = said.next().unwrap();
        let mut whole = first.text.clone();
        while whole.len() < text.len() {
            whole.push_str(&said.next().unwrap().text);
        }
        let seconds = ts.split_once('.').unwrap().0.parse().unwrap();
        assert_eq!((first.time, &whole), (seconds, text), "{}", conversation.id);
    }
    assert_eq!(said.next(), None, "{}", conversation.id);
}

/// Messages and members of each conversation.
async fn counts(company: &Company, client: &mut RestClient) -> Vec<(usize, usize)> {
    let mut counts = Vec::new();
    for conversation in &company.made.conversations {
        let messages = held::history(client, &conversation.id, None).await.len();
        counts.push((messages, held::unread(client, &conversation.id).await.len()));
    }
    counts
}

async fn someone_joins_later(company: &Company, client: &mut RestClient) {
    let conversation = &company.made.conversations[1];
    client.call("im_open_login_svc/account_import", &json!({ "UserID": LATER })).await.unwrap();
    let members = json!([{ "Member_Account": LATER }]);
    let joins = json!({ "GroupId": conversation.id, "MemberList": members, "Silence": 1 });
    client.call("group_open_http_svc/add_group_member", &joins).await.unwrap();
    let member = &mut held::connect(&company.server, LATER).await;
    is_whole(conversation, &held::seen(member, &conversation.id).await);
}

/// Groups that the import made go; the one that somebody joined since is kept until it is forced.
async fn undo(company: &Company, client: &mut RestClient) {
    let changed = &company.made.conversations[1].id;
    let all = company.made.conversations.len();
    let undone = company.run(&[&"undo", &company.export]).await.with(3);
    let dissolved = format!(
        "{} groups were taken out silently, 0 were dissolved, 0 were gone already, 1 are kept",
        all - 1
    );
    assert!(undone.out.contains(&dissolved), "{}", undone.out);
    assert!(undone.out.contains(&format!("kept {changed}: ")), "{}", undone.out);
    assert_eq!(held::groups(client).await, [changed.as_str(), OTHER]);
    company.run(&[&"verify", &company.export]).await.with(4);
    company.run(&[&"undo", &company.export, &"--force"]).await.with(0);
    assert_eq!(held::groups(client).await, [OTHER]);
}
