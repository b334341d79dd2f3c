//! Commands of our own, about dead letters: events that the app's receiver did not accept, however often they were sent. The
//! imitated service has no such commands; these keep its calling convention. [choice]

pub mod drop_dead_events;
pub mod get_dead_events;
pub mod resend_dead_events;

use crate::call::Call;
use crate::code::Code;
use crate::field::Field;
use crate::items::check_all;
use crate::reply::Failure;
use landfall_domain::outbox::{DeadLetterKey, Fate, Lane};
use serde::{Deserialize, Serialize};

/// Events that one call lists or names at most.
const EVENTS_MAX: usize = 100;

/// The id of an event: its number and the group it is about.
pub(crate) fn id(key: &DeadLetterKey) -> String {
    format!("{}/{}", key.number, key.lane.name())
}

/// The event that has an id.
pub(crate) fn key(id: &str) -> Option<DeadLetterKey> {
    let (number, lane) = id.split_once('/')?;
    Some(DeadLetterKey { lane: Lane::named(lane)?, number: number.parse().ok()? })
}

/// Names the events to send again or to drop.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct DeadEventsRequest {
    id_list: Field<Vec<Field<String>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TakenReply {
    /// How many of the named events existed.
    count: usize,
}

impl DeadEventsRequest {
    async fn take(self, fate: Fate, call: &Call) -> Result<TakenReply, Failure> {
        let names = super::group_open_http_svc::names(self.id_list, "IdList", EVENTS_MAX)?;
        let keys = check_all("IdList", names, |name, at| {
            let illegal = || Code::GroupParameter.because(format!("{at} is not the id of an event"));
            key(&name).ok_or_else(illegal)
        })?;
        Ok(TakenReply { count: call.take_dead_letters(keys, fate).await? })
    }
}
