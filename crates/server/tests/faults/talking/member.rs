//! A member, and what its client keeps while it is away.

use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use tokio::sync::watch;

/// A conversation, as one account names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Group(String),
    /// The community, and the topic.
    Topic(String, String),
    /// The other account.
    Account(String),
}

impl Place {
    /// That of a frame which `own` gets.
    pub(crate) fn of(frame: &Value, own: &str) -> Self {
        let given = |field: &str| frame[field].as_str().map(str::to_owned);
        match (given("GroupId"), given("TopicId")) {
            (Some(group), Some(topic)) => Self::Topic(group, topic),
            (Some(group), None) => Self::Group(group),
            (None, _) => {
                let other = |field: &str| given(field).filter(|account| account != own);
                let peer = ["Peer_Account", "From_Account", "To_Account"].into_iter().find_map(other);
                Self::Account(peer.unwrap())
            }
        }
    }

    /// A request of this command with a number of this conversation.
    pub(crate) fn request(&self, command: &str, seq: u32) -> Value {
        let mut request = self.address();
        (request["Command"], request["MsgSeq"]) = (json!(command), json!(seq));
        request
    }

    /// The request that sends the message `number`, which says so.
    pub(crate) fn message(&self, number: u64, text: &str) -> Value {
        let mut request = self.address();
        request["RequestId"] = json!(number);
        request["MsgBody"] = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }]);
        if let Self::Account(peer) = self {
            (request["Command"], request["To_Account"]) = (json!("sendmsg"), json!(peer));
            (request["MsgSeq"], request["MsgRandom"]) = (json!(number), json!(number));
            request["SyncOtherMachine"] = json!(1);
        } else {
            (request["Command"], request["Random"]) = (json!("send_group_msg"), json!(number));
        }
        request
    }

    fn address(&self) -> Value {
        match self {
            Self::Group(group) => json!({ "GroupId": group }),
            Self::Topic(group, topic) => json!({ "GroupId": group, "TopicId": topic }),
            Self::Account(peer) => json!({ "Peer_Account": peer }),
        }
    }
}

/// The texts of a conversation, by number.
pub(crate) type History = BTreeMap<u32, String>;

/// What a client keeps, over its own end too.
#[derive(Default)]
pub(crate) struct Kept {
    /// The number of the last message of each conversation that came in order.
    pub(crate) positions: BTreeMap<Place, u32>,
    /// Messages that were sent, in order, and not answered so far.
    pub(crate) unanswered: VecDeque<(Place, u64)>,
    /// Messages begun; they are numbered in this order, from the first number of the account on.
    pub(crate) begun: u64,
    /// Messages that were confirmed to it, in the order in which they were.
    pub(crate) confirmed: Vec<(Place, u64)>,
    /// All that came.
    pub(crate) got: BTreeMap<Place, History>,
}

/// An account with one client.
pub(crate) struct Member {
    pub(crate) account: String,
    pub(crate) places: Vec<Place>,
    /// Two accounts never give messages the same number: in a conversation it would be the same message.
    pub(crate) first: u64,
    pub(crate) kept: Mutex<Kept>,
    /// Changes whenever `kept` does.
    pub(crate) changes: watch::Sender<()>,
}

impl Member {
    pub(crate) fn new(account: &str, first: u64, places: Vec<Place>, changes: watch::Sender<()>) -> Self {
        Self { account: account.to_owned(), first, places, kept: Mutex::default(), changes }
    }

    /// Another device of the account, which has nothing.
    pub(crate) fn fresh(&self) -> Self {
        Self::new(&self.account, self.first, self.places.clone(), watch::Sender::new(()))
    }

    /// What the message `number` says.
    pub(crate) fn text(&self, number: u64) -> String {
        format!("{} {number}", self.account)
    }

    /// How far it is: for a test that fails.
    pub(crate) fn state(&self) -> String {
        let kept = self.kept.lock().unwrap();
        let got: Vec<_> = kept.got.iter().map(|(place, got)| (place, got.len(), got.keys().last())).collect();
        let (begun, confirmed) = (kept.begun, kept.confirmed.len());
        let Kept { positions, unanswered, .. } = &*kept;
        format!(
            "{}: begun {begun}, confirmed {confirmed}, {unanswered:?}, {positions:?}, got {got:?}",
            self.account
        )
    }

    /// Changes what is kept.
    pub(crate) fn keep<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        let done = change(&mut self.kept.lock().unwrap());
        self.changes.send_replace(());
        done
    }
}
