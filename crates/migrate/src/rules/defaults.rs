//! What holds where a record does not say, in one place: checking, importing and verifying agree on it.
//!
//! [choice] Rows that a source does not have are settled by defaults, not faults: a group without `CreateTime` was made one
//! second before its first message or first member, one without either a day ago; a message of the very second of
//! `CreateTime` moves it back by one; a member without `JoinTime`, or with that of `CreateTime`, joined one second after it,
//! and so sees the history; a group without `MaxMemberNum` holds 2,000 members, or all that the file lists; a community
//! with topics has `SupportTopic`; an author without an account record becomes an account without a profile.

use crate::format::{Group, Member, Read, Topic};
use crate::ordered::Outline;
use landfall_domain::group::GroupType;
use landfall_domain::limits::{Limits, MAX_MEMBERS_DEFAULT};
use landfall_domain::time::Timestamp;

/// How long ago a group was made of which nothing is known, seconds: before the export, so that a later export fits.
const DAY: u64 = 86_400;

/// A time of the API, where 0 stands for none.
#[must_use]
pub fn given(time: Option<u64>) -> Option<u64> {
    time.filter(|time| *time != 0)
}

/// An optional text of the API, where the empty one stands for none.
#[must_use]
pub fn text(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// `CreateTime` that a group is imported with, seconds since 1970. `outline` comes with its record.
#[must_use]
pub fn created(group: &Group, outline: &Outline, now: Timestamp) -> u64 {
    match given(group.create_time) {
        Some(created) if outline.first_message == Some(created) => created.saturating_sub(1).max(1),
        Some(created) => created,
        None => created_of_unknown(outline, now),
    }
}

/// `CreateTime` of a group that does not say it, or that has no record.
#[must_use]
pub fn created_of_unknown(outline: &Outline, now: Timestamp) -> u64 {
    let day_ago = now.0.saturating_sub(DAY);
    let first = outline.first_message.into_iter().chain(outline.first_join).min();
    first.map(|first| first.saturating_sub(1)).filter(|time| *time < now.0).unwrap_or(day_ago).max(1)
}

/// `JoinTime` that a member is imported with, seconds since 1970. `created` is the group's [`created`].
#[must_use]
pub fn joined(member: &Member, created: u64) -> u64 {
    given(member.join_time).filter(|joined| *joined != created).unwrap_or(created + 1)
}

/// The owner that a group is imported with: the one it names, or the first member with the role.
#[must_use]
pub fn owner<'a>(group: &'a Group, outline: &'a Outline) -> Option<&'a str> {
    text(group.owner.as_deref()).or(outline.owner.as_deref())
}

/// `MaxMemberNum` that a group is imported with. [`MAX_MEMBERS_DEFAULT`] need not be sent.
#[must_use]
pub fn max_members(group: &Group, kind: GroupType, outline: &Outline, limits: &Limits) -> u32 {
    // The owner need not be among the records.
    let listed = outline.members.saturating_add(1);
    group
        .max_member_num
        .filter(|max| *max != 0)
        .unwrap_or_else(|| listed.max(MAX_MEMBERS_DEFAULT).min(max_members_limit(kind, limits)))
}

/// The largest `MaxMemberNum` of groups of a type.
#[must_use]
pub fn max_members_limit(kind: GroupType, limits: &Limits) -> u32 {
    match kind {
        GroupType::Community => limits.max_members_community,
        GroupType::Private | GroupType::Public | GroupType::ChatRoom | GroupType::AvChatRoom => {
            limits.max_members
        }
    }
}

/// Whether a group is imported with `SupportTopic`.
#[must_use]
pub fn supports_topics(group: &Group, kind: GroupType, outline: &Outline) -> bool {
    kind.can().topics && group.support_topic.map_or(0 < outline.topics, |given| given == 1)
}

/// `CreateTime` that a topic is imported with, seconds since 1970. `created` is the group's [`created`].
#[must_use]
pub fn topic_created(topic: &Topic, created: u64) -> u64 {
    given(topic.create_time).unwrap_or(created)
}

/// How far a member has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadUpTo<'a> {
    /// So many messages, counted from the end, are not read.
    Unread(u32),
    /// Up to the message with this `key`.
    Key(&'a str),
    /// Everything sent up to then, milliseconds since 1970.
    Ms(u64),
}

/// What a read mark says. Where it has several of the three members, the first in this order counts: `UnreadMsgNum`, `read_key`,
/// `read_ms`.
#[must_use]
pub fn read_up_to(read: &Read) -> Option<ReadUpTo<'_>> {
    let unread = read.unread_msg_num.map(ReadUpTo::Unread);
    let key = || text(read.read_key.as_deref()).map(ReadUpTo::Key);
    unread.or_else(key).or_else(|| read.read_ms.map(ReadUpTo::Ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn outline(first_message: Option<u64>, first_join: Option<u64>) -> Outline {
        Outline { first_message, first_join, ..Outline::default() }
    }

    fn made(create_time: Option<u64>, outline: &Outline) -> u64 {
        created(&Group { create_time, ..Group::default() }, outline, NOW)
    }

    #[test]
    fn a_group_without_a_time_is_made_before_what_happened_in_it() {
        assert_eq!(made(None, &outline(Some(9), Some(7))), 6);
        assert_eq!(made(Some(0), &outline(Some(9), None)), 8);
        assert_eq!(made(None, &Outline::default()), NOW.0 - DAY);
        assert_eq!(made(None, &outline(Some(1), None)), 1);
        assert_eq!(made(None, &outline(Some(NOW.0 + 2), None)), NOW.0 - DAY);
    }

    #[test]
    fn a_time_that_is_given_moves_for_a_message_of_the_same_second_only() {
        assert_eq!(made(Some(9), &outline(Some(9), Some(9))), 8);
        assert_eq!(made(Some(9), &outline(Some(10), Some(9))), 9);
        assert_eq!(made(Some(9), &outline(Some(3), None)), 9);
    }

    #[test]
    fn members_join_such_that_they_see_the_history() {
        let join = |join_time| joined(&Member { join_time, ..Member::default() }, 5);
        assert_eq!([join(None), join(Some(0)), join(Some(5)), join(Some(7))], [6, 6, 6, 7]);
    }

    #[test]
    fn a_group_that_names_no_limit_holds_the_members_that_are_listed() {
        let max = |max_member_num, members| {
            let group = Group { max_member_num, ..Group::default() };
            let outline = Outline { members, ..Outline::default() };
            max_members(&group, GroupType::Public, &outline, &Limits::FAITHFUL)
        };
        assert_eq!(
            [max(None, 3), max(None, 3_000), max(None, 9_000), max(Some(7), 9)],
            [2_000, 3_001, 6_000, 7]
        );
    }

    #[test]
    fn the_first_of_several_read_marks_counts() {
        let read = Read { read_ms: Some(1), read_key: Some("k".to_owned()), ..Read::default() };
        assert_eq!(read_up_to(&read), Some(ReadUpTo::Key("k")));
        assert_eq!(read_up_to(&Read { unread_msg_num: Some(0), ..read }), Some(ReadUpTo::Unread(0)));
        assert_eq!(read_up_to(&Read::default()), None);
    }
}
