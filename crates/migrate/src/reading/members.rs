//! Members of a group.

use super::ask::is_too_long;
use super::rows::or_default;
use super::{GroupRow, MemberRow, Reading};
use crate::server::CallError;
use serde::Deserialize;
use serde_json::json;

const MEMBERS_PER_PAGE: u32 = 100;

/// Where a page of members begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberPlace {
    /// So many members come before it.
    Offset(u32),
    /// What the page before named; communities have this one.
    Next(String),
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct MemberAnswer {
    #[serde(deserialize_with = "or_default")]
    member_list: Vec<MemberRow>,
    next: String,
}

impl MemberPlace {
    /// The first page of a group.
    #[must_use]
    pub fn first(group: &GroupRow) -> Self {
        if group.is_community() { Self::Next(String::new()) } else { Self::Offset(0) }
    }

    /// The page behind one that had `rows` members and named `next`; `None` behind the last one.
    fn behind(&self, rows: usize, next: String) -> Option<Self> {
        match self {
            Self::Offset(_) if rows == 0 => None,
            Self::Offset(before) => before.checked_add(u32::try_from(rows).ok()?).map(Self::Offset),
            Self::Next(this) => (!next.is_empty() && next != *this).then_some(Self::Next(next)),
        }
    }
}

impl Reading<'_> {
    /// A page of the members of a group, and where the next one begins. The last one of a group may be empty.
    ///
    /// # Errors
    /// The server refuses, or does not answer.
    pub async fn members(
        &self,
        group: &str,
        place: &MemberPlace,
    ) -> Result<(Vec<MemberRow>, Option<MemberPlace>), CallError> {
        let mut limit = MEMBERS_PER_PAGE;
        loop {
            let body = match place {
                MemberPlace::Offset(offset) => json!({ "GroupId": group, "Limit": limit, "Offset": offset }),
                MemberPlace::Next(next) => json!({ "GroupId": group, "Limit": limit, "Next": next }),
            };
            match self.ask::<MemberAnswer>("group_open_http_svc/get_group_member_info", &body).await {
                Ok(MemberAnswer { member_list, next }) => {
                    let behind = place.behind(member_list.len(), next);
                    return Ok((member_list, behind));
                }
                Err(error) if is_too_long(&error) && 1 < limit => limit /= 2,
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_members_end() {
        let group = GroupRow::default();
        let first = MemberPlace::first(&group);
        assert_eq!(first.behind(100, String::new()), Some(MemberPlace::Offset(100)));
        assert_eq!(MemberPlace::Offset(100).behind(0, String::new()), None);
        let community = GroupRow { kind: "Community".to_owned(), ..GroupRow::default() };
        let first = MemberPlace::first(&community);
        assert_eq!(first.behind(0, "@ann".to_owned()), Some(MemberPlace::Next("@ann".to_owned())));
        assert_eq!(first.behind(100, String::new()), None);
        // A server that names the same page again has no more.
        assert_eq!(MemberPlace::Next("@ann".to_owned()).behind(100, "@ann".to_owned()), None);
    }
}
