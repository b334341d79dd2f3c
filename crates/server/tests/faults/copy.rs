//! Moving a store, interrupted half-way.

use crate::server::{APP, Home, Server, WAIT_MAX, amount};
use landfall_domain::account::UnknownAccounts;
use landfall_domain::context::Context;
use landfall_domain::group::{GroupType, Profile};
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::member::Role;
use landfall_domain::new_group::{IdChoice, NewGroup, NewMember};
use landfall_domain::store::Store as _;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use landfall_store::StoreMetrics;
use landfall_store::embedded::Embedded;
use landfall_test_database::fresh_database;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Groups of the normal test run, each with an owner and two members; LANDFALL_COPY_GROUPS names another number.
const GROUPS: usize = 15_000;
/// Groups imported at a time.
const AT_ONCE: usize = 1_000;
/// Groups whose content is compared over the API.
const LOOKED_AT: usize = 500;

fn groups() -> usize {
    amount("LANDFALL_COPY_GROUPS", GROUPS)
}

fn group(number: usize) -> NewGroup {
    let user = |name: String| UserId::parse(&name).unwrap();
    let member =
        |role, number: usize| NewMember { role, ..NewMember::new(user(format!("member{}", number % 1_000))) };
    let id = IdChoice::Given(GroupId::parse(&format!("g{number}")).unwrap());
    let name = Text::stored(format!("group {number}"));
    let plain = NewGroup::new(id, GroupType::Public, name, Timestamp(1_000));
    NewGroup {
        profile: Profile {
            introduction: Text::stored("ä".repeat(number % 50)),
            max_members: 200,
            ..plain.profile
        },
        owner: Some(user(format!("owner{}", number % 1_000))),
        members: vec![member(Role::Admin, number), member(Role::Member, number + 1)],
        ..plain
    }
}

async fn fill(data: &Path) {
    let store = Arc::new(Embedded::open(data, StoreMetrics::default()).unwrap());
    let context = Context { app: APP, now: Timestamp(2_000), unknown: UnknownAccounts::Create };
    let mut calls = JoinSet::new();
    for number in 0..groups() {
        let store = Arc::clone(&store);
        calls.spawn(async move { store.import_group(context, group(number)).await.unwrap() });
        if AT_ONCE <= calls.len() {
            calls.join_next().await.unwrap().unwrap();
        }
    }
    calls.join_all().await;
}

/// A copy between the stores of two servers.
fn command(from: &Home, to: &Home) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
    command.env_clear().args(["store", "copy"]);
    command.args(["--from", &from.store_url(), "--to", &to.store_url()]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A copy under way; dropping it kills the process.
struct Running {
    child: Child,
    progress: BufReader<ChildStderr>,
    first_line: String,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let progress = BufReader::new(child.stderr.take().unwrap());
        Self { child, progress, first_line: String::new() }
    }

    /// Waits until `percent` of the rows are written.
    fn reach(&mut self, percent: u64) {
        loop {
            let mut line = String::new();
            assert_ne!(self.progress.read_line(&mut line).unwrap(), 0, "the copy has ended");
            let (copied, _) = line.strip_prefix("copying: ").unwrap().split_once(" %").unwrap();
            let done: u64 = copied.rsplit(' ').next().unwrap().parse().unwrap();
            if self.first_line.is_empty() {
                self.first_line = line;
            }
            if percent <= done {
                return;
            }
        }
    }

    /// How it ends, and its output until then.
    fn end(&mut self, signal: Signal) -> (ExitStatus, String) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let mut said = String::new();
        self.progress.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when the process has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Rows that were already copied when the copy began whose first line this is.
fn rows_before(first_line: &str) -> u64 {
    let rows = first_line.strip_prefix("copying: ").unwrap().split(' ').next().unwrap();
    rows.replace(',', "").parse().unwrap()
}

fn text(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// Answers of the API: the whole list, and the content of the first groups in it.
async fn answers(server: &Server) -> Vec<Value> {
    let mut client = server.client().await;
    let (mut answers, mut ids, mut next) = (Vec::new(), Vec::new(), json!(0));
    loop {
        let question = json!({"Limit": 1_000, "Next": next});
        let page = client.call("group_open_http_svc/get_appid_group_list", &question).await.unwrap();
        next = page["Next"].clone();
        ids.extend(page["GroupIdList"].as_array().unwrap().iter().map(|row| row["GroupId"].clone()));
        answers.push(page);
        if next == 0 {
            break;
        }
    }
    assert_eq!(ids.len(), groups());
    for ids in ids[..LOOKED_AT.min(ids.len())].chunks(50) {
        let question = json!({"GroupIdList": ids});
        answers.push(client.call("group_open_http_svc/get_group_info", &question).await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_killed_or_stopped_continues_and_ends_equal() {
    let (from, to) = (Home::new(), Home::new());
    fill(&from.data()).await;
    moves(&from, &to).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_moves_to_postgresql_and_back() {
    let database = fresh_database("empty", |_| {});
    let (from, there, back) = (Home::new(), Home::over(database.url()), Home::new());
    fill(&from.data()).await;
    moves(&from, &there).await;
    moves(&there, &back).await;
}

/// Copies a store, killed once and stopped once on the way, and compares the answers of the API about both.
async fn moves(from: &Home, to: &Home) {
    let mut copy = Running::start(command(from, to));
    copy.reach(10);
    let (status, _) = copy.end(Signal::KILL);
    assert_eq!((status.code(), rows_before(&copy.first_line)), (None, 0));

    let refused = to.command().output().unwrap();
    let (_, said) = text(&refused);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("unfinished copy") && said.contains("landfall store copy"), "{said}");

    let mut copy = Running::start(command(from, to));
    copy.reach(35);
    let (status, said) = copy.end(Signal::TERM);
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("the copy was stopped; run the same command again to continue"), "{said}");
    let after_kill = rows_before(&copy.first_line);
    assert!(0 < after_kill, "the copy started from the beginning");

    let finished = command(from, to).output().unwrap();
    let (report, said) = text(&finished);
    assert!(finished.status.success(), "{said}");
    assert!(after_kill < rows_before(said.lines().next().unwrap()), "{said}");
    assert_eq!(report.lines().filter(|line| line.ends_with("  equal")).count(), 7, "{report}");
    let members = report.lines().find(|line| line.contains("members")).unwrap();
    assert_eq!(members.replace(',', "").matches(&(3 * groups()).to_string()).count(), 2, "{report}");

    let again = command(from, to).output().unwrap();
    let (_, said) = text(&again);
    assert_eq!(again.status.code(), Some(1), "{said}");
    assert!(said.contains("already holds data"), "{said}");

    let (source, target) = (from.start().await, to.start().await);
    let compared = async { assert_eq!(answers(&target).await, answers(&source).await) };
    // A million groups are a thousand pages of each list.
    let pages = u32::try_from(groups() / 100_000).unwrap();
    tokio::time::timeout(WAIT_MAX * (1 + pages), compared).await.unwrap();
    source.stop().await;
    target.stop().await;
}
