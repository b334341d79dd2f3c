//! `pin`: pins a conversation to the top of the account's list, or ends that.

use super::{ClientRequest, CommonFields, NoFields, RequestContext, RequestError};
use crate::clients::client::ConnectedClient;
use crate::clients::client_subscribers::ClientSubscribers;
use crate::code::Code;
use crate::reply::Failure;
use landfall_domain::error::OperationError;
use landfall_domain::ids::GroupId;
use landfall_domain::people::fact::Chat;
use landfall_domain::people::operation::perform_people;
use landfall_domain::people::operations::pin_chat::{PinChat, PinRefusal};
use landfall_domain::snapshot::Needs;
use serde::Deserialize;
use std::sync::Arc;

pub(super) struct Pin;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct PinFields {
    group_id: String,
    #[serde(rename = "Peer_Account")]
    peer_account: Option<String>,
    /// 1 pins, 0 ends it.
    top_flag: Option<u8>,
}

impl ClientRequest for Pin {
    const COMMAND: &'static str = "pin";
    type Fields = PinFields;
    type Reply = NoFields;

    async fn run(context: RequestContext<'_>, fields: PinFields) -> Result<Option<NoFields>, RequestError> {
        let client = context.client;
        let PinFields { group_id, peer_account, top_flag } = fields;
        let place = CommonFields { group_id, peer_account, ..CommonFields::default() };
        let pinned = match top_flag {
            Some(0) => false,
            Some(1) => true,
            Some(_) | None => return Err(Code::GroupParameter.because("TopFlag must be 0 or 1").into()),
        };
        let chat = match place.peer()? {
            Some(peer) => Chat::Direct(peer),
            None => {
                let group = place.group_id()?;
                if pinned {
                    is_member(client, &group).await?;
                }
                Chat::Group(group)
            }
        };
        pin(client, chat, pinned).await?;
        Ok(Some(NoFields {}))
    }
}

async fn is_member(client: &ConnectedClient, group: &GroupId) -> Result<(), Failure> {
    let account = client.account();
    let needs = Needs { members: vec![account.clone()], ..Needs::default() };
    let snapshot = client.snapshot(group, needs).await?;
    if snapshot.members.contains_key(account) {
        return Ok(());
    }
    snapshot.check_visible_to(account)?;
    Err(Code::GroupNotAllowed.because("you are not a member of the group"))
}

async fn pin(client: &ConnectedClient, chat: Chat, pinned: bool) -> Result<(), Failure> {
    let (hub, account, context) = (Arc::clone(&client.hub), client.account().clone(), client.context());
    let count_max = client.server.limits.folders.pinned;
    let operation = PinChat { account: account.clone(), chat, pinned, count_max };
    let subscribers = Arc::new(ClientSubscribers { hub, operator: account, now: context.now });
    let done = perform_people(&*client.server.store, context, operation, subscribers).await;
    done.map_err(|error| match error {
        OperationError::Refused(PinRefusal::NoSuchChat) => {
            Code::GroupParameter.because("there is no conversation with this account")
        }
        OperationError::Refused(PinRefusal::TooMany) => {
            Code::TooManyPinned.because(format!("at most {count_max} conversations can be pinned"))
        }
        OperationError::Store(error) => error.into(),
    })
}
