//! Members of a group, and how far they have read.

use super::text::{differs, differs_plainly, quoted};
use crate::format::{Member, Read};
use crate::reading::MemberRow;
use crate::rules::defaults::{self, ReadUpTo};
use std::collections::BTreeMap;

/// What the file says of the members of a group. The server's members are taken out of it one by one.
#[derive(Default)]
pub(super) struct Members {
    owner: Option<String>,
    created: u64,
    members: BTreeMap<String, Member>,
    /// Unread messages by account.
    unread: BTreeMap<String, u32>,
    /// How many members the file has, the owner among them.
    pub count: u64,
    /// The difference of the first account in order, whatever order the server has.
    difference: First,
    read_difference: First,
}

/// Of several differences, that of the account that comes first.
#[derive(Default)]
struct First(Option<(String, String)>);

impl First {
    fn offer(&mut self, account: &str, text: impl FnOnce() -> String) {
        if self.0.as_ref().is_none_or(|(first, _)| account < first.as_str()) {
            self.0 = Some((account.to_owned(), text()));
        }
    }
}

impl Members {
    /// `owner` is who owns the group by the file, `created` when the server says that it was made.
    pub(super) fn new(owner: Option<&str>, created: u64) -> Self {
        let owner = owner.map(str::to_owned);
        Self { count: u64::from(owner.is_some()), owner, created, ..Self::default() }
    }

    pub(super) fn add(&mut self, member: Member) {
        let is_owner = self.owner.as_ref() == Some(&member.account);
        if !is_owner && !self.members.contains_key(&member.account) {
            self.count += 1;
        }
        self.members.entry(member.account.clone()).or_insert(member);
    }

    /// `marks` has of each message of the group when it was sent (milliseconds) and the hash that it is found by.
    /// `missing` messages at the end of its history were left out.
    pub(super) fn add_read(&mut self, read: &Read, marks: &[(u64, u64)], missing: u32) {
        if let Some(unread) = unread(read, marks, missing) {
            self.unread.entry(read.account.clone()).or_insert(unread);
        }
    }

    /// Compares a member that the server has; `unread` is how many messages it has not read, where its group counts them.
    pub(super) fn compare(&mut self, row: &MemberRow, unread: Option<u32>) {
        let is_owner = self.owner.as_ref() == Some(&row.account);
        match self.members.remove(&row.account) {
            Some(member) => {
                if let Some(difference) = difference(&member, is_owner, self.created, row) {
                    self.difference
                        .offer(&row.account, || format!("member {}: {difference}", quoted(&row.account)));
                }
            }
            None if is_owner => {}
            None => self
                .difference
                .offer(&row.account, || format!("member {} is on the server only", quoted(&row.account))),
        }
        let expected = self.unread.remove(&row.account);
        let pair = expected.zip(unread).filter(|(expected, unread)| expected != unread);
        if let Some((expected, unread)) = pair {
            self.read_difference.offer(&row.account, || {
                let difference = differs_plainly("unread messages", expected, unread);
                format!("member {}: {difference}", quoted(&row.account))
            });
        }
    }

    /// The first difference among members, and the first one among read marks, after all of the server's members.
    pub(super) fn finish(mut self) -> (Option<String>, Option<String>) {
        for account in self.members.keys() {
            self.difference.offer(account, || format!("member {} is not on the server", quoted(account)));
        }
        let text = |First(first): First| first.map(|(_, text)| text);
        (text(self.difference), text(self.read_difference))
    }
}

fn difference(file: &Member, is_owner: bool, created: u64, server: &MemberRow) -> Option<String> {
    let role = if is_owner { "Owner" } else { defaults::text(file.role.as_deref()).unwrap_or("Member") };
    if role != server.role {
        return Some(differs("Role", role, &server.role));
    }
    // The owner joins when the group is made.
    let joined = defaults::joined(file, created);
    if joined != server.join_time && !is_owner {
        return Some(differs_plainly("JoinTime", joined, server.join_time));
    }
    let card = file.name_card.as_deref().filter(|card| *card != server.name_card);
    card.map(|card| differs("NameCard", card, &server.name_card))
}

