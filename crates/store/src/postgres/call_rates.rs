//! Call frequencies counted for all servers together.
//!
//! A command's allowance refills steadily; the row keeps when it will be whole again, by the database's clock. Taking
//! calls moves that moment on, and is refused where it would come more than a second away.

use super::database::{Kind, Tx, Work};
use super::failure::Failure;
use super::statements;
use super::values::app_column;
use async_trait::async_trait;
use landfall_domain::ids::AppId;

const SECOND_MICROS: i64 = 1_000_000;

/// Takes some calls of one command; false when they are too many.
pub(super) struct TakeCalls<'command> {
    pub(super) app: AppId,
    pub(super) command: &'command str,
    pub(super) calls: u32,
    pub(super) per_second: u32,
}

#[async_trait]
impl Work for TakeCalls<'_> {
    type Output = bool;
    const DOING: &'static str = "counting calls";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<bool, Failure> {
        let app = app_column(self.app);
        let cost = i64::from(self.calls) * SECOND_MICROS / i64::from(self.per_second.max(1));
        let taken = tx.query(&statements::TAKE_CALLS, &[&app, &self.command, &cost, &SECOND_MICROS]).await?;
        Ok(!taken.is_empty())
    }
}
