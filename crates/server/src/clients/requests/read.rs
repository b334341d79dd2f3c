//! `read`: the account has read a conversation up to a message.

use super::{ClientRequest, CommonFields, RequestContext, RequestError};
use crate::clients::client_subscribers::ClientSubscribers;
use crate::clients::frame::ConversationKey;
use crate::reply::Failure;
use landfall_domain::operation::perform;
use landfall_domain::operations::read_up_to::ReadUpTo;
use serde::Serialize;
use std::sync::Arc;

pub(super) struct Read;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Unread {
    unread_msg_num: u32,
}

impl ClientRequest for Read {
    const COMMAND: &'static str = "read";
    type Fields = CommonFields;
    type Reply = Unread;

    async fn run(context: RequestContext<'_>, fields: CommonFields) -> Result<Option<Unread>, RequestError> {
        let client = context.client;
        let ConversationKey { group, conversation } = fields.conversation()?;
        let (hub, reader, context) = (Arc::clone(&client.hub), client.account().clone(), client.context());
        let operation = ReadUpTo { group, conversation, reader: reader.clone(), seq: fields.msg_seq };
        let subscribers = Arc::new(ClientSubscribers { hub, operator: reader, now: context.now });
        let read = perform(&*client.server.store, context, operation, subscribers).await;
        let unread_msg_num = read.map_err(Failure::from)?;
        Ok(Some(Unread { unread_msg_num }))
    }
}
