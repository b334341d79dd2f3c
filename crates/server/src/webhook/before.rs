//! Asking a receiver before a change: it may refuse it, drop it, or alter it.

use super::body::{Body, message};
use super::official_body;
use super::people_body::{DirectFields, direct};
use super::receiver::{Cause, Receiver};
use super::sender::{Answer, Origin, SendError};
use crate::code::Code;
use crate::config::OnTimeout;
use crate::event_rows::member_rows;
use crate::files::signing::FileSigner;
use crate::reply::Failure;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::operations::send_message::SendMessage;
use landfall_domain::people::message::MessageKey;
use landfall_domain::people::operations::send_direct::SendDirect;
use landfall_domain::people::operations::send_official::SendOfficial;
use landfall_domain::time::Timestamp;
use std::ops::RangeInclusive;

/// Whether a group may be made.
const CREATE: &str = "Group.CallbackBeforeCreateGroup";
/// Whether accounts may be added.
pub const INVITE: &str = "Group.CallbackBeforeInviteJoinGroup";
/// Whether an account may join, or apply to.
pub const APPLY: &str = "Group.CallbackBeforeApplyJoinGroup";
/// Whether a message may be sent.
pub const SEND: &str = "Group.CallbackBeforeSendMsg";
/// Whether a message may be sent to an account.
pub const SEND_DIRECT: &str = "C2C.CallbackBeforeSendMsg";
/// Whether a topic may be made.
pub const CREATE_TOPIC: &str = "Group.CallbackBeforeCreateTopic";

/// Whether an official account may be made.
const CREATE_OFFICIAL: &str = "OfficialAccount.CallbackBeforeCreateOfficialAccount";
/// Whether accounts may subscribe.
const SUBSCRIBE: &str = "OfficialAccount.CallbackBeforeAddSubscriber";
/// Whether an official account may send a message.
const SEND_OFFICIAL: &str = "OfficialAccount.CallbackBeforeSendMsg";

/// Codes of a receiver that refuse, and that the caller gets as they are. [doc]
const HANDED_ON: RangeInclusive<i64> = 10_100..=10_200;
/// Those about messages to accounts, and about official accounts. [doc]
const HANDED_ON_DIRECT: RangeInclusive<i64> = 120_001..=130_000;

/// A question to a receiver.
pub enum Question<'a> {
    /// Whether a group may be made.
    Create {
        /// Its owner.
        owner: Option<&'a UserId>,
        /// Its type.
        kind: GroupType,
        /// Its name.
        name: &'a str,
        /// Its first members.
        members: Vec<&'a UserId>,
    },
    /// Whether accounts may be added.
    Invite {
        /// To this group.
        group: &'a GroupId,
        /// Its type.
        kind: GroupType,
        /// The accounts.
        accounts: &'a [UserId],
    },
    /// Whether an account may join, or apply to.
    Apply {
        /// This group.
        group: &'a GroupId,
        /// Its type.
        kind: GroupType,
        /// The account.
        applicant: &'a UserId,
        /// What it says.
        text: &'a str,
    },
    /// Whether a message may be sent.
    Send {
        /// The message.
        message: &'a SendMessage,
        /// The type of its group.
        kind: GroupType,
    },
    /// Whether a message may be sent to an account.
    SendDirect {
        /// The message.
        message: &'a SendDirect,
        /// The account.
        receiver: &'a UserId,
        /// What will identify it.
        key: MessageKey,
    },
    /// Whether a topic may be made.
    CreateTopic {
        /// The type of its group.
        kind: GroupType,
        /// Its name.
        name: &'a str,
    },
    /// Whether an official account may be made.
    CreateOfficial {
        /// Its owner.
        owner: &'a UserId,
        /// Its name.
        name: &'a str,
    },
    /// Whether accounts may subscribe.
    Subscribe {
        /// To this official account.
        official: &'a UserId,
        /// The accounts.
        accounts: &'a [UserId],
    },
    /// Whether an official account may send a message.
    SendOfficial(&'a SendOfficial),
}

/// The outcome of a question that was not refused.
#[derive(Debug)]
pub enum Verdict<Wish> {
    /// It may happen, with the changes that the receiver wants; `None` when there was no usable answer.
    GoOn(Option<Wish>),
    /// It does not happen, and the caller is answered as if it had.
    Drop,
}

