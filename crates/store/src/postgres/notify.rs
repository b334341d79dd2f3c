//! Sending other servers packets, which no table keeps.

use super::database::{Kind, Tx, Work};
use super::failure::Failure;
use super::statements;
use async_trait::async_trait;

/// Sends packets to all servers, in their order.
pub(super) struct NotifyServers<'p> {
    pub(super) packets: &'p [String],
}

#[async_trait]
impl Work for NotifyServers<'_> {
    type Output = ();
    const DOING: &'static str = "notifying other servers";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<(), Failure> {
        tx.run(&statements::NOTIFY_PACKETS, &[&self.packets]).await.map(drop)
    }
}
