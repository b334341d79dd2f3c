//! `webhook_svc/resend_dead_events`: queues dead letters again, each behind the waiting events of its group.
//!
//! Events that do not exist or no longer exist are not counted.

use super::{DeadEventsRequest, TakenReply};
use crate::call::{Call, Command};
use crate::reply::Failure;
use landfall_domain::outbox::Fate;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Request(DeadEventsRequest);

impl Command for Request {
    const PATH: &'static str = "webhook_svc/resend_dead_events";
    type Reply = TakenReply;

    async fn run(self, call: &Call) -> Result<TakenReply, Failure> {
        self.0.take(Fate::Resend, call).await
    }
}
