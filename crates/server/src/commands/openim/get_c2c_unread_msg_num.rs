//! `openim/get_c2c_unread_msg_num`: how many messages an account has not read, of everybody or of the accounts named.
//!
//! [choice] The sum counts the first 1,000 accounts of which something is unread. An account that does not exist is in
//! `ErrorList`; when the one that is asked about does not, the call fails with 90048.

use super::message::{internal, to_account};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Field, FieldError};
use crate::items::check_all;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use serde::{Deserialize, Serialize};

/// Accounts in one call. [doc]
const PEERS_MAX: usize = 10;
/// Accounts that a sum counts.
const COUNTED_MAX: usize = 1_000;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "To_Account")]
    to_account: Field<String>,
    #[serde(rename = "Peer_Account")]
    peer_account: Field<Vec<Field<String>>>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    #[serde(rename = "AllC2CUnreadMsgNum", skip_serializing_if = "Option::is_none")]
    all: Option<u64>,
    #[serde(rename = "C2CUnreadMsgNumList", skip_serializing_if = "Option::is_none")]
    list: Option<Vec<Row>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error_list: Vec<UnknownPeer>,
}

#[derive(Debug, Serialize)]
struct Row {
    #[serde(rename = "Peer_Account")]
    peer: String,
    #[serde(rename = "C2CUnreadMsgNum")]
    unread: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UnknownPeer {
    #[serde(rename = "Peer_Account")]
    peer: String,
    error_code: u32,
}

impl Command for Request {
    const PATH: &'static str = "openim/get_c2c_unread_msg_num";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = to_account(self.to_account)?;
        let peers = peers(self.peer_account)?;
        let own = Subject::Account(account.clone());
        let mut needs = PeopleNeeds { accounts: vec![account.clone()], ..PeopleNeeds::default() };
        match &peers {
            None => needs.ranges.push(FactRange {
                subject: own.clone(),
                family: FactFamily::Unread,
                after: None,
                limit: COUNTED_MAX,
            }),
            Some(peers) => {
                let known = || peers.iter().filter_map(|name| UserId::parse(name));
                needs.accounts.extend(known());
                needs.facts.extend(known().map(|peer| (own.clone(), FactKey::Unread(peer))));
            }
        }
        let found = call.people(needs).await.map_err(internal)?;
        if !found.accounts.contains_key(&account) {
            return Err(Code::SenderUnknown.because("To_Account is not imported"));
        }
        Ok(match peers {
            None => Reply { all: Some(sum(&found)), ..Reply::default() },
            Some(peers) => of_peers(&own, peers, &found),
        })
    }
}

fn peers(given: Field<Vec<Field<String>>>) -> Result<Option<Vec<String>>, Failure> {
    let illegal = |error: FieldError| error.failure(Code::ToAccountIllegal);
    let list = given.list("Peer_Account").map_err(illegal)?;
    if PEERS_MAX < list.len() {
        return Err(Code::ToAccountIllegal.because(format!(
            "Peer_Account names {} accounts; at most {PEERS_MAX} are allowed",
            list.len()
        )));
    }
    let names = check_all("Peer_Account", list, |name, place| name.required(place).map_err(illegal))?;
    Ok((!names.is_empty()).then_some(names))
}

fn sum(found: &PeopleSnapshot) -> u64 {
    let count = |fact: &Fact| if let Fact::Unread(unread) = fact { u64::from(unread.count) } else { 0 };
    found.facts.values().map(count).sum()
}

fn of_peers(own: &Subject, peers: Vec<String>, found: &PeopleSnapshot) -> Reply {
    let (mut list, mut error_list) = (Vec::new(), Vec::new());
    for peer in peers {
        let id = UserId::parse(&peer).filter(|id| found.accounts.contains_key(id));
        let Some(id) = id else {
            error_list.push(UnknownPeer { peer, error_code: Code::AccountUnknown.number() });
            continue;
        };
        let unread = match found.fact(own, &FactKey::Unread(id)) {
            Some(Fact::Unread(unread)) => unread.count,
            _ => 0,
        };
        list.push(Row { peer, unread });
    }
    Reply { all: None, list: Some(list), error_list }
}
