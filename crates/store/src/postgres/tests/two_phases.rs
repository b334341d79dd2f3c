//! Transactions over several nodes, broken off between their two phases. The tests have a Citus cluster of their own, made
//! with the programs of the one that the tests run on, so that its nodes can be stopped as in a crash.

mod gate;

use super::*;
use crate::suite::{APP, account, context, group_id, member, owned_group, user};
use gate::{Gate, Point};
use landfall_test_database::{Cluster, Mode, Options, Programs, SERVER_URL_VARIABLE, execute};

/// As docs/scaling.md has it, with short waits.
const SETTINGS: [&str; 7] = [
    "shared_preload_libraries = 'citus'",
    "wal_level = logical",
    "max_prepared_transactions = 200",
    "max_worker_processes = 40",
    "citus.node_conninfo = 'sslmode=disable connect_timeout=2'",
    "citus.enable_statistics_collection = off",
    // The servers have it done.
    "citus.recover_2pc_interval = '1d'",
];

/// Whatever is kept of groups and accounts on one side only, and counts that are wrong.
const HALF: &str = "
    SELECT (SELECT count(*) FROM landfall.memberships) - (SELECT count(*) FROM landfall.members),
        (SELECT sum(member_count)::bigint FROM landfall.groups) - (SELECT count(*) FROM landfall.members),
        (SELECT count(*) FROM landfall.groups) - (SELECT sum(groups)::bigint FROM landfall.group_counts)";

/// Members of each group: enough that their accounts lie on every node.
const MEMBERS: usize = 40;

/// A coordinator, and two workers that are known by their gates.
struct Nodes {
    coordinator: Cluster,
    workers: Vec<(Cluster, Gate)>,
}

/// Who is stopped.
#[derive(Clone, Copy, Debug)]
enum Victim {
    /// That by which the transaction entered.
    Coordinator,
    /// One that is in the middle of it.
    Worker,
}

impl Nodes {
    async fn start() -> Self {
        let server = std::env::var_os(SERVER_URL_VARIABLE).and_then(|url| url.into_string().ok()).unwrap();
        let programs = Some(Programs::of_server(&server).unwrap());
        let settings: Vec<String> = SETTINGS.map(str::to_owned).into();
        let create = || {
            let options =
                Options { programs: programs.clone(), settings: settings.clone(), ..Options::default() };
            let cluster = Cluster::create(&options).unwrap();
            execute(&cluster.url("postgres"), "CREATE EXTENSION citus").unwrap();
            cluster
        };
        let coordinator = create();
        let mut workers = Vec::new();
        for _ in 0..2 {
            let worker = create();
            let gate = Gate::before(worker.port()).await;
            workers.push((worker, gate));
        }
        let mut join = format!("SELECT citus_set_coordinator_host('127.0.0.1', {});", coordinator.port());
        for (_, gate) in &workers {
            join.push_str(&format!("SELECT citus_add_node('127.0.0.1', {});", gate.port));
        }
        execute(&coordinator.url("postgres"), &join).unwrap();
        let nodes = Self { coordinator, workers };
        distribute(&Settings::parse(&nodes.url()).unwrap(), SHARDS).await.unwrap();
        nodes
    }

    /// The address of the store.
    fn url(&self) -> String {
        self.coordinator.url("postgres")
    }

    /// Names of groups on the first worker, of which there are enough.
    async fn groups(&self) -> Vec<String> {
        let names: Vec<String> = (0..200).map(|number| format!("g{number}")).collect();
        let client = admin(&self.url()).await;
        let rows =
            client.query(statements::NODES_OF_KEYS.sql(), &[&"landfall.groups", &names]).await.unwrap();
        let here = format!("127.0.0.1:{}", self.workers[0].1.port);
        rows.iter().filter(|row| row.get::<_, &str>(1) == here).map(|row| row.get(0)).collect()
    }

    fn stop_and_start(&mut self, victim: Victim) {
        let victim = match victim {
            Victim::Coordinator => &mut self.coordinator,
            Victim::Worker => &mut self.workers[1].0,
        };
        victim.restart(Mode::Immediate).unwrap();
    }

