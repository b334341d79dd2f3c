//! Telling other servers packets whose meaning is theirs: no table knows of them.

use super::database::{Failure, Kind, Tx, Work};
use super::statements;
use async_trait::async_trait;

/// Tells packets, in their order.
pub(super) struct Tell<'p> {
    pub(super) packets: &'p [String],
}

#[async_trait]
impl Work for Tell<'_> {
    type Done = ();
    const DOING: &'static str = "telling other servers";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<(), Failure> {
        tx.run(&statements::TELL_PACKETS, &[&self.packets]).await.map(drop)
    }
}
