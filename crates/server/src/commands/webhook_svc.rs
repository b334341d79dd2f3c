//! Commands of our own: the events that the app's receiver did not take, however often they were sent. The imitated service
//! has none; these keep its calling convention. [choice]

pub mod drop_dead_events;
pub mod get_dead_events;
pub mod resend_dead_events;

use crate::call::Call;
use crate::code::Code;
use crate::field::Field;
use crate::items::every;
use crate::reply::Failure;
use landfall_domain::outbox::{DeadLetterKey, Fate, Lane};
use serde::{Deserialize, Serialize};

/// Events that one call lists, or names, at most.
const EVENTS_MAX: usize = 100;

/// The id of an event: its number and the group it is about.
fn id(place: &DeadLetterKey) -> String {
    format!("{}/{}", place.number, place.lane.name())
}

/// The event with an id.
fn place(id: &str) -> Option<DeadLetterKey> {
    let (number, lane) = id.split_once('/')?;
    Some(DeadLetterKey { lane: Lane::named(lane)?, number: number.parse().ok()? })
}

/// The events that are to be sent again or dropped.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Named {
    id_list: Field<Vec<Field<String>>>,
}

/// The reply.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Taken {
    /// How many of them were there.
    count: usize,
}

impl Named {
    async fn take(self, fate: Fate, call: &Call) -> Result<Taken, Failure> {
        let names = super::group_open_http_svc::names(self.id_list, "IdList", EVENTS_MAX)?;
        let places = every("IdList", names, |name, at| {
            let illegal = || Code::GroupParameter.because(format!("{at} is not the id of an event"));
            place(&name).ok_or_else(illegal)
        })?;
        Ok(Taken { count: call.take_dead_letters(places, fate).await? })
    }
}
