//! Struck down at random points, which are numbers of bytes and groups: the tool, the server, the connection. Each import is then
//! brought to its end, and the server has everything once and in order.

use super::held;
use super::looker::Looker;
use super::neutral::{self, Made};
use super::proxy::{Break, Proxy};
use super::tool::{self, Tool, against};
use crate::server::{Home, Server, amount};
use landfall_test_database::fresh_database;
use serde_json::json;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use tokio::sync::watch;

/// Imports that are struck in the normal test run; LANDFALL_MOVING_ROUNDS sets another number.
const ROUNDS: usize = 2;
/// Points of an import, at most.
const POINTS_MAX: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Tool,
    Server,
    Connection,
}

/// How a file comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Call by call: a server over PostgreSQL has no folder for jobs.
    Calls,
    Job,
}

impl Way {
    /// Groups, and messages of each.
    fn size(self) -> (usize, usize) {
        match self {
            Self::Calls => (12, 47),
            Self::Job => (150, 12),
        }
    }
}

/// When something is struck down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Point {
    /// When the tool has sent so many bytes.
    Bytes(u64),
    /// When the server has so many groups of the file.
    Groups(u64),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_whose_tool_is_killed_is_brought_to_its_end_by_the_next() {
    strike(Way::Calls, Victim::Tool).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_survives_that_the_server_is_killed() {
    strike(Way::Calls, Victim::Server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_survives_that_its_connections_break() {
    strike(Way::Calls, Victim::Connection).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_tool_is_killed_is_brought_to_its_end_by_the_next() {
    strike(Way::Job, Victim::Tool).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_survives_that_the_server_is_killed() {
    strike(Way::Job, Victim::Server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_survives_that_its_connections_break() {
    strike(Way::Job, Victim::Connection).await;
}

/// A server that may be replaced, and the wire to it.
struct Place {
    way: Way,
    home: Home,
    server: Server,
    address: watch::Sender<SocketAddr>,
    proxy: Proxy,
}

impl Place {
    async fn new(way: Way, home: Home) -> Self {
        let server = home.start().await;
        let proxy = Proxy::to(server.address()).await;
        let address = watch::Sender::new(server.address());
        Self { way, home, server, address, proxy }
    }

    fn import(&self, file: &Path) -> Tool {
        let arguments = against(&self.home, &self.proxy.url, &[&"import", &file, &"--json"]);
        Tool::start(&arguments, &[])
    }

    /// Kills the server and starts it again; the tool finds it at the same address.
    async fn kill_server(self) -> Self {
        let Self { way, home, server, address, proxy } = self;
        server.kill().await;
        let server = home.start().await;
        proxy.lead_to(server.address());
        address.send_replace(server.address());
        Self { way, home, server, address, proxy }
    }
}

/// Strikes at random points of imports, one after the other into the same server.
async fn strike(way: Way, victim: Victim) {
    let database = (way == Way::Calls).then(|| fresh_database("empty", |_| {}));
    let home = database.as_ref().map_or_else(Home::new, |database| Home::over(database.url()));
    let mut place = Place::new(way, home).await;
    let file = place.home.file("whole.jsonl");
    let (groups, messages) = way.size();
    neutral::write(&file, "whole", groups, messages);
    place.import(&file).ended().await.with(0);
    let bytes = place.proxy.bytes();
    for round in 0..amount("LANDFALL_MOVING_ROUNDS", ROUNDS) {
        let seed = fastrand::u64(..);
        let mut random = fastrand::Rng::with_seed(seed);
        let mut points = BTreeSet::new();
        for _ in 0..random.usize(1..=POINTS_MAX) {
            points.insert(if way == Way::Job && victim != Victim::Connection && random.bool() {
                Point::Groups(random.u64(1..=groups as u64))
            } else {
                // A server that has never answered is not waited for.
                Point::Bytes(random.u64(bytes / 20..bytes / 10 * 9))
            });
        }
        let told = format!("{way:?}, {victim:?}, round {round}, seed {seed}, {points:?} of {bytes} bytes");
        place = strike_one(place, victim, &format!("r{round}"), &points, random, &told).await;
    }
    place.server.stop().await;
}

async fn strike_one(
    mut place: Place,
    victim: Victim,
    name: &str,
    points: &BTreeSet<Point>,
    mut random: fastrand::Rng,
    told: &str,
) -> Place {
    let file = place.home.file(&format!("{name}.jsonl"));
    let (groups, messages) = place.way.size();
    let made = neutral::write(&file, name, groups, messages);
    let before = Before { bytes: place.proxy.bytes(), groups: groups_of(&place.server).await };
    let looker = Looker::start(place.address.subscribe(), &made, place.way == Way::Job);
    let mut coming: Vec<_> = points.iter().rev().copied().collect();
    if victim == Victim::Connection {
        for point in coming.drain(..) {
            let how = [Break::Call, Break::Answer, Break::HalfAnswer, Break::Everything];
            let Point::Bytes(bytes) = point else { continue };
            place.proxy.break_at(before.bytes + bytes, how[random.usize(..how.len())]);
        }
    }
    let mut tool = place.import(&file);
    let ended = loop {
        tokio::select! {
            biased;
            () = before.reached(&place, coming.last()) => {}
            ended = tool.ended() => {
                // The server was killed before it answered the first call, and such a server is not waited for.
                if victim == Victim::Server && ended.err.contains("cannot be used") {
                    tool = place.import(&file);
                    continue;
                }
                break ended;
            }
        }
        coming.pop();
        if victim == Victim::Server {
            place = place.kill_server().await;
        }
        // Without the server it goes on by itself, or is started again.
        if victim == Victim::Tool || random.bool() {
            tool.kill().await;
            tool = place.import(&file);
        }
    };
    assert_eq!(ended.code, Some(0), "{told}: {}\n{}", ended.out, ended.err);
    // The number of groups may not be seen in time.
    let missed = coming.iter().any(|point| matches!(point, Point::Bytes(_)));
    assert!(!missed && place.proxy.breaks_left() == 0, "{told}: it ended before {coming:?}");
    looker.end(told).await;
    holds_all(&place, &file, &made, told).await;
    place
}

/// What there was before a file.
struct Before {
    bytes: u64,
    groups: u64,
}

impl Before {
    /// Waits for a point; does not end when there is none.
    async fn reached(&self, place: &Place, point: Option<&Point>) {
        match point {
            Some(Point::Bytes(bytes)) => place.proxy.reached(self.bytes + bytes).await,
            Some(Point::Groups(groups)) => while groups_of(&place.server).await < self.groups + groups {},
            None => std::future::pending().await,
        }
    }
}

async fn groups_of(server: &Server) -> u64 {
    let list = json!({ "Limit": 1 });
    let found = server.client().await.call("group_open_http_svc/get_appid_group_list", &list).await;
    found.unwrap()["TotalCount"].as_u64().unwrap()
}

/// The server has everything once and in order, and another import has nothing to do.
async fn holds_all(place: &Place, file: &Path, made: &Made, told: &str) {
    let url = place.server.url();
    let verified = tool::run(&against(&place.home, &url, &[&"verify", &file])).await;
    assert_eq!(verified.code, Some(0), "{told}: {}\n{}", verified.out, verified.err);
    let mut client = place.server.client().await;
    for talk in &made.talks {
        let said = held::history(&mut client, &talk.group, talk.topic.as_deref()).await;
        let texts: Vec<_> = said.into_iter().map(|said| said.text).collect();
        assert_eq!(texts, talk.texts, "{told}");
        let unread = held::unread(&mut client, &talk.group).await;
        assert_eq!(unread.len(), neutral::MEMBERS, "{told}");
        for (account, count) in &talk.unread {
            assert_eq!(unread.get(account), Some(count), "{told}: {account} in {}", talk.group);
        }
    }
    let groups = groups_of(&place.server).await;
    let again = place.import(file).ended().await;
    assert_eq!(again.code, Some(0), "{told}: {}\n{}", again.out, again.err);
    match place.way {
        Way::Calls => assert_eq!(again.unchanged(), made.records, "{told}: {}", again.out),
        Way::Job => assert_eq!(groups_of(&place.server).await, groups, "{told}"),
    }
}