/// How many messages of the group a member has not read.
fn unread(read: &Read, marks: &[(u64, u64)], missing: u32) -> Option<u32> {
    let all = u32::try_from(marks.len()).unwrap_or(u32::MAX);
    let read_up_to = match defaults::read_up_to(read)? {
        ReadUpTo::Unread(unread) => return Some(unread.saturating_sub(missing).min(all)),
        ReadUpTo::Key(key) => {
            let mark = super::messages::mark(&read.src, key);
            marks.iter().rposition(|(_, known)| *known == mark)? + 1
        }
        ReadUpTo::Ms(read_ms) => marks.partition_point(|(sent_ms, _)| *sent_ms <= read_ms),
    };
    Some(all.saturating_sub(u32::try_from(read_up_to).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::super::messages::mark;
    use super::*;

    fn member(account: &str) -> Member {
        Member { account: account.to_owned(), ..Member::default() }
    }

    fn row(account: &str, role: &str) -> MemberRow {
        MemberRow { account: account.to_owned(), role: role.to_owned(), join_time: 5, ..MemberRow::default() }
    }

    #[test]
    fn members_are_compared_in_any_order_and_the_first_difference_is_named() {
        let mut members = Members::new(Some("ann"), 4);
        for member in [member("ben"), member("cleo"), member("dora")] {
            members.add(member);
        }
        assert_eq!(members.count, 4);
        for row in [row("zoe", "Member"), row("dora", "Admin"), row("ann", "Owner"), row("cleo", "Member")] {
            members.compare(&row, None);
        }
        assert_eq!(members.finish().0.as_deref(), Some(r#"member "ben" is not on the server"#));
    }

    #[test]
    fn what_differs_about_a_member_is_named() {
        let file = Member { join_time: Some(5), name_card: Some("B".to_owned()), ..member("ben") };
        let same = MemberRow { name_card: "B".to_owned(), ..row("ben", "Member") };
        assert_eq!(difference(&file, false, 4, &same), None);
        for (row, expected) in [
            (row("ben", "Admin"), r#"Role differs: file "Member", server "Admin""#),
            (MemberRow { join_time: 6, ..same.clone() }, "JoinTime differs: file 5, server 6"),
            (
                MemberRow { name_card: "C".to_owned(), ..row("ben", "Member") },
                r#"NameCard differs: file "B", server "C""#,
            ),
        ] {
            assert_eq!(difference(&file, false, 4, &row).as_deref(), Some(expected));
        }
        assert_eq!(
            difference(
                &Member { join_time: Some(9), ..file },
                true,
                4,
                &MemberRow { role: "Owner".to_owned(), ..same }
            ),
            None
        );
    }

    #[test]
    fn read_marks_are_counts_times_or_keys() {
        let marks = [(1_000, mark("", "a")), (2_000, mark("", "b")), (3_000, mark("", "c"))];
        let count = |unread| Read { unread_msg_num: Some(unread), ..Read::default() };
        let time = |ms| Read { read_ms: Some(ms), ..Read::default() };
        let key = |key: &str| Read { read_key: Some(key.to_owned()), ..Read::default() };
        for (read, expected) in [
            (count(2), Some(2)),
            (count(9), Some(3)),
            (time(2_000), Some(1)),
            (time(999), Some(3)),
            (key("b"), Some(1)),
            (key("c"), Some(0)),
            (key("x"), None),
        ] {
            assert_eq!(unread(&read, &marks, 0), expected, "{read:?}");
        }
        assert_eq!(unread(&count(3), &marks, 2), Some(1));
    }

    #[test]
    fn unread_messages_are_compared() {
        let mut members = Members::new(None, 4);
        members.add(member("ben"));
        let read = Read { account: "ben".to_owned(), unread_msg_num: Some(1), ..Read::default() };
        members.add_read(&read, &[(1_000, 0), (1_001, 0)], 0);
        members.compare(&row("ben", "Member"), Some(2));
        let expected = r#"member "ben": unread messages differs: file 1, server 2"#;
        assert_eq!(members.finish(), (None, Some(expected.to_owned())));
    }
}
