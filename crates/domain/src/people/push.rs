//! Pushes to everybody: those that were accepted, and those that are not finished.

use super::labels::Audience;
use crate::ids::UserId;
use crate::time::Timestamp;

/// A push that was accepted in the last days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushMark {
    /// Its number in the app, from 1.
    pub number: u32,
    /// `MsgRandom`.
    pub random: u32,
    /// When it was accepted.
    pub accepted: Timestamp,
}

/// A push that is not finished. Accounts get it in the store's own order of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The sender.
    pub sender: UserId,
    /// Whether the sender is an administrator of the app.
    pub by_administrator: bool,
    /// `MsgRandom`.
    pub random: u32,
    /// When it was accepted: every receiver gets it as a message of that second.
    pub accepted: Timestamp,
    /// What it says: `MsgBody`.
    pub elements: Box<str>,
    /// `OfflinePushInfo`; empty when none.
    pub offline: Box<str>,
    /// Whether only accounts that are connected get it.
    pub online_only: bool,
    /// Who gets it.
    pub audience: Audience<u8>,
    /// The last account that has got it, or was not meant; `None` at the start.
    pub reached: Option<UserId>,
    /// The server that works on it.
    pub holder: u64,
    /// Until when no other server works on it.
    pub held_until: Timestamp,
}
