//! The bodies of calls about people. Accounts are `acc-` with a number, or `person-` with one.

use crate::bench::request::{Body, NUMBER_DIGITS};
use crate::bench::workload::CREATED;

/// Persons that calls use in turn, and accounts.
pub(in crate::bench) const PEOPLE: u64 = 10_000;
/// Profiles asked for in one call.
pub(in crate::bench) const PORTRAITS: u64 = 100;
/// Friends imported in one call.
pub(in crate::bench) const FRIENDS: u64 = 100;
/// Friends of an account with few.
pub(in crate::bench) const FRIENDS_FEW: u64 = FEW;
/// Items of a call in which their number does not matter.
pub(super) const FEW: u64 = 10;
/// Conversations that have few messages, and accounts with few friends.
pub(in crate::bench) const SHORT_PAIRS: u64 = 2_000;
/// The messages of each.
pub(in crate::bench) const SHORT_MESSAGES: u64 = 10;
/// Conversations that have many messages, and accounts with many friends.
pub(in crate::bench) const LONG_PAIRS: u64 = 20;
/// Accounts that everybody writes to.
const PEERS: u64 = 20;

/// The accounts of a call's conversation, by their numbers: everybody writes to twenty others in turn.
pub(super) fn anybody(number: u64) -> (u64, u64) {
    let sender = number % PEOPLE;
    (sender, (sender + 1 + number / PEOPLE % PEERS) % PEOPLE)
}

/// One of the short conversations.
pub(super) fn short(number: u64) -> (u64, u64) {
    let pair = number % SHORT_PAIRS;
    (pair, pair + SHORT_PAIRS)
}

/// The same, with as many in use at a time as there are long ones, and for so long that each gets its number of messages
/// again: a call in a short conversation meets others as often as one in a long conversation does.
pub(super) fn short_in_use(number: u64) -> (u64, u64) {
    let turn = number / (LONG_PAIRS * SHORT_MESSAGES);
    short(turn * LONG_PAIRS + number % LONG_PAIRS)
}

/// One of the long ones.
pub(super) fn long(number: u64) -> (u64, u64) {
    let pair = PEOPLE - 2 * LONG_PAIRS + number % LONG_PAIRS;
    (pair, pair + LONG_PAIRS)
}

type Pair = fn(u64) -> (u64, u64);

fn accounts(body: &mut Body, names: [&str; 2], pair: Pair) {
    let [first, second] = names;
    body.text(&format!(r#"{{"{first}":"acc-"#)).decimal(7, move |number| pair(number).0);
    body.text(&format!(r#"","{second}":"acc-"#)).decimal(7, move |number| pair(number).1);
    body.text(r#"""#);
}

pub(super) fn import(body: &mut Body) {
    body.text(r#"{"UserID":"person-"#).decimal(7, |number| number);
    body.text(r#"","Nick":"Person "#).decimal(NUMBER_DIGITS, |number| number);
    body.text(r#"","FaceUrl":"https://img.example.org/face.png"}"#);
}

/// Of ten accounts that follow each other.
pub(super) fn portraits_of(body: &mut Body, account: fn(u64) -> u64) {
    portraits(body, "acc", FEW, move |number, item| account(number + item));
}

pub(super) fn portraits(
    body: &mut Body,
    prefix: &str,
    count: u64,
    account: impl Fn(u64, u64) -> u64 + Copy + 'static,
) {
    body.text(r#"{"To_Account":["#);
    for item in 0..count {
        body.text(if item == 0 { "\"" } else { ",\"" }).text(prefix).text("-");
        body.decimal(7, move |number| account(number, item)).text(r#"""#);
    }
    body.text(r#"],"TagList":["Tag_Profile_IM_Nick","Tag_Profile_IM_Image","Tag_Profile_IM_Gender"]}"#);
}

const SAID: &str =
    r#","MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"See you on Friday, as always"}}]}"#;

pub(super) fn send(body: &mut Body, pair: Pair) {
    accounts(body, ["From_Account", "To_Account"], pair);
    body.text(r#","MsgRandom":"#).decimal(NUMBER_DIGITS, |number| 1_000_000_000 + number).text(SAID);
}

/// `second` is when it was sent, counted from the first message.
pub(super) fn import_message(body: &mut Body, pair: Pair, second: fn(u64) -> u64) {
    accounts(body, ["From_Account", "To_Account"], pair);
    body.text(r#","SyncFromOldSystem":2,"MsgRandom":"#);
    body.decimal(NUMBER_DIGITS, |number| 1_000_000_000 + number).text(r#","MsgTimeStamp":"#);
    body.decimal(NUMBER_DIGITS, move |number| CREATED + 1 + second(number)).text(SAID);
}

/// The list of conversations of one of the first `accounts`.
pub(super) fn conversations(body: &mut Body, accounts: u64) {
    body.text(r#"{"From_Account":"acc-"#).decimal(7, move |number| number % accounts);
    body.text(r#"","TimeStamp":0,"StartIndex":0,"TopTimeStamp":0,"TopStartIndex":0,"AssistFlags":7}"#);
}

pub(super) fn read(body: &mut Body, pair: Pair) {
    accounts(body, ["Operator_Account", "Peer_Account"], pair);
    body.text(&format!(r#","MaxCnt":{FEW},"MinTime":0,"MaxTime":4294967295}}"#));
}

/// The next hundred friends of an account with many.
pub(super) fn many_friends(body: &mut Body) {
    friends(body, long, FRIENDS, |number, item| number / LONG_PAIRS * FRIENDS + item);
}

/// `friend` is the number of an item's account.
pub(super) fn friends(body: &mut Body, pair: Pair, count: u64, friend: fn(u64, u64) -> u64) {
    body.text(r#"{"From_Account":"acc-"#).decimal(7, move |number| pair(number).0);
    body.text(r#"","AddFriendItem":["#);
    for item in 0..count {
        body.text(if item == 0 { r#"{"To_Account":"acc-"# } else { r#",{"To_Account":"acc-"# });
        // Nobody is a friend of its own: those that import are not among the numbers that are imported.
        body.decimal(7, move |number| PEOPLE + friend(number, item));
        body.text(r#"","AddSource":"AddSource_Type_Bench"}"#);
    }
    body.text("]}");
}

pub(super) fn check(body: &mut Body, pair: Pair) {
    body.text(r#"{"From_Account":"acc-"#).decimal(7, move |number| pair(number).0);
    body.text(r#"","CheckType":"CheckResult_Type_Both","To_Account":["#);
    for item in 0..FEW {
        body.text(if item == 0 { r#""acc-"# } else { r#","acc-"# });
        body.decimal(7, move |_| PEOPLE + item).text(r#"""#);
    }
    body.text("]}");
}
