//! `webhook_svc/resend_dead_events`: sends events again that were given up: each at the end of what its group waits for.
//!
//! Those that are not there, or no more, are not counted.

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
