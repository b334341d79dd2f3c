//! Profiles, friends, blocklists and one-to-one messages, brought into a server of another make through all troubles.

use super::stand_in::{StandIn, Troubles};
use super::{client, import};
use futures_util::future::join_all;
use landfall_migrate::import::{ImportOptions, run};
use serde_json::{Value, json};
use std::path::Path;

const START: u64 = 1_500_000_000;
const ACCOUNTS: u64 = 8;

/// Records of people; accounts that no record describes are among them.
struct People {
    lines: Vec<Value>,
}

fn name(number: u64) -> String {
    format!("u{number}")
}

impl People {
    /// The same for the same seed. Nobody is both a friend and on a blocklist: a server ends the friendship then.
    fn new(seed: u64) -> Self {
        let mut random = Troubles::new(seed, 0);
        let mut lines = Vec::new();
        for account in 0..ACCOUNTS - 3 {
            lines.push(json!({
                "t": "account", "UserID": name(account), "Nick": format!("Nick {account}"), "ProfileItem": [
                    { "Tag": "Tag_Profile_IM_Level", "Value": random.random(9) + 1 },
                    { "Tag": "Tag_Profile_IM_SelfSignature", "Value": format!("Line {account}") }
                ]
            }));
            for other in (0..ACCOUNTS).filter(|other| *other != account) {
                let (from, to) = (name(account), name(other));
                match (account + other) % 3 {
                    0 => lines.push(json!({
                        "t": "friend", "From_Account": from, "To_Account": to, "Remark": format!("R{other}"),
                        "AddTime": START + other
                    })),
                    1 => lines.push(json!({ "t": "block", "From_Account": from, "To_Account": to })),
                    _ => {}
                }
            }
        }
        for one in 0..ACCOUNTS {
            let other = random.random(ACCOUNTS);
            let mut ms = START * 1_000;
            for number in 0..random.random(12) {
                // Many are of the same second, and some of the same millisecond.
                ms += random.random(700);
                let (from, to) = if random.random(2) == 0 { (one, other) } else { (other, one) };
                lines.push(json!({
                    "t": "message", "src": "test", "key": format!("{one}:{number}"), "From_Account": name(from),
                    "To_Account": name(to), "ts_ms": ms,
                    "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": format!("{one}:{number}") } }]
                }));
            }
        }
        Self { lines }
    }

    fn write(&self, path: &Path) {
        let lines: Vec<_> = self.lines.iter().map(Value::to_string).collect();
        std::fs::write(path, lines.join("\n")).unwrap();
    }

    fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.lines.iter().filter(move |line| line["t"] == kind)
    }

    /// The server has everything, once, and nothing else.
    fn assert_is_in(&self, server: &StandIn) {
        let state = server.state();
        let text = |line: &Value, member: &str| line[member].as_str().unwrap().to_owned();
        let two = |line: &Value| (text(line, "From_Account"), text(line, "To_Account"));
        let mut profiles = 0;
        for account in self.of("account") {
            let id = text(account, "UserID");
            assert_eq!(state.accounts.get(&id), Some(&text(account, "Nick")));
            for item in account["ProfileItem"].as_array().unwrap() {
                profiles += 1;
                assert_eq!(state.people.profiles[&(id.clone(), text(item, "Tag"))], item["Value"]);
            }
        }
        assert_eq!(state.people.profiles.len(), profiles);
        assert_eq!(state.people.friends.len(), self.of("friend").count());
        for friend in self.of("friend") {
            let there = &state.people.friends[&two(friend)];
            assert_eq!((&there["Remark"], &there["AddTime"]), (&friend["Remark"], &friend["AddTime"]));
        }
        assert_eq!(state.people.blocks.len(), self.of("block").count());
        assert!(self.of("block").all(|block| state.people.blocks.contains_key(&two(block))));
        // By conversation and time, so in the order of the file.
        let said = |message: &Value| (two(message), message["MsgBody"].clone());
        let mut there: Vec<_> = state.people.talks.values().map(&said).collect();
        let mut wanted: Vec<_> = self.of("message").map(said).collect();
        let by_text = |left: &(_, Value), right: &(_, Value)| left.1.to_string().cmp(&right.1.to_string());
        there.sort_by(by_text);
        wanted.sort_by(by_text);
        assert_eq!(there, wanted);
    }
}

/// One round: an import through all troubles, and another one that has nothing to do.
async fn round(seed: u64) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("people.jsonl");
    let people = People::new(seed);
    people.write(&file);
    let server = StandIn::start(Troubles::new(seed, 60 + 20 * (seed % 5)), None).await;
    let options = ImportOptions::beside(&file);
    let report = import(&file, &server, &options).await;
    assert!(report.finished && report.faults.is_empty(), "seed {seed}: {report:?}");
    people.assert_is_in(&server);
    let writes = server.writes();
    let report = import(&file, &server, &options).await;
    assert_eq!(server.writes(), writes, "seed {seed}: {report:?}");
    assert!(report.records.values().all(|counts| counts.imported == 0), "seed {seed}: {report:?}");
    people.assert_is_in(&server);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_come_in_through_all_troubles_and_a_second_import_writes_nothing() {
    join_all((301..=312).map(round)).await;
}

/// Imports that are stopped dead when so many calls have come, until one gets through. `forget` removes the journal each time.
async fn stopped_again_and_again(seed: u64, forget: bool) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("people.jsonl");
    let people = People::new(seed);
    people.write(&file);
    let server = StandIn::start(Troubles::new(seed, 30), None).await;
    let mut random = Troubles::new(seed + 1, 0);
    let options = ImportOptions::beside(&file);
    for stop in 0..10 {
        let mut came = server.came.subscribe();
        let until = *came.borrow() + 1 + usize::try_from(random.random(9 + stop * 4)).unwrap();
        tokio::select! {
            _ = came.wait_for(|came| until <= *came) => {}
            report = run(&file, client(&server), &options, &()) => assert!(report.unwrap().finished),
        }
        if forget {
            std::fs::remove_file(&options.journal).ok();
        }
    }
    let report = import(&file, &server, &options).await;
    assert!(report.finished && report.faults.is_empty(), "seed {seed}: {report:?}");
    people.assert_is_in(&server);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_of_people_that_is_stopped_anywhere_doubles_nothing_even_without_its_journal() {
    join_all((401..=408).map(|seed| stopped_again_and_again(seed, seed % 2 == 0))).await;
}
