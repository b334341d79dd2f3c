//! Profiles, friends, blocklists, and messages between two accounts while their records come.

use super::Piece;
use crate::direct::Places;
use crate::format::{Account, Block, Friend, Message, Read, Record, custom};
use crate::rules::defaults::given;
use crate::rules::{ServerLimits, people};
use landfall_domain::element;
use landfall_domain::ids::UserId;
use landfall_domain::message::Body;
use landfall_domain::people::Pair;
use landfall_domain::people::operations::bring_blocks::BlockToBring;
use landfall_domain::people::operations::bring_direct::{MarkToBring, MessageToBring, PairToBring};
use landfall_domain::people::operations::bring_friends::FriendToBring;
use landfall_domain::people::portrait::PortraitItem;
use landfall_domain::time::Timestamp;

/// Messages of one piece.
const MESSAGES_MAX: usize = 500;
/// Bytes of the messages of one piece, about.
const BYTES_MAX: usize = 4 << 20;
/// Friends, or accounts on a blocklist, of one piece.
const FRIENDS_MAX: usize = 500;

/// The fields of a profile, besides nick and picture, where there are any.
pub(super) fn profile(account: &Account, server: &ServerLimits) -> Option<(UserId, Vec<PortraitItem>)> {
    let items: Vec<_> =
        account.profile.iter().filter_map(|item| people::portrait(item, server).ok()).collect();
    (!items.is_empty()).then_some((UserId::parse(&account.user_id)?, items))
}

/// Records of people that come together.
pub(super) enum PeopleBuilding {
    Friends(UserId, Vec<FriendToBring>),
    Blocks(UserId, Vec<BlockToBring>),
    Pair(Box<Conversation>),
}

/// Messages between two accounts.
pub(super) struct Conversation {
    held: PairToBring,
    bytes: usize,
    places: Places,
}

fn pair(record: &Record) -> Option<Pair> {
    let (one, other) = record.pair()?;
    Some(Pair::of(UserId::parse(one)?, UserId::parse(other)?))
}

impl PeopleBuilding {
    pub(super) fn takes(record: &Record) -> bool {
        matches!(record, Record::Friend(_) | Record::Block(_)) || record.pair().is_some()
    }

    pub(super) fn of(record: &Record) -> Option<Self> {
        if let Record::Friend(friend) = record {
            return Some(Self::Friends(UserId::parse(&friend.account)?, Vec::new()));
        }
        if let Record::Block(block) = record {
            return Some(Self::Blocks(UserId::parse(&block.account)?, Vec::new()));
        }
        let held = PairToBring { pair: pair(record)?, messages: Vec::new(), marks: Vec::new() };
        Some(Self::Pair(Box::new(Conversation { held, bytes: 0, places: Places::default() })))
    }

    /// Whether a record comes together with those before it.
    pub(super) fn has(&self, record: &Record) -> bool {
        match (self, record) {
            (Self::Friends(account, _), Record::Friend(friend)) => account.as_str() == friend.account,
            (Self::Pair(conversation), record) => pair(record).as_ref() == Some(&conversation.held.pair),
            (Self::Blocks(account, _), Record::Block(block)) => account.as_str() == block.account,
            (Self::Friends(..) | Self::Blocks(..), _) => false,
        }
    }

    /// Takes a record in; a piece comes out when much is held.
    pub(super) fn add(&mut self, record: &Record, server: &ServerLimits) -> Option<Piece> {
        match (self, record) {
            (Self::Friends(account, friends), Record::Friend(record)) => {
                friends.extend(friend(record, server));
                let is_full = FRIENDS_MAX <= friends.len();
                is_full.then(|| Piece::Friends(account.clone(), std::mem::take(friends)))
            }
            (Self::Blocks(account, blocks), Record::Block(record)) => {
                blocks.extend(block(record));
                let is_full = FRIENDS_MAX <= blocks.len();
                is_full.then(|| Piece::Blocks(account.clone(), std::mem::take(blocks)))
            }
            (Self::Pair(conversation), Record::Message(message)) => conversation.message(message, server),
            (Self::Pair(conversation), Record::Read(read)) => {
                let mark = conversation.mark(read);
                conversation.held.marks.extend(mark);
                None
            }
            (_, _) => None,
        }
    }

    pub(super) fn finish(self) -> Piece {
        match self {
            Self::Friends(account, friends) => Piece::Friends(account, friends),
            Self::Blocks(account, blocks) => Piece::Blocks(account, blocks),
            Self::Pair(conversation) => Piece::Direct(conversation.held),
        }
    }
}

fn friend(record: &Friend, server: &ServerLimits) -> Option<FriendToBring> {
    let has_time = given(record.add_time).is_some();
    Some(FriendToBring {
        id: UserId::parse(&record.friend)?,
        friend: people::friend(record, server),
        has_time,
    })
}

fn block(record: &Block) -> Option<BlockToBring> {
    let since = given(record.add_time).map(Timestamp);
    Some(BlockToBring { id: UserId::parse(&record.blocked)?, since })
}

impl Conversation {
    fn message(&mut self, message: &Message, server: &ServerLimits) -> Option<Piece> {
        let elements = message.msg_body.as_str();
        let room = server.limits.messages.bytes.saturating_sub(element::size(elements));
        let custom = custom::fold(message, room).text.unwrap_or_default();
        let key = self.places.add(message)?;
        let sender = UserId::parse(&message.from)?;
        self.bytes += elements.len() + custom.len() + 128;
        let body = Body { elements: elements.into(), custom: custom.into(), ..Body::default() };
        self.held.messages.push(MessageToBring { sender, key, body });
        if self.held.messages.len() < MESSAGES_MAX && self.bytes < BYTES_MAX {
            return None;
        }
        self.bytes = 0;
        let messages = std::mem::take(&mut self.held.messages);
        Some(Piece::Direct(PairToBring { pair: self.held.pair.clone(), messages, marks: Vec::new() }))
    }

    fn mark(&self, read: &Read) -> Option<MarkToBring> {
        let (last, unread) = self.places.mark(read)?;
        Some(MarkToBring { reader: UserId::parse(&read.account)?, last, unread })
    }
}
