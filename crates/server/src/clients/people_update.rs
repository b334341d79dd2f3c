//! What a change of people means to clients: frames to accounts, wherever they are connected.

use super::direct;
use super::frame;
use super::outgoing_frame::names;
use crate::event_rows::{PortraitRow, portrait_rows};
use landfall_domain::ids::UserId;
use landfall_domain::people::event::PeopleEvent;
use landfall_domain::people::portrait::PortraitItem;
use landfall_domain::subscribers::AppliedPeopleChange;
use serde::{Deserialize, Serialize};

/// A frame to all devices of some accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PeopleFrame {
    pub(crate) to: Vec<String>,
    /// JSON.
    pub(crate) text: String,
    /// The name of the pair and the place of a message that its history stores.
    pub(crate) direct: Option<(String, u32)>,
}

/// What one change of people means to clients, in the order in which it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PeopleUpdate {
    pub(crate) frames: Vec<PeopleFrame>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PortraitFrame<'a> {
    event: &'static str,
    #[serde(rename = "From_Account")]
    account: &'a str,
    #[serde(rename = "Operator_Account")]
    operator: &'a str,
    profile_item: Vec<PortraitRow>,
}

impl PeopleUpdate {
    /// Of an operation on people.
    pub(crate) fn of(change: AppliedPeopleChange<'_>, operator: &UserId) -> Self {
        let frames = change.events.iter().flat_map(|event| match event {
            PeopleEvent::PortraitChanged { account, items } => vec![portrait(account, items, operator)],
            PeopleEvent::DirectSent { pair, message, .. } => direct::sent(pair, message),
            PeopleEvent::DirectRecalled { pair, message, .. } => vec![direct::changed(pair, message)],
            PeopleEvent::DirectModified { pair, message } => vec![direct::changed(pair, message)],
            PeopleEvent::DirectRead { reader, peer, until, unread_of_peer, .. } => {
                vec![direct::read(reader, peer, *until, *unread_of_peer)]
            }
            PeopleEvent::DirectConfirmed { reader, peer, keys } => {
                vec![direct::confirmed(reader, peer, keys)]
            }
        });
        Self { frames: frames.collect() }
    }
}

/// To the devices of the account itself.
fn portrait(account: &UserId, items: &[PortraitItem], operator: &UserId) -> PeopleFrame {
    let text = frame::text(&PortraitFrame {
        event: "portrait",
        account: account.as_str(),
        operator: operator.as_str(),
        profile_item: portrait_rows(items),
    });
    PeopleFrame { to: names(std::slice::from_ref(account)), text, direct: None }
}
