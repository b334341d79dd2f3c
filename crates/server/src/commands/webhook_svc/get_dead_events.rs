//! `webhook_svc/get_dead_events`: lists dead letters, which are events that were given up, by group.

use super::{EVENTS_MAX, id, key};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::group_open_http_svc::number_up_to;
use crate::field::Field;
use crate::reply::Failure;
use crate::webhook::request::WebhookRequest;
use landfall_domain::outbox::DeadLetter;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    limit: Field<i128>,
    next: Field<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    dead_event_list: Vec<Row>,
    /// Where the next page starts; empty at the end.
    next: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    id: String,
    /// Unix seconds.
    give_up_time: u64,
    /// Why the last attempt failed.
    reason: String,
    /// The address of the call that caused it.
    #[serde(rename = "ClientIP")]
    client_ip: String,
    /// As it is sent to the receiver.
    body: Box<RawValue>,
}

impl Command for Request {
    const PATH: &'static str = "webhook_svc/get_dead_events";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let most = EVENTS_MAX as u64;
        let limit =
            self.limit.optional("Limit")?.map_or(Ok(most), |limit| number_up_to(limit, "Limit", most))?;
        let limit = usize::try_from(limit).unwrap_or(EVENTS_MAX);
        let after = self.next.optional("Next")?.filter(|next| !next.is_empty());
        let after = after.map(|next| {
            key(&next).ok_or_else(|| Code::GroupParameter.because("Next is not a value that an answer gave"))
        });
        let dead = call.dead_letters(after.transpose()?, limit).await?;
        let next = dead.last().filter(|_| dead.len() == limit).map(|last| id(&last.key)).unwrap_or_default();
        let rows = dead.into_iter().map(row).collect::<Result<_, _>>()?;
        Ok(Reply { dead_event_list: rows, next })
    }
}

fn row(event: DeadLetter) -> Result<Row, Failure> {
    let DeadLetter { key, given_up, reason, entry } = event;
    let request = WebhookRequest::decode(entry.as_bytes());
    let WebhookRequest { client_ip, body, .. } =
        request.map_err(|error| Code::GroupInternal.internal(error))?;
    Ok(Row { id: id(&key), give_up_time: given_up.0, reason, client_ip, body })
}
