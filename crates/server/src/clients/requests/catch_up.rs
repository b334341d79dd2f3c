//! `catch_up`: sends what the history of a conversation has after a message.

use super::{ClientRequest, CommonFields, NoFields, RequestContext, RequestError};
use crate::code::Code;
use landfall_domain::message::MessageLog;
use std::sync::Arc;

pub(super) struct CatchUp;

impl ClientRequest for CatchUp {
    const COMMAND: &'static str = "catch_up";
    type Fields = CommonFields;
    type Reply = NoFields;

    async fn run(
        context: RequestContext<'_>,
        fields: CommonFields,
    ) -> Result<Option<NoFields>, RequestError> {
        let RequestContext { client, positions, direct } = context;
        if let Some(pair) = fields.pair(client.account())? {
            let history = client.direct_history(&pair, 0, 0).await?;
            if !history.is_open {
                let problem = "you subscribe to no such official account";
                return Err(Code::GroupNotAllowed.because(problem).into());
            }
            // As below: of an account that was deleted and is there again.
            direct.catch_up(&pair, fields.msg_seq.min(history.last_seq));
            return Ok(Some(NoFields {}));
        }
        let key = fields.conversation()?;
        let Some(snapshot) = client.history(&key, Vec::new()).await? else {
            // A client that has entered a live-stream group is not a member of it.
            let is_live = client.session.live_groups().contains(&key.group);
            let problem = if is_live {
                "groups of this type keep no messages"
            } else {
                "you are in no such group, or it has no such topic"
            };
            return Err(Code::GroupNotAllowed.because(problem).into());
        };
        // A client may know higher numbers, of a group that was dissolved and created again or of a newer copy of the store. It
        // must not miss the messages that get these numbers.
        let last = snapshot.log(&key.conversation).map_or(0, MessageLog::last_seq);
        positions.catch_up(&Arc::new(key), fields.msg_seq.min(last));
        Ok(Some(NoFields {}))
    }
}
