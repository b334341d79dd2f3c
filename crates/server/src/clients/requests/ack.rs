//! `ack`: the client has dealt with everything up to a message of a conversation.

use super::{ClientRequest, CommonFields, NoFields, RequestContext, RequestError};
use std::sync::Arc;

pub(super) struct Ack;

impl ClientRequest for Ack {
    const COMMAND: &'static str = "ack";
    const IS_FREE: bool = true;
    type Fields = CommonFields;
    type Reply = NoFields;

    async fn run(
        context: RequestContext<'_>,
        fields: CommonFields,
    ) -> Result<Option<NoFields>, RequestError> {
        if let Some(pair) = fields.pair(context.client.account())? {
            context.direct.acknowledge(&pair, fields.msg_seq);
            return Ok(None);
        }
        context.positions.acknowledge(&Arc::new(fields.conversation()?), fields.msg_seq);
        Ok(None)
    }
}
