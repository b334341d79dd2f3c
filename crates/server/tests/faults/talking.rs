//! Members who talk in groups, in a topic and with each other, while the server, the connections and the clients are struck
//! down at random.
//!
//! A message that was confirmed to its client is in the history once, in the order of its sender; every client has the same history.

mod client;
mod member;

use crate::moving::proxy::{Break, Proxy};
use crate::server::{Home, Server, WAIT_MAX, amount};
use landfall_test_database::fresh_database;
use member::{History, Member, Place};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Rounds of the normal test run; LANDFALL_TALKING_ROUNDS sets another number. In each round everything is struck once.
const ROUNDS: usize = 2;
/// Messages of each member in a round.
const MESSAGES: u64 = 60;
/// Those who talk; two and two with each other.
const ACCOUNTS: [&str; 6] = ["m0", "m1", "m2", "m3", "m4", "m5"];
/// No bound on the messages of a group.
const RELAXED: &str = "limits.calls_per_second = 0\nlimits.mode = \"relaxed\"\n";
/// Bytes of clients after which a connection breaks, at most.
const BREAK_WITHIN: u64 = 4_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_confirmed_to_a_client_is_there_once_and_in_order_for_everybody() {
    talk(&Home::embedded_with(RELAXED)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_confirmed_to_a_client_is_there_once_and_in_order_for_everybody_over_a_database() {
    let database = fresh_database("empty", |_| {});
    talk(&Home::over_with(database.url(), RELAXED)).await;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Server,
    Network,
    Client,
}

async fn talk(home: &Home) {
    let rounds = amount("LANDFALL_TALKING_ROUNDS", ROUNDS);
    let server = home.start().await;
    prepare(&server).await;
    let mut talk = Talk::start(server).await;
    for round in 1..=rounds {
        let confirmed = talk.confirmed();
        talk.allowed.send_modify(|allowed| *allowed += MESSAGES);
        let mut victims = [Victim::Server, Victim::Network, Victim::Client];
        fastrand::shuffle(&mut victims);
        let mut points =
            victims.map(|_| fastrand::usize(..ACCOUNTS.len() * usize::try_from(MESSAGES).unwrap()));
        points.sort_unstable();
        for (victim, point) in victims.into_iter().zip(points) {
            talk.until(|talk| confirmed + point <= talk.confirmed()).await;
            talk.strike(home, victim).await;
        }
        let all = round * ACCOUNTS.len() * usize::try_from(MESSAGES).unwrap();
        talk.until(|talk| talk.confirmed() == all).await;
        talk.check().await;
        println!("FIGURE talking: {round} rounds, {} strikes, {all} messages", 3 * round);
    }
    let Talk { clients, server, .. } = talk;
    clients.iter().for_each(JoinHandle::abort);
    server.stop().await;
}

/// Two groups and a community with a topic, of all accounts.
async fn prepare(server: &Server) {
    let calls = &mut server.client().await;
    let members: Vec<Value> = ACCOUNTS.iter().map(|name| json!({ "Member_Account": name })).collect();
    for (kind, id) in [("Public", "g"), ("ChatRoom", "r"), ("Community", "@TGS#_c")] {
        let topics = u8::from(kind == "Community");
        let group = json!({ "Type": kind, "GroupId": id, "Name": "n", "SupportTopic": topics });
        calls.call("group_open_http_svc/import_group", &group).await.unwrap();
        let import = json!({ "GroupId": id, "MemberList": members });
        calls.call("group_open_http_svc/import_group_member", &import).await.unwrap();
    }
    let topic = json!({ "GroupId": "@TGS#_c", "TopicId": "@TGS#_c@TOPIC#_t", "TopicName": "t" });
    calls.call("group_open_http_svc/import_topic", &topic).await.unwrap();
}

/// The conversations of an account.
fn places(index: usize) -> Vec<Place> {
    let topic = Place::Topic("@TGS#_c".to_owned(), "@TGS#_c@TOPIC#_t".to_owned());
    let groups = ["g", "r"].map(|id| Place::Group(id.to_owned()));
    groups.into_iter().chain([topic, Place::Account(ACCOUNTS[index ^ 1].to_owned())]).collect()
}

struct Talk {
    server: Server,
    proxy: Proxy,
    members: Vec<Arc<Member>>,
    clients: Vec<JoinHandle<()>>,
    /// Messages that each member may have begun.
    allowed: watch::Sender<u64>,
    changes: watch::Sender<()>,
}

impl Talk {
    async fn start(server: Server) -> Self {
        let proxy = Proxy::to(server.address()).await;
        let (allowed, changes) = (watch::Sender::new(0), watch::Sender::new(()));
        let member = |(index, (name, first)): (usize, (&&str, u64))| {
            Arc::new(Member::new(name, first, places(index), changes.clone()))
        };
        let members = ACCOUNTS.iter().zip((0..).step_by(1_000_000)).enumerate().map(member).collect();
        let mut talk = Self { server, proxy, members, clients: Vec::new(), allowed, changes };
        talk.clients = talk.members.iter().map(|member| talk.client(member)).collect();
        talk
    }

    fn client(&self, member: &Arc<Member>) -> JoinHandle<()> {
        tokio::spawn(client::live(Arc::clone(member), self.proxy.url.clone(), self.allowed.subscribe()))
    }

    /// Messages that were confirmed to their clients.
    fn confirmed(&self) -> usize {
        self.members.iter().map(|member| member.kept.lock().unwrap().confirmed.len()).sum()
    }

    /// Waits until this is so.
    async fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        let mut changes = self.changes.subscribe();
        let wait = async {
            while !is_so(self) {
                changes.changed().await.unwrap();
            }
        };
        if timeout(WAIT_MAX, wait).await.is_err() {
            for client in self.clients.extract_if(.., |client| client.is_finished()) {
                client.await.unwrap();
            }
            panic!(
                "nothing goes on: {:#?}",
                self.members.iter().map(|member| member.state()).collect::<Vec<_>>()
            );
        }
    }

    async fn strike(&mut self, home: &Home, victim: Victim) {
        match victim {
            Victim::Server => {
                self.server.signal(rustix::process::Signal::KILL);
                self.server.closed().await;
                self.server = home.start().await;
                self.proxy.lead_to(self.server.address());
            }
            Victim::Network => {
                let how = [Break::Call, Break::Answer, Break::HalfAnswer, Break::Everything];
                let at = self.proxy.bytes() + fastrand::u64(1..BREAK_WITHIN);
                self.proxy.break_at(at, how[fastrand::usize(..how.len())]);
            }
            Victim::Client => {
                let index = fastrand::usize(..self.members.len());
                let struck = &mut self.clients[index];
                struck.abort();
                assert!(struck.await.unwrap_err().is_cancelled());
                self.clients[index] = self.client(&self.members[index]);
            }
        }
    }

    /// Compares what all devices have, and what was confirmed to them.
    async fn check(&mut self) {
        let mut truth = BTreeMap::<(String, Place), History>::new();
        for member in &self.members {
            let fresh = member.fresh();
            timeout(WAIT_MAX, client::read_all(&fresh, &self.server.url())).await.unwrap();
            let got = fresh.kept.into_inner().unwrap().got;
            truth.extend(got.into_iter().map(|(place, history)| ((member.account.clone(), place), history)));
        }
        let of = |account: &str, place: &Place| &truth[&(account.to_owned(), place.clone())];
        for member in &self.members {
            for place in &member.places {
                let other = match place {
                    Place::Account(peer) => of(peer, &Place::Account(member.account.clone())),
                    Place::Group(_) | Place::Topic(..) => of(ACCOUNTS[0], place),
                };
                assert_eq!(of(&member.account, place), other, "{} reads another {place:?}", member.account);
                assert!(
                    other.keys().copied().eq(1..=u32::try_from(other.len()).unwrap()),
                    "{place:?} has gaps"
                );
            }
            is_as_confirmed(member, |place| of(&member.account, place));
        }
        // What a client sent to an account has no number for it.
        let is_there = |member: &Member| {
            let kept = member.kept.lock().unwrap();
            member.places.iter().all(|place| {
                let is_numbered = |text: &str| {
                    !matches!(place, Place::Account(_)) || !text.starts_with(&format!("{} ", member.account))
                };
                let got = kept.got.get(place);
                let mut all = of(&member.account, place).iter().filter(|(_, text)| is_numbered(text));
                all.all(|(seq, text)| got.is_some_and(|got| got.get(seq) == Some(text)))
            })
        };
        self.until(|talk| talk.members.iter().all(|member| is_there(member))).await;
        for member in &self.members {
            for (place, got) in &member.kept.lock().unwrap().got {
                let all = of(&member.account, place);
                let odd: Vec<_> = got.iter().filter(|(seq, text)| all.get(seq) != Some(text)).collect();
                assert!(odd.is_empty(), "{} has in {place:?} what nobody else has: {odd:?}", member.account);
            }
        }
    }
}

/// The messages of a member are in each history as confirmed, once and in its order, and no other is.
fn is_as_confirmed<'a>(member: &Member, history: impl Fn(&Place) -> &'a History) {
    let kept = member.kept.lock().unwrap();
    let numbers: BTreeSet<u64> = kept.confirmed.iter().map(|(_, number)| *number).collect();
    assert_eq!(numbers.len(), kept.confirmed.len(), "a message of {} was confirmed twice", member.account);
    for place in &member.places {
        let confirmed: Vec<String> = kept
            .confirmed
            .iter()
            .filter(|(at, _)| at == place)
            .map(|(_, number)| member.text(*number))
            .collect();
        let own = format!("{} ", member.account);
        let sent: Vec<&String> = history(place).values().filter(|text| text.starts_with(&own)).collect();
        assert!(
            confirmed.iter().eq(sent.iter().copied()),
            "{} in {place:?}: confirmed {confirmed:?}, sent {sent:?}",
            member.account
        );
    }
}
