//! System notices: they are sent to single users while these are online. No history stores them.

use super::frame::{self, FrameHeader};
use super::outgoing_frame::OutgoingFrame;
use crate::all_variants::all_variants;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::message::Conversation;
use landfall_domain::time::Timestamp;
use serde::Serialize;

all_variants! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum NoticeKind {
        /// An account applies to join a group of the receiver.
        ApplicationWaits,
        /// The application of the receiver was granted.
        Accepted,
        /// The application of the receiver was refused.
        Rejected,
        /// The receiver was removed from the group.
        Kicked,
        /// The group was dissolved.
        Dissolved,
        /// The receiver's group was created.
        Created,
        /// The receiver was added to the group.
        Invited,
        /// The receiver has left the group on another device.
        Quit,
        /// The receiver is an administrator of the group.
        AdminSet,
        /// The receiver is no longer an administrator of the group.
        AdminCancelled,
        /// The receiver has read up to a message, on whatever device.
        Read,
        /// The app sends a text of its own.
        Custom,
        /// The receiver may not send messages for some time.
        Muted,
        /// A topic was created.
        TopicCreated,
        /// A topic was dissolved.
        TopicDestroyed,
        /// The receiver must stay out of the group.
        Banned,
        /// The receiver may join again.
        Unbanned,
        /// A member invites an account, and the receiver is to agree.
        InvitationWaits,
    }
}

impl NoticeKind {
    /// Its number in the client protocol of the imitated service [doc], and a name for people.
    fn number_and_name(self) -> (u8, &'static str) {
        match self {
            Self::ApplicationWaits => (1, "ApplicationWaits"),
            Self::Accepted => (2, "Accepted"),
            Self::Rejected => (3, "Rejected"),
            Self::Quit => (8, "Quit"),
            Self::InvitationWaits => (24, "InvitationWaits"),
            Self::Kicked => (4, "Kicked"),
            Self::Dissolved => (5, "Dissolved"),
            Self::Created => (6, "Created"),
            Self::Invited => (7, "Invited"),
            Self::AdminSet => (9, "AdminSet"),
            Self::AdminCancelled => (10, "AdminCancelled"),
            Self::Read => (15, "Read"),
            Self::Custom => (16, "Custom"),
            Self::Muted => (17, "Muted"),
            Self::TopicCreated => (18, "TopicCreated"),
            Self::TopicDestroyed => (19, "TopicDestroyed"),
            Self::Banned => (22, "Banned"),
            Self::Unbanned => (23, "Unbanned"),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Notice<'a> {
    #[serde(flatten)]
    about: FrameHeader<'a>,
    notice_type: u8,
    notice_name: &'static str,
    #[serde(rename = "Operator_Account")]
    operator: &'a str,
    time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    mute_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_seq: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip)]
    kind: GroupType,
    #[serde(skip)]
    group: &'a GroupId,
}

impl<'a> Notice<'a> {
    /// About a group and a change that `operator` made there.
    pub(crate) fn new(
        notice: NoticeKind,
        kind: GroupType,
        group: &'a GroupId,
        operator: &'a UserId,
        now: Timestamp,
    ) -> Self {
        let (notice_type, notice_name) = notice.number_and_name();
        Self {
            about: FrameHeader::of_group("notice", kind, group, &Conversation::Group),
            notice_type,
            notice_name,
            operator: operator.as_str(),
            time: now.0,
            mute_time: None,
            msg_seq: None,
            content: None,
            kind,
            group,
        }
    }

    /// About a conversation of the group.
    pub(crate) fn at<'b>(self, conversation: &'b Conversation) -> Notice<'b>
    where
        'a: 'b,
    {
        Notice { about: FrameHeader::of_group("notice", self.kind, self.group, conversation), ..self }
    }

    /// With the seconds of a mute; 0 ends it.
    pub(crate) fn mute_time(self, seconds: u64) -> Self {
        Self { mute_time: Some(seconds), ..self }
    }

    /// With the number of a message.
    pub(crate) fn msg_seq(self, seq: u32) -> Self {
        Self { msg_seq: Some(seq), ..self }
    }

    /// With a text of the app.
    pub(crate) fn content(self, content: &'a str) -> Self {
        Self { content: Some(content), ..self }
    }

    /// For these accounts.
    pub(crate) fn to(&self, accounts: &[UserId]) -> OutgoingFrame {
        OutgoingFrame::to_accounts(frame::text(self), accounts)
    }

    /// For everybody in the group.
    pub(crate) fn to_all(&self) -> OutgoingFrame {
        OutgoingFrame::to_group(frame::text(self))
    }
}

#[cfg(test)]
mod tests {
    use super::super::page::rows;
    use super::*;
    use crate::all_variants::AllVariants as _;

    #[test]
    fn the_page_lists_every_notice_and_no_other() {
        let all = NoticeKind::ALL.iter().map(|kind| {
            let (number, name) = kind.number_and_name();
            (number.to_string(), format!("`{name}`"))
        });
        let listed =
            rows("### Notices").into_iter().map(|(number, name)| (number.to_owned(), name.to_owned()));
        assert_eq!(listed.collect::<Vec<_>>(), all.collect::<Vec<_>>());
    }
}
