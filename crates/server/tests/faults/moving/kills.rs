//! Struck down at random points, which are numbers of calls: the tool, the server, the connection. Each import is then
//! brought to its end, and the server has everything once and in order.

use super::held;
use super::looker::Looker;
use super::neutral::{self, Made};
use super::proxy::{Break, Proxy};
use super::tool::{self, Tool, against};
use crate::server::{Home, Server, amount};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use tokio::sync::watch;

/// Imports that are struck in the normal test run; LANDFALL_MOVING_ROUNDS sets another number.
const ROUNDS: usize = 3;
/// Points of an import, at most.
const POINTS_MAX: usize = 3;
const GROUPS: usize = 12;
const MESSAGES: usize = 47;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Tool,
    Server,
    Connection,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_whose_tool_is_killed_is_brought_to_its_end_by_the_next() {
    strike(Victim::Tool).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_survives_that_the_server_is_killed() {
    strike(Victim::Server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_survives_that_its_connections_break() {
    strike(Victim::Connection).await;
}

/// A server that may be replaced, and the wire to it.
struct Place {
    home: Home,
    server: Server,
    address: watch::Sender<SocketAddr>,
    proxy: Proxy,
}

impl Place {
    async fn new() -> Self {
        let home = Home::new();
        let server = home.start().await;
        let proxy = Proxy::to(server.address()).await;
        let address = watch::Sender::new(server.address());
        Self { home, server, address, proxy }
    }

    fn import(&self, file: &Path) -> Tool {
        let arguments = against(&self.home, &self.proxy.url, &[&"import", &file, &"--json"]);
        Tool::start(&arguments, &[])
    }

    /// Kills the server and starts it again; the tool finds it at the same address.
    async fn kill_server(self) -> Self {
        let Self { home, server, address, proxy } = self;
        server.kill().await;
        let server = home.start().await;
        proxy.lead_to(server.address());
        address.send_replace(server.address());
        Self { home, server, address, proxy }
    }
}

/// Strikes at random points of imports, one after the other into the same server.
async fn strike(victim: Victim) {
    let mut place = Place::new().await;
    let file = place.home.file("whole.jsonl");
    neutral::write(&file, "whole", GROUPS, MESSAGES);
    place.import(&file).ended().await.with(0);
    let calls = place.proxy.calls();
    for round in 0..amount("LANDFALL_MOVING_ROUNDS", ROUNDS) {
        let seed = fastrand::u64(..);
        let mut random = fastrand::Rng::with_seed(seed);
        // A server that has never answered is not waited for.
        let first = 1 + u64::from(victim == Victim::Server);
        let points = (0..random.usize(1..=POINTS_MAX)).map(|_| random.u64(first..calls)).collect();
        let told = format!("{victim:?}, round {round}, seed {seed}, calls {points:?}");
        place = strike_one(place, victim, &format!("r{round}"), points, random, &told).await;
    }
    place.server.stop().await;
}

async fn strike_one(
    mut place: Place,
    victim: Victim,
    name: &str,
    points: BTreeSet<u64>,
    mut random: fastrand::Rng,
    told: &str,
) -> Place {
    let file = place.home.file(&format!("{name}.jsonl"));
    let made = neutral::write(&file, name, GROUPS, MESSAGES);
    let before = place.proxy.calls();
    let looker = Looker::start(place.address.subscribe(), &made);
    if victim == Victim::Connection {
        for point in &points {
            let how = [Break::Call, Break::Answer, Break::HalfAnswer, Break::Everything];
            place.proxy.break_at(before + point, how[random.usize(..how.len())]);
        }
    }
    let (mut tool, mut struck) = (place.import(&file), 0);
    let ended = loop {
        let point = points.iter().nth(struck).filter(|_| victim != Victim::Connection);
        let reached = async {
            match point {
                Some(point) => place.proxy.reached(before + point).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = reached => struck += 1,
            ended = tool.ended() => break ended,
        }
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
    assert!(struck != 0 || victim == Victim::Connection && place.proxy.breaks_left() == 0, "{told}");
    looker.end(told).await;
    holds_all(&place, &file, &made, told).await;
    place
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
    let again = place.import(file).ended().await;
    assert_eq!(again.code, Some(0), "{told}: {}\n{}", again.out, again.err);
    assert_eq!(again.unchanged(), made.records, "{told}: {}", again.out);
}
