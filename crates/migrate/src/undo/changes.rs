//! What was changed in a group since its import.

use super::UndoError;
use super::profiles::Profiles;
use crate::format::Group;
use crate::journal::{self, GroupReceipt, Journal, JournalError, hash};
use crate::reading::{Conversation, GroupRow, MemberPlace, MemberRow, Reading, TopicRow};
use crate::server::CallError;
use crate::verify::profile_difference;
use futures_util::stream::StreamExt as _;

/// The first change that is found; `None` when the group is as the import left it.
pub(super) async fn find(
    reading: &Reading<'_>,
    journal: &Journal,
    receipt: GroupReceipt,
    row: &GroupRow,
    profiles: &Profiles,
) -> Result<Option<String>, UndoError> {
    let number = receipt.number;
    if let Some(change) = profile(row, profiles.get(&row.group_id)) {
        return Ok(Some(change));
    }
    let imported = journal.conversation(journal::Conversation { group: number, topic: 0 })?.last_seq;
    let own = Conversation::group(&row.group_id);
    if let Some(change) = messages(reading, &own, row.last_seq(), imported).await? {
        return Ok(Some(change));
    }
    if row.support_topic == 1 {
        for topic in reading.topics(&row.group_id).await? {
            if let Some(change) = topic_change(reading, journal, (&row.group_id, number), &topic).await? {
                return Ok(Some(change));
            }
        }
    }
    if usize::try_from(row.member_num).is_ok_and(|number| number == row.member_list.len()) {
        return Ok(member_change(journal, number, &row.member_list)?);
    }
    let mut place = Some(MemberPlace::first(row));
    while let Some(this) = place {
        let (members, next) = reading.members(&row.group_id, &this).await?;
        if let Some(change) = member_change(journal, number, &members)? {
            return Ok(Some(change));
        }
        place = next;
    }
    Ok(None)
}

/// Whether the profile may have been changed: an import leaves the time of the last change at that of the creation.
pub(super) fn may_have_another_profile(row: &GroupRow) -> bool {
    row.error_code == 0 && row.last_info_time != row.create_time
}

fn profile(row: &GroupRow, file: Option<&Group>) -> Option<String> {
    if !may_have_another_profile(row) {
        return None;
    }
    match file {
        Some(file) => profile_difference(file, row),
        None => Some("its profile may have been changed".to_owned()),
    }
}

/// Whether something was said behind the last imported message. Tips are about members and profiles, which are looked at.
async fn messages(
    reading: &Reading<'_>,
    conversation: &Conversation,
    last: u32,
    imported: u32,
) -> Result<Option<String>, CallError> {
    if last <= imported {
        return Ok(None);
    }
    let pages = reading.history(conversation, imported + 1, last);
    let mut pages = std::pin::pin!(pages);
    while let Some(page) = pages.next().await {
        if let Some(row) = page?.rows.iter().find(|row| row.is_said()) {
            return Ok(Some(format!("MsgSeq {} was sent since", row.msg_seq)));
        }
    }
    Ok(None)
}

async fn topic_change(
    reading: &Reading<'_>,
    journal: &Journal,
    (group, number): (&str, u64),
    topic: &TopicRow,
) -> Result<Option<String>, UndoError> {
    let id = &topic.topic_id;
    if journal.topic(number, id)?.is_none() {
        return Ok(Some(format!("the topic {id} was made since")));
    }
    let of = journal::Conversation { group: number, topic: hash(id) };
    let imported = journal.conversation(of)?.last_seq;
    let conversation = Conversation::topic(group, id);
    let change = messages(reading, &conversation, topic.last_seq(), imported).await?;
    Ok(change.map(|change| format!("topic {id}: {change}")))
}

/// The owner may have come with the group, without a receipt of its own.
fn member_change(journal: &Journal, group: u64, rows: &[MemberRow]) -> Result<Option<String>, JournalError> {
    for row in rows.iter().filter(|row| row.role != "Owner") {
        if journal.member(group, &row.account)?.is_none() {
            return Ok(Some(format!("{} has joined since", row.account)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(last_info_time: u64) -> GroupRow {
        GroupRow {
            group_id: "g".to_owned(),
            kind: "Public".to_owned(),
            name: "Chess".to_owned(),
            create_time: 5,
            last_info_time,
            ..GroupRow::default()
        }
    }

    #[test]
    fn a_profile_is_compared_where_it_may_have_changed() {
        let file =
            |name: &str| Group { kind: "Public".to_owned(), name: name.to_owned(), ..Group::default() };
        assert_eq!(profile(&row(5), None), None);
        assert_eq!(profile(&row(9), None).as_deref(), Some("its profile may have been changed"));
        assert_eq!(profile(&row(9), Some(&file("Chess"))), None);
        let difference = r#"Name differs: file "Go", server "Chess""#;
        assert_eq!(profile(&row(9), Some(&file("Go"))).as_deref(), Some(difference));
    }
}
