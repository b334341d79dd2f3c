//! A client as `docs/gateway.md` describes it: it sends, receives, and comes back after each loss of its connection.

use super::member::{Member, Place};
use crate::server::{APP, usersig_of};
use landfall::chat::{ChatError, ClientConnection};
use landfall::client;
use landfall_domain::ids::UserId;
use landfall_domain::time::{Clock as _, SystemClock};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// Messages that are sent before the first is answered.
const OPEN_MAX: usize = 4;
/// Pause before it connects again.
const PAUSE: Duration = Duration::from_millis(20);

/// Sends as many messages as `allowed` says, and receives; until it is struck down.
pub(crate) async fn live(member: Arc<Member>, url: String, mut allowed: watch::Receiver<u64>) {
    loop {
        if let Ok(mut client) = Client::connect(&member, &url).await {
            let lost = client.talk(&mut allowed).await;
            assert!(matches!(lost, Err(ChatError::Lost(_))), "{}: {lost:?}", member.account);
        }
        // Ends early when there is something to say.
        drop(timeout(PAUSE, allowed.changed()).await);
    }
}

/// Reads every conversation of a device that has nothing.
pub(crate) async fn read_all(member: &Member, url: &str) {
    let mut client = Client::connect(member, url).await.unwrap();
    while client.caught_up.len() < member.places.len() {
        client.receive().await.unwrap();
    }
}

/// One connection.
struct Client<'a> {
    member: &'a Member,
    connection: ClientConnection,
    /// The last number of each conversation that came over this connection, or after which it asked.
    last: BTreeMap<Place, u32>,
    /// Messages that were first sent over this connection.
    own: BTreeSet<u64>,
    caught_up: BTreeSet<Place>,
}

impl<'a> Client<'a> {
    /// Connects, and catches up from the kept positions on.
    async fn connect(member: &'a Member, url: &str) -> Result<Self, ChatError> {
        let account = &member.account;
        let usersig = usersig_of(account, SystemClock.now());
        let query = client::query(APP, &UserId::parse(account).unwrap(), &usersig);
        let mut connection = ClientConnection::connect(url, &format!("{query}&hold=1")).await?;
        let ready: Value = serde_json::from_str(&connection.next().await?).unwrap();
        assert_eq!(ready["Event"], "ready", "{ready}");
        let (last, own, caught_up) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        let mut client = Self { member, connection, last, own, caught_up };
        for place in &member.places {
            client.catch_up(place).await?;
        }
        client.connection.send(&json!({ "Command": "go" })).await?;
        Ok(client)
    }

    async fn catch_up(&mut self, place: &Place) -> Result<(), ChatError> {
        let from = self.member.keep(|kept| *kept.positions.entry(place.clone()).or_default());
        self.last.insert(place.clone(), from);
        self.connection.send(&place.request("catch_up", from)).await
    }

    /// Sends again what was not answered, then what is allowed; receives meanwhile.
    async fn talk(&mut self, allowed: &mut watch::Receiver<u64>) -> Result<(), ChatError> {
        let unanswered = self.member.keep(|kept| kept.unanswered.clone());
        for (place, number) in unanswered {
            self.send(&place, number).await?;
        }
        loop {
            let most = *allowed.borrow_and_update();
            while let Some((place, number)) = self.begin(most) {
                self.own.insert(number);
                self.send(&place, number).await?;
            }
            tokio::select! {
                received = self.receive() => received?,
                changed = allowed.changed() => changed.unwrap(),
            }
        }
    }

    /// Begins a message to some conversation, if it may.
    fn begin(&self, allowed: u64) -> Option<(Place, u64)> {
        self.member.keep(|kept| {
            if allowed <= kept.begun || OPEN_MAX <= kept.unanswered.len() {
                return None;
            }
            kept.begun += 1;
            let place = self.member.places[fastrand::usize(..self.member.places.len())].clone();
            let number = self.member.first + kept.begun;
            kept.unanswered.push_back((place.clone(), number));
            Some((place, number))
        })
    }

    async fn send(&mut self, place: &Place, number: u64) -> Result<(), ChatError> {
        let request = place.message(number, &self.member.text(number));
        self.connection.send(&request).await
    }

    async fn receive(&mut self) -> Result<(), ChatError> {
        let frame: Value = serde_json::from_str(&self.connection.next().await?).unwrap();
        match frame["Event"].as_str().unwrap() {
            "answer" => self.answered(&frame),
            "message" => return self.message(&frame).await,
            "caught_up" => {
                let place = Place::of(&frame, &self.member.account);
                let seq = seq_of(&frame);
                self.member.keep(|kept| {
                    let position = kept.positions.get_mut(&place).unwrap();
                    assert!(*position <= seq, "{}: behind {position}: {frame}", self.member.account);
                    *position = seq;
                });
                self.caught_up.insert(place);
            }
            "missed" => {
                for place in self.member.places.clone() {
                    self.catch_up(&place).await?;
                }
            }
            // The acknowledgements are on their way.
            "waiting" => {}
            _ => panic!("{}: {frame}", self.member.account),
        }
        Ok(())
    }

    fn answered(&self, answer: &Value) {
        assert_eq!(answer["ErrorCode"], 0, "{}: {answer}", self.member.account);
        let Some(number) = answer["RequestId"].as_u64() else { return };
        self.member.keep(|kept| {
            let (place, first) = kept.unanswered.pop_front().unwrap();
            assert_eq!(first, number, "{}: answered out of order: {answer}", self.member.account);
            if !matches!(place, Place::Account(_)) {
                let text = self.member.text(number);
                let before = kept.got.entry(place.clone()).or_default().insert(seq_of(answer), text.clone());
                assert!(before.as_ref().is_none_or(|before| *before == text), "{before:?} is {answer}");
            }
            kept.confirmed.push((place, number));
        });
    }

    async fn message(&mut self, frame: &Value) -> Result<(), ChatError> {
        let account = &self.member.account;
        let (place, seq) = (Place::of(frame, account), seq_of(frame));
        let last = self.last.insert(place.clone(), seq).unwrap();
        assert!(last < seq, "{account}: came after {last}: {frame}");
        let text = frame["MsgBody"][0]["MsgContent"]["Text"].as_str().unwrap();
        let (sender, number) = text.split_once(' ').unwrap();
        assert_eq!(frame["From_Account"], sender, "{account}: {frame}");
        let is_own = sender == account && self.own.contains(&number.parse().unwrap());
        assert!(!is_own, "{account}: its own message comes back: {frame}");
        self.member.keep(|kept| {
            let before = kept.got.entry(place.clone()).or_default().insert(seq, text.to_owned());
            assert!(before.as_ref().is_none_or(|before| before == text), "{account}: {before:?} is {frame}");
            kept.positions.insert(place.clone(), seq);
        });
        self.connection.send(&place.request("ack", seq)).await
    }
}

fn seq_of(frame: &Value) -> u32 {
    frame["MsgSeq"].as_u64().unwrap().try_into().unwrap()
}
