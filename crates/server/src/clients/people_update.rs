//! What a change of people means to clients: frames to accounts, wherever they are connected.

use super::direct_frames as direct;
use super::frame;
use super::official_frames;
use super::outgoing_frame::names;
use super::people_frame::PeopleFrame;
use crate::event_rows::{PairRow, PortraitRow, portrait_rows};
use landfall_domain::ids::UserId;
use landfall_domain::people::event::PeopleEvent;
use landfall_domain::people::fact::Chat;
use landfall_domain::people::folders::ChatMark;
use landfall_domain::people::portrait::PortraitItem;
use landfall_domain::subscribers::AppliedPeopleChange;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one change of people means to clients, in the order in which it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PeopleUpdate {
    pub(crate) frames: Vec<PeopleFrame>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PortraitFrame<'a> {
    event: &'static str,
    #[serde(rename = "From_Account")]
    account: &'a str,
    #[serde(rename = "Operator_Account")]
    operator: &'a str,
    profile_item: Vec<PortraitRow>,
}

impl PeopleUpdate {
    /// Of an operation on people.
    pub(crate) fn of(change: AppliedPeopleChange<'_>, operator: &UserId) -> Self {
        let frames = change.events.iter().flat_map(|event| match event {
            PeopleEvent::PortraitChanged { account, items } => vec![portrait(account, items, operator)],
            PeopleEvent::FriendsAdded { pairs, .. } => friends("friend_add", pairs, operator),
            PeopleEvent::FriendsDeleted { pairs, .. } => friends("friend_delete", pairs, operator),
            PeopleEvent::Blocked { account, others } => {
                vec![ties("black_list_add", account, others, operator)]
            }
            PeopleEvent::Unblocked { account, others } => {
                vec![ties("black_list_delete", account, others, operator)]
            }
            PeopleEvent::Followed { account, others, follows } => {
                let event = if *follows { "follow_add" } else { "follow_delete" };
                follow(event, account, others, operator)
            }
            PeopleEvent::DirectSent { pair, message, sender, .. } => direct::sent(pair, message, sender),
            PeopleEvent::DirectRecalled { pair, message, .. } => vec![direct::changed(pair, message)],
            PeopleEvent::DirectModified { pair, message } => vec![direct::changed(pair, message)],
            PeopleEvent::DirectRead { reader, peer, until, unread_of_peer, .. } => {
                vec![direct::read(reader, peer, *until, *unread_of_peer)]
            }
            PeopleEvent::DirectConfirmed { reader, peer, keys } => {
                vec![direct::confirmed(reader, peer, keys)]
            }
            PeopleEvent::DirectExtended { sender, receiver, key, change, outcomes, last } => {
                let changed = direct::Extended { operator, key, change, outcomes, last: *last };
                vec![direct::extended(sender, receiver, &changed)]
            }
            PeopleEvent::ChatPinned { account, chat, pinned } => vec![self::pinned(account, chat, *pinned)],
            PeopleEvent::ChatsMarked { account, marks } => {
                marks.iter().map(|(chat, mark)| marked(account, chat, mark)).collect()
            }
            PeopleEvent::Official { account, event } => official_frames::of(account, event),
        });
        Self { frames: frames.collect() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TiesFrame<'a> {
    event: &'static str,
    #[serde(rename = "Operator_Account")]
    operator: &'a str,
    pair_list: Vec<PairRow<'a>>,
}

/// To each account whose friends change, the pairs that begin with it.
fn friends(event: &'static str, pairs: &[(UserId, UserId)], operator: &UserId) -> Vec<PeopleFrame> {
    let mut of_accounts: BTreeMap<&UserId, Vec<UserId>> = BTreeMap::new();
    for (account, friend) in pairs {
        of_accounts.entry(account).or_default().push(friend.clone());
    }
    of_accounts.into_iter().map(|(account, friends)| ties(event, account, &friends, operator)).collect()
}

/// To the account that follows others, or left them, and to each of these. Pairs begin with the account that follows.
fn follow(event: &'static str, account: &UserId, others: &[UserId], operator: &UserId) -> Vec<PeopleFrame> {
    let own = ties(event, account, others, operator);
    let of_other = |other: &UserId| PeopleFrame {
        to: names(std::slice::from_ref(other)),
        ..ties(event, account, std::slice::from_ref(other), operator)
    };
    std::iter::once(own).chain(others.iter().map(of_other)).collect()
}

/// To the devices of the account itself, and of nobody else.
fn ties(event: &'static str, account: &UserId, others: &[UserId], operator: &UserId) -> PeopleFrame {
    let pair_list = others.iter().map(|other| PairRow::of(account, other)).collect();
    let text = frame::text(&TiesFrame { event, operator: operator.as_str(), pair_list });
    PeopleFrame::to(names(std::slice::from_ref(account)), text)
}

/// What an account has changed about a conversation of its own.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChatFrame<'a, T> {
    event: &'static str,
    #[serde(rename = "Peer_Account", skip_serializing_if = "Option::is_none")]
    peer_account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<&'a str>,
    #[serde(flatten)]
    now: T,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Pinned {
    top_flag: u8,
}

/// As `recentcontact/get_list` says it, and empty where nothing is left.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Marked<'a> {
    standard_mark: String,
    custom_mark: &'a str,
}

fn pinned(account: &UserId, chat: &Chat, pinned: bool) -> PeopleFrame {
    of_chat("pin", account, chat, Pinned { top_flag: u8::from(pinned) })
}

fn marked(account: &UserId, chat: &Chat, mark: &ChatMark) -> PeopleFrame {
    let standard_mark = if mark.standard == 0 { String::new() } else { format!("{:b}", mark.standard) };
    of_chat("conversation", account, chat, Marked { standard_mark, custom_mark: mark.custom.as_str() })
}

/// To the devices of the account itself.
fn of_chat(event: &'static str, account: &UserId, chat: &Chat, now: impl Serialize) -> PeopleFrame {
    let (peer_account, group_id) = match chat {
        Chat::Direct(peer) => (Some(peer.as_str()), None),
        Chat::Group(id) => (None, Some(id.as_str())),
    };
    let text = frame::text(&ChatFrame { event, peer_account, group_id, now });
    PeopleFrame::to(names(std::slice::from_ref(account)), text)
}

/// To the devices of the account itself.
fn portrait(account: &UserId, items: &[PortraitItem], operator: &UserId) -> PeopleFrame {
    let text = frame::text(&PortraitFrame {
        event: "portrait",
        account: account.as_str(),
        operator: operator.as_str(),
        profile_item: portrait_rows(items),
    });
    PeopleFrame::to(names(std::slice::from_ref(account)), text)
}
