//! Read receipts: what the commands that read them share.
//!
//! Messages that only online members get take no number, so none can be requested: 10061 is never answered. Present
//! members count, not those of the time when a message was sent. [choice]

use crate::call::Call;
use crate::reply::Failure;
use landfall_domain::group::Group;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::message::Conversation;
use landfall_domain::part::PartKey;
use landfall_domain::refusal::Refusal;
use landfall_domain::snapshot::{GroupSnapshot, MessageRange, Needs};
use landfall_domain::store::{MemberPage, MemberWindow};

/// The group and the messages with these numbers.
pub(super) async fn messages(call: &Call, group: GroupId, numbers: &[u32]) -> Result<GroupSnapshot, Failure> {
    let messages = vec![MessageRange::Numbered(Conversation::Group, numbers.to_vec())];
    let snapshot = call.snapshot(group, Needs { messages, ..Needs::default() }).await?;
    if !snapshot.group.kind.can().receipts {
        return Err(Refusal::TypeForbids("have no read receipts").into());
    }
    Ok(snapshot)
}

/// Approximate number of readers in memory at once.
const READERS_AT_ONCE: u32 = 20_000;

/// Messages whose readers are read together.
pub(super) fn messages_at_once(call: &Call) -> usize {
    let members_max = call.limits.messages.receipt_members.max(1);
    usize::try_from(READERS_AT_ONCE / members_max).unwrap_or_default().max(1)
}

pub(super) fn is_too_large(group: &Group, call: &Call) -> bool {
    call.limits.messages.receipt_members < group.member_count
}

/// Members of a group, sorted by account.
pub(super) async fn members(
    call: &Call,
    group: GroupId,
    after: Option<UserId>,
    limit: usize,
) -> Result<MemberPage, Failure> {
    let window = MemberWindow::ByName { after, limit };
    call.members(group, Vec::new(), window).await
}

/// The message number and the account, if `key` is that of a reader.
pub(super) fn reader(key: &PartKey) -> Option<(u32, &UserId)> {
    if let PartKey::Reader(Conversation::Group, number, account) = key {
        Some((*number, account))
    } else {
        None
    }
}
