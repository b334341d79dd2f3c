//! What a batch of a job brings in.

use landfall_domain::account::AccountImport;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::message::Conversation;
use landfall_domain::people::operations::bring_blocks::BlockToBring;
use landfall_domain::people::operations::bring_direct::PairToBring;
use landfall_domain::people::operations::bring_friends::FriendToBring;
use landfall_domain::people::portrait::PortraitItem;
use landfall_domain::staged::WholeMessage;
use landfall_domain::whole_group::WholeGroup;

/// What is brought in together.
pub(super) enum Work {
    /// With the other fields of their profiles.
    Accounts(Vec<AccountImport>, Vec<(UserId, Vec<PortraitItem>)>),
    /// Accounts, each once.
    Friends(Vec<(UserId, Vec<FriendToBring>)>),
    /// Accounts, each once, with their blocklists.
    Blocks(Vec<(UserId, Vec<BlockToBring>)>),
    /// Pairs, each once.
    Direct(Vec<PairToBring>),
    /// Messages to be staged for a group, which follows.
    Messages(GroupId, Vec<(Conversation, Vec<WholeMessage>)>),
    Groups(Vec<WholeGroup>),
    /// Records were left out, and nothing is brought in.
    Nothing,
}
