//! Events about connected clients. Clients cause them, not calls.

use super::body::Body;
use super::receiver::Receiver;
use super::request::WebhookRequest;
use crate::event_rows::member_rows;
use crate::logging::ErrorLogLimiter;
use crate::platform::Platform;
use landfall_domain::context::Context;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::outbox::{Lane, Outbox, OutboxEntry};
use serde::Serialize;
use std::net::IpAddr;

/// An account came or went.
const STATE: &str = "State.StateChange";
/// Accounts entered or left a live-stream group.
const VISIT: &str = "Group.CallbackOnMemberStateChange";

/// `Action` and `Reason` of a connection. [doc]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionState {
    /// It began.
    Began,
    /// The server closed it: the account was kicked or deleted, its signature expired, or another device connected.
    LoggedOut,
    /// The client or the network closed it.
    Closed,
    /// The client was silent for too long.
    TimedOut,
}

impl ConnectionState {
    fn action_and_reason(self) -> (&'static str, &'static str) {
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
    pub(crate) receiver: &'a Receiver,
    pub(crate) outbox: &'a dyn Outbox,
    pub(crate) account: &'a UserId,
    pub(crate) platform: Platform,
    pub(crate) peer: IpAddr,
    /// Limits what is logged while the store fails.
    pub(crate) error_log: &'a ErrorLogLimiter,
}

impl ClientEvents<'_> {
    /// A connection began or ended; `kicked` is the platform of the device that had to make room for it.
    pub(crate) async fn changes_state(
        &self,
        state: ConnectionState,
        kicked: Option<Platform>,
        context: Context,
        millis: u64,
    ) {
        let (action, reason) = state.action_and_reason();
        let info = Info { action, account: self.account.as_str(), reason };
        let mut body = Body::new(STATE).with("Info", &info);
        if let Some(platform) = kicked {
            body = body.with("KickedDevice", &[Kicked { platform: platform.event_name() }]);
        }
        self.enqueue(STATE, Lane::account(self.account), body.end(millis), context).await;
    }

    /// The client entered or left a live-stream group.
    pub(crate) async fn visits(&self, group: &GroupId, is_there: bool, context: Context, millis: u64) {
        let body = Body::new(VISIT)
            .with("GroupId", &group.as_str())
            .with("Type", &GroupType::AvChatRoom.as_str())
            .with("EventType", &if is_there { "Online" } else { "Offline" })
            .with("MemberList", &member_rows([self.account]));
        self.enqueue(VISIT, Lane::Group(group.clone()), body.end(millis), context).await;
    }

    async fn enqueue(
        &self,
        command: &str,
        lane: Lane,
        body: Option<Box<serde_json::value::RawValue>>,
        context: Context,
    ) {
        let Some(body) = body.filter(|_| self.receiver.config.wants(command)) else { return };
        let request = WebhookRequest {
            command: command.to_owned(),
            client_ip: self.peer.to_string(),
            platform: self.platform.event_name().into(),
            body,
        };
        match self.outbox.enqueue(context, lane, OutboxEntry::without_change(request.encode())).await {
            Ok(()) => self.receiver.wake.notify_one(),
            Err(error) => {
                self.error_log.log(|suppressed| {
                    tracing::error!(command, %error, suppressed, "a webhook event of app {} is lost: {error}", context.app);
                });
            }
        }
    }
}
