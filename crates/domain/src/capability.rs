//! What groups of each type can do: the documented table, once. [doc]

use crate::group::GroupType;

/// Which changes leave a tip, a message of the system's own, in the group's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredTips {
    /// A member joins, leaves or is removed.
    pub members: bool,
    /// Name, introduction, notice, picture or owner change.
    pub profile: bool,
    /// A member is muted or gets another role.
    pub member_profile: bool,
}

/// What groups of one type can do over the REST API, whose caller has all rights: all that can refuse is the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Groups, members and messages may be imported.
    pub import: bool,
    /// Accounts outside the group may learn that it exists.
    pub findable: bool,
    /// Memberships are kept.
    pub members: bool,
    /// Members can be made administrators.
    pub admins: bool,
    /// The owner may leave or be removed; the group then has none.
    pub owner_leaves: bool,
    /// Members can be removed.
    pub removal: bool,
    /// Members can be muted.
    pub mute: bool,
    /// Accounts can be banned.
    pub ban: bool,
    /// Members have a count of unread messages.
    pub unread: bool,
    /// Messages are kept, and can be read and recalled.
    pub history: bool,
    /// The history can be cleared.
    pub clear: bool,
    /// Newcomers see earlier messages unless the group says otherwise; `None` where it cannot say.
    pub history_before_join: Option<bool>,
    /// Messages have read receipts and extensions.
    pub receipts: bool,
    /// Visitors are known only while they are connected; administrators and marks are kept instead of members.
    pub live: bool,
    /// The group has counters.
    pub counters: bool,
    /// The group can have topics and permission groups.
    pub topics: bool,
    /// Only the owner sees a new group until something was said in it.
    pub activation: bool,
    /// Which changes are kept in the history.
    pub tips: StoredTips,
}

const ALL_TIPS: StoredTips = StoredTips { members: true, profile: true, member_profile: true };

static PRIVATE: Capabilities = Capabilities {
    import: true,
    findable: false,
    members: true,
    admins: false,
    owner_leaves: true,
    removal: true,
    mute: false,
    ban: true,
    unread: true,
    history: true,
    clear: true,
    history_before_join: Some(false),
    receipts: true,
    live: false,
    counters: true,
    topics: false,
    activation: true,
    tips: ALL_TIPS,
};

static PUBLIC: Capabilities = Capabilities {
    findable: true,
    admins: true,
    owner_leaves: false,
    mute: true,
    activation: false,
    ..PRIVATE
};

static CHAT_ROOM: Capabilities = Capabilities {
    unread: false,
    history_before_join: Some(true),
    tips: StoredTips { members: false, profile: true, member_profile: false },
    ..PUBLIC
};

static AV_CHAT_ROOM: Capabilities = Capabilities {
    import: false,
    members: false,
    admins: false,
    removal: false,
    unread: false,
    history: false,
    clear: false,
    history_before_join: None,
    receipts: false,
    live: true,
    tips: StoredTips { members: false, profile: false, member_profile: false },
    ..PUBLIC
};

static COMMUNITY: Capabilities = Capabilities {
    ban: false,
    clear: false,
    history_before_join: None,
    counters: false,
    topics: true,
    ..PUBLIC
};

impl Capabilities {
    /// Those of one type.
    #[must_use]
    pub fn of(kind: GroupType) -> &'static Self {
        match kind {
            GroupType::Private => &PRIVATE,
            GroupType::Public => &PUBLIC,
            GroupType::ChatRoom => &CHAT_ROOM,
            GroupType::AvChatRoom => &AV_CHAT_ROOM,
            GroupType::Community => &COMMUNITY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line for each capability: for which of Private, Public, ChatRoom, AVChatRoom, Community.
    const TABLE: &str = "
        import                yes yes yes no  yes
        findable              no  yes yes yes yes
        members               yes yes yes no  yes
        admins                no  yes yes no  yes
        owner_leaves          yes no  no  no  no
        removal               yes yes yes no  yes
        mute                  no  yes yes yes yes
        ban                   yes yes yes yes no
        unread                yes yes no  no  yes
        history               yes yes yes no  yes
        clear                 yes yes yes no  no
        history_before_join   no  no  yes -   -
        receipts              yes yes yes no  yes
        live                  no  no  no  yes no
        counters              yes yes yes yes no
        topics                no  no  no  no  yes
        activation            yes no  no  no  no
        tips_members          yes yes no  no  yes
        tips_profile          yes yes yes no  yes
        tips_member_profile   yes yes no  no  yes";

    #[test]
    fn the_types_are_as_documented() {
        let column = |kind: GroupType| {
            let Capabilities {
                import,
                findable,
                members,
                admins,
                owner_leaves,
                removal,
                mute,
                ban,
                unread,
                history,
                clear,
                history_before_join,
                receipts,
                live,
                counters,
                topics,
                activation,
                tips,
            } = *kind.can();
            [
                Some(import),
                Some(findable),
                Some(members),
                Some(admins),
                Some(owner_leaves),
                Some(removal),
                Some(mute),
                Some(ban),
                Some(unread),
                Some(history),
                Some(clear),
                history_before_join,
                Some(receipts),
                Some(live),
                Some(counters),
                Some(topics),
                Some(activation),
                Some(tips.members),
                Some(tips.profile),
                Some(tips.member_profile),
            ]
        };
        let columns = GroupType::ALL.map(column);
        let rows: Vec<Vec<&str>> =
            TABLE.trim().lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows.len(), columns[0].len());
        for (index, row) in rows.iter().enumerate() {
            for (kind, column) in columns.iter().enumerate() {
                let word = match column[index] {
                    Some(true) => "yes",
                    Some(false) => "no",
                    None => "-",
                };
                assert_eq!(word, row[kind + 1], "{} of {:?}", row[0], GroupType::ALL[kind]);
            }
        }
    }
}
