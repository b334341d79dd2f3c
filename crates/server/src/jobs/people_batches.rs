//! Friends, blocklists and messages between two accounts, collected until a batch is full.

use super::work::Work;
use landfall_domain::ids::UserId;
use landfall_domain::people::operations::bring_blocks::BlockToBring;
use landfall_domain::people::operations::bring_direct::PairToBring;
use landfall_domain::people::operations::bring_friends::FriendToBring;

/// Accounts, or pairs of accounts, of one batch.
const SUBJECTS_MAX: usize = 300;
/// Friends or messages of one batch, about.
const ROWS_MAX: usize = 1_000;

#[derive(Default)]
pub(super) struct PeopleMaking {
    friends: Vec<(UserId, Vec<FriendToBring>)>,
    friend_rows: usize,
    blocks: Vec<(UserId, Vec<BlockToBring>)>,
    block_rows: usize,
    pairs: Vec<PairToBring>,
    messages: usize,
}

impl PeopleMaking {
    /// The work of a batch that is full with these, or that has others of the account already.
    pub(super) fn friends(&mut self, account: UserId, friends: Vec<FriendToBring>) -> Option<Work> {
        let again = self.friends.last().is_some_and(|(last, _)| *last == account);
        let before = again.then(|| self.take_friends());
        self.friend_rows += friends.len();
        self.friends.push((account, friends));
        let is_full = SUBJECTS_MAX <= self.friends.len() || ROWS_MAX <= self.friend_rows;
        before.or_else(|| is_full.then(|| self.take_friends()))
    }

    /// As `friends`, of those on the account's blocklist.
    pub(super) fn blocks(&mut self, account: UserId, blocks: Vec<BlockToBring>) -> Option<Work> {
        let again = self.blocks.last().is_some_and(|(last, _)| *last == account);
        let before = again.then(|| self.take_blocks());
        self.block_rows += blocks.len();
        self.blocks.push((account, blocks));
        let is_full = SUBJECTS_MAX <= self.blocks.len() || ROWS_MAX <= self.block_rows;
        before.or_else(|| is_full.then(|| self.take_blocks()))
    }

    /// The work of a batch that is full with these, or that has others of the pair already.
    pub(super) fn direct(&mut self, of: PairToBring) -> Option<Work> {
        let again = self.pairs.last().is_some_and(|last| last.pair == of.pair);
        let before = again.then(|| self.take_pairs());
        self.messages += of.messages.len();
        self.pairs.push(of);
        let is_full = SUBJECTS_MAX <= self.pairs.len() || ROWS_MAX <= self.messages;
        before.or_else(|| is_full.then(|| self.take_pairs()))
    }

    /// What is held at the end.
    pub(super) fn rest(&mut self) -> Vec<Work> {
        let friends = (!self.friends.is_empty()).then(|| self.take_friends());
        let pairs = (!self.pairs.is_empty()).then(|| self.take_pairs());
        let blocks = (!self.blocks.is_empty()).then(|| self.take_blocks());
        friends.into_iter().chain(blocks).chain(pairs).collect()
    }

    fn take_friends(&mut self) -> Work {
        self.friend_rows = 0;
        Work::Friends(std::mem::take(&mut self.friends))
    }

    fn take_blocks(&mut self) -> Work {
        self.block_rows = 0;
        Work::Blocks(std::mem::take(&mut self.blocks))
    }

    fn take_pairs(&mut self) -> Work {
        self.messages = 0;
        Work::Direct(std::mem::take(&mut self.pairs))
    }
}