impl Question<'_> {
    /// The name of the event.
    #[must_use]
    pub fn command(&self) -> &'static str {
        match self {
            Self::Create { .. } => CREATE,
            Self::Invite { .. } => INVITE,
            Self::Apply { .. } => APPLY,
            Self::Send { .. } => SEND,
            Self::SendDirect { .. } => SEND_DIRECT,
            Self::CreateTopic { .. } => CREATE_TOPIC,
            Self::CreateOfficial { .. } => CREATE_OFFICIAL,
            Self::Subscribe { .. } => SUBSCRIBE,
            Self::SendOfficial(_) => SEND_OFFICIAL,
        }
    }

    fn body(&self, operator: &UserId) -> Body {
        let body = Body::new(self.command());
        match self {
            Self::Create { owner, kind, name, members: first } => body
                .with("Operator_Account", &operator.as_str())
                .with("Owner_Account", &owner.map_or("", UserId::as_str))
                .with("Type", &kind.as_str())
                .with("Name", name)
                .with("MemberList", &member_rows(first.iter().copied())),
            Self::Invite { group, kind, accounts } => body
                .with("GroupId", &group.as_str())
                .with("Type", &kind.as_str())
                .with("Operator_Account", &operator.as_str())
                .with("DestinationMembers", &member_rows(*accounts)),
            Self::Apply { group, kind, applicant, text } => body
                .with("GroupId", &group.as_str())
                .with("Type", &kind.as_str())
                .with("Requestor_Account", &applicant.as_str())
                .with("ApplyMsg", text),
            Self::Send { message: asked, kind } => {
                message(body, &asked.group, *kind, operator, &(*asked).into())
            }
            Self::SendDirect { message, receiver, key } => {
                direct(body, &DirectFields::of_request(message, receiver, *key))
            }
            Self::CreateTopic { kind, name } => body
                .with("Operator_Account", &operator.as_str())
                .with("Type", &kind.as_str())
                .with("Name", name),
            Self::CreateOfficial { owner, name } => official_body::creation(body, operator, owner, name),
            Self::Subscribe { official, accounts } => {
                official_body::subscribers(body, official, operator, accounts)
            }
            Self::SendOfficial(message) => {
                official_body::said(body, &message.official, message.online_only, &message.body)
            }
        }
    }
}

/// Asks the receiver of an app, when it wants to be asked. `read` reads an answer that allows the change: what the receiver
/// wants altered, or why the answer cannot be used.
///
/// # Errors
/// It refused, or gave no usable answer where that refuses.
pub async fn ask<Wish>(
    receiver: Option<&Receiver>,
    question: Question<'_>,
    read: impl FnOnce(&Answer) -> Result<Wish, String>,
    cause: &Cause,
    files: &FileSigner,
    now: Timestamp,
) -> Result<Verdict<Wish>, Failure> {
    let command = question.command();
    let Some(receiver) = receiver.filter(|receiver| receiver.config.wants(command)) else {
        return Ok(Verdict::GoOn(None));
    };
    let answered = match question.body(&cause.operator).end(cause.millis) {
        Some(body) => {
            let origin =
                Origin { client_ip: cause.client_ip.to_string(), platform: cause.platform_name().into() };
            receiver
                .post(command, origin, files.signed(body.get()), now, |answer| judge(command, answer, read))
                .await
        }
        None => Err(SendError::Unwritable),
    };
    answered.unwrap_or_else(|error| {
        let app = receiver.sender.app();
        let fate = error.fate();
        tracing::warn!(%app, command, %error, "{command}: the receiver of app {app} {fate}: {error}");
        match receiver.config.on_timeout {
            OnTimeout::Allow => Ok(Verdict::GoOn(None)),
            OnTimeout::Refuse => {
                Err(Code::WebhookTimeout.because("the app's webhook gave no usable answer in time"))
            }
        }
    })
}

/// What an answer means. Its other fields are read only when the code allows the call.
fn judge<Wish>(
    command: &str,
    answer: Answer,
    read: impl FnOnce(&Answer) -> Result<Wish, String>,
) -> Result<Result<Verdict<Wish>, Failure>, SendError> {
    let (refusal, handed_on) = match command {
        SEND_DIRECT => (Code::DirectRefused, HANDED_ON_DIRECT),
        CREATE_OFFICIAL | SUBSCRIBE | SEND_OFFICIAL => (Code::WebhookRefused, HANDED_ON_DIRECT),
        _ => (Code::WebhookRefused, HANDED_ON),
    };
    Ok(match answer.error_code {
        0 => Ok(Verdict::GoOn(Some(read(&answer).map_err(SendError::unusable)?))),
        2 if [SEND, SEND_DIRECT, SEND_OFFICIAL].contains(&command) => Ok(Verdict::Drop),
        code if handed_on.contains(&code) => {
            let mut refused = refusal.because(answer.error_info);
            refused.webhook_code = u32::try_from(code).ok();
            Err(refused)
        }
        // 1 is the documented code; a code without a meaning must not allow the change. [choice]
        _ => Err(refusal.because("the app's webhook refused it")),
    })
}
