//! Events about who is connected: their causes are clients and not calls.

use super::body::Body;
use super::receiver::Receiver;
use super::request::WebhookRequest;
use crate::event_rows::member_rows;
use crate::logging::ErrorLogLimiter;
use crate::platform::Platform;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::outbox::{Lane, Outbox, OutboxEntry};
use landfall_domain::store::Context;
use serde::Serialize;
use std::net::IpAddr;

/// An account came or went.
const STATE: &str = "State.StateChange";
/// Accounts entered or left a live-stream group.
const VISIT: &str = "Group.CallbackOnMemberStateChange";

/// What became of a connection: `Action` and `Reason`. [doc]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It began.
    Began,
    /// The server ended it: the account was kicked or deleted, its signature expired, or another device came.
    LoggedOut,
    /// The client or the network ended it.
    Closed,
    /// Nothing was heard of it.
    TimedOut,
}

impl State {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Began => ("Login", "Register"),
            Self::LoggedOut => ("Logout", "Unregister"),
            Self::Closed => ("Disconnect", "LinkClose"),
            Self::TimedOut => ("Disconnect", "TimeOut"),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Info<'a> {
    action: &'static str,
    #[serde(rename = "To_Account")]
    account: &'a str,
    reason: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Kicked {
    platform: &'static str,
}

/// A client, and where its events go.
pub(crate) struct ClientEvents<'a> {
    /// Who is told.
    pub(crate) receiver: &'a Receiver,
    /// Where what is to be told waits.
    pub(crate) outbox: &'a dyn Outbox,
    /// The account.
    pub(crate) account: &'a UserId,
    /// What it runs on.
    pub(crate) platform: Platform,
    /// Where it is.
    pub(crate) peer: IpAddr,
    /// Bounds what is logged while the store fails.
    pub(crate) error_log: &'a ErrorLogLimiter,
}

impl ClientEvents<'_> {
    /// Tells that a connection began or ended; `kicked` is the platform of the device that had to give way to it.
    pub(crate) async fn changes_state(
        &self,
        state: State,
        kicked: Option<Platform>,
        context: Context,
        millis: u64,
    ) {
        let (action, reason) = state.words();
        let info = Info { action, account: self.account.as_str(), reason };
        let mut body = Body::new(STATE).with("Info", &info);
        if let Some(platform) = kicked {
            body = body.with("KickedDevice", &[Kicked { platform: platform.event_name() }]);
        }
        self.tell(STATE, Lane::account(self.account), body.end(millis), context).await;
    }

    /// Tells that it entered or left a live-stream group.
    pub(crate) async fn visits(&self, group: &GroupId, is_there: bool, context: Context, millis: u64) {
        let body = Body::new(VISIT)
            .with("GroupId", &group.as_str())
            .with("Type", &GroupType::AvChatRoom.as_str())
            .with("EventType", &if is_there { "Online" } else { "Offline" })
            .with("MemberList", &member_rows([self.account]));
        self.tell(VISIT, Lane::Group(group.clone()), body.end(millis), context).await;
    }

    async fn tell(
        &self,
        command: &str,
        lane: Lane,
        body: Option<Box<serde_json::value::RawValue>>,
        context: Context,
    ) {
        let Some(body) = body.filter(|_| self.receiver.config.wants(command)) else { return };
        let note = WebhookRequest {
            command: command.to_owned(),
            client_ip: self.peer.to_string(),
            platform: self.platform.event_name().into(),
            body,
        };
        match self.outbox.enqueue(context, lane, OutboxEntry::without_change(note.encode())).await {
            Ok(()) => self.receiver.wake.notify_one(),
            Err(error) => {
                if let Some(suppressed) = self.error_log.admit() {
                    tracing::error!(command, %error, suppressed, "an event of app {} is lost: {error}", context.app);
                }
            }
        }
    }
}