    /// How many transactions are between their two phases, on all nodes.
    async fn unfinished(&self) -> i64 {
        let mut all = 0;
        for cluster in self.workers.iter().map(|(worker, _)| worker).chain([&self.coordinator]) {
            let client = admin(&cluster.url("postgres")).await;
            all += number(&client, "SELECT count(*) FROM pg_prepared_xacts").await;
        }
        all
    }

    async fn check_nothing_is_half(&self) {
        let client = admin(&self.url()).await;
        let row = client.query_one(HALF, &[]).await.unwrap();
        let odd: Vec<Option<i64>> = (0..3).map(|column| row.get(column)).collect();
        assert!(odd.iter().all(|odd| odd.unwrap_or_default() == 0), "{odd:?}");
    }
}

/// Imports a group with members, and stops a node when the transaction is at `point`.
async fn broken_off(
    nodes: &mut Nodes,
    store: &Arc<Postgres>,
    name: &str,
    point: Point,
    victim: Victim,
    known: bool,
) {
    let what = format!("{name}: {victim:?} at {point:?}, accounts known: {known}");
    let mut new = owned_group(name, "ann");
    new.members = (0..MEMBERS).map(|number| member(&format!("{name}-{number}"))).collect();
    if known {
        // Then it reads of them where it writes nothing but their memberships.
        let accounts =
            new.members.iter().map(|member| account(member.account.as_str(), None, None)).collect();
        store.import_accounts(context(), accounts).await.unwrap();
    }
    nodes.workers[1].1.hold(point);
    let mut importing = {
        let store = Arc::clone(store);
        tokio::spawn(async move { store.import_group(context(), new).await })
    };
    tokio::select! {
        () = in_time(nodes.workers[1].1.reached()) => {}
        answer = &mut importing => panic!("{what}: it came to an end: {answer:?}"),
    }
    assert!(0 < nodes.unfinished().await, "{what}: nothing is between two phases");
    nodes.stop_and_start(victim);
    nodes.workers[1].1.open();
    let answer = importing.await.unwrap();
    let is_there = async || store.groups(APP, vec![group_id(name)]).await.map(|found| found[0].is_some());
    if answer.is_ok() {
        assert!(is_there().await.unwrap(), "{what}: acknowledged and not there");
    }
    // The server has it finished.
    in_time(async {
        while nodes.unfinished().await != 0 {
            tokio::task::yield_now().await
        }
    })
    .await;
    let kept = in_time(async {
        loop {
            if let Ok(is_there) = is_there().await {
                break is_there;
            }
        }
    })
    .await;
    match point {
        // Nobody had decided that it happens.
        Point::Prepared if matches!(victim, Victim::Coordinator) => assert!(!kept, "{what}"),
        // It may have been tried again.
        Point::Prepared => assert!(kept || answer.is_err(), "{what}: {answer:?}"),
        Point::Committing => assert!(kept, "{what}"),
    }
    nodes.check_nothing_is_half().await;
    // What was not kept can be brought in again.
    in_time(async {
        let again = owned_group(name, "ann");
        while let Err(OperationError::Store(_)) = store.import_group(context(), again.clone()).await {}
    })
    .await;
    let joined = store.accounts(APP, vec![user("ann")]).await.unwrap();
    assert!(joined[0].is_some(), "{what}");
    nodes.check_nothing_is_half().await;
}

/// Where a transaction is broken off, by whom, and whether its accounts were there.
fn cases() -> impl Iterator<Item = (Point, Victim, bool)> {
    let points = [Point::Prepared, Point::Committing];
    let victims = [Victim::Coordinator, Victim::Worker];
    let all = points.into_iter().flat_map(move |point| victims.map(|victim| (point, victim)));
    all.flat_map(|(point, victim)| [false, true].map(|known| (point, victim, known)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_goes_away_between_the_two_phases_leaves_nothing_half() {
    if !on_citus() {
        println!("not on Citus, where transactions have two phases");
        return;
    }
    let mut nodes = Nodes::start().await;
    let mut names = nodes.groups().await.into_iter();
    let store = Arc::new(open(&nodes.url()).await);
    for (point, victim, known) in cases() {
        in_time(async {
            while store.health() != Health::Ready {
                tokio::task::yield_now().await
            }
        })
        .await;
        let name = names.next().unwrap();
        broken_off(&mut nodes, &store, &name, point, victim, known).await;
    }
}
