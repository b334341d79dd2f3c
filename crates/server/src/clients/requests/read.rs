//! `read`: the account has read a conversation up to a message.

use super::{ClientRequest, CommonFields, RequestContext, RequestError};
use crate::clients::client::ConnectedClient;
use crate::clients::client_subscribers::ClientSubscribers;
use crate::clients::frame::ConversationKey;
use crate::code::Code;
use crate::reply::Failure;
use landfall_domain::error::OperationError;
use landfall_domain::ids::UserId;
use landfall_domain::operation::perform;
use landfall_domain::operations::read_up_to::ReadUpTo;
use landfall_domain::people::operation::perform_people;
use landfall_domain::people::operations::read_direct::{ReadDirect, ReadRefusal};
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
        if let Some(peer) = fields.peer()? {
            let unread_msg_num = read_direct(client, peer).await?;
            return Ok(Some(Unread { unread_msg_num }));
        }
        let ConversationKey { group, conversation } = fields.conversation()?;
        let (hub, reader, context) = (Arc::clone(&client.hub), client.account().clone(), client.context());
        let operation = ReadUpTo { group, conversation, reader: reader.clone(), seq: fields.msg_seq };
        let subscribers = Arc::new(ClientSubscribers { hub, operator: reader, now: context.now });
        let read = perform(&*client.server.store, context, client.actor(), operation, subscribers).await;
        let unread_msg_num = read.map_err(Failure::from)?;
        Ok(Some(Unread { unread_msg_num }))
    }
}

/// Everything that the account got from another; how many messages are left.
async fn read_direct(client: &ConnectedClient, peer: UserId) -> Result<u32, Failure> {
    let (hub, reader, context) = (Arc::clone(&client.hub), client.account().clone(), client.context());
    let operation = ReadDirect { reader: reader.clone(), peer, until: None };
    let subscribers = Arc::new(ClientSubscribers { hub, operator: reader, now: context.now });
    let read = perform_people(&*client.server.store, context, operation, subscribers).await;
    read.map_err(|error| match error {
        OperationError::Refused(ReadRefusal::NoSuchReader | ReadRefusal::NoSuchPeer) => {
            Code::GroupParameter.because("there is no such account")
        }
        OperationError::Store(error) => error.into(),
    })
}
