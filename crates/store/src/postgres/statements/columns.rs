//! The columns that statements read, each list once.

/// The columns of a group, in the order in which `rows` reads them.
macro_rules! group_columns {
    () => {
        "groups.group_id, groups.kind, groups.name, groups.introduction, groups.notification, groups.face_url, \
         groups.fields::text, groups.max_members, groups.join_option, groups.owner, groups.support_topic, \
         groups.invite_option, groups.mute_all, groups.created, groups.info_seq, groups.info_changed, \
         groups.next_message_seq, groups.last_message, groups.read_by_all, groups.cleared, groups.first_kept, \
         groups.history_before_join, groups.permissions_enabled, groups.default_permissions, groups.active, \
         groups.member_count, groups.list_position"
    };
}

/// The columns of a member, in the order in which `rows` reads them.
macro_rules! member_columns {
    () => {
        member_columns!("")
    };
    ($of:literal) => {
        concat!(
            $of,
            "account, ",
            $of,
            "role, ",
            $of,
            "joined, ",
            $of,
            "read_seq, ",
            $of,
            "read_made_at, ",
            $of,
            "receive_option, ",
            $of,
            "muted_until, ",
            $of,
            "last_message, ",
            $of,
            "name_card, ",
            $of,
            "fields::text"
        )
    };
}

/// The columns of an account, in the order in which `rows` reads them.
macro_rules! account_columns {
    () => {
        "account, nick, face_url, created, placeholder, signatures_from"
    };
}

/// The columns of a part, in the order in which `rows` reads them.
macro_rules! part_columns {
    () => {
        "kind, name, part"
    };
}

/// The columns of a message, in the order in which `rows` reads them.
macro_rules! message_columns {
    () => {
        "topic, seq, sent, sender, random, priority, state, elements, custom, details"
    };
}

/// The columns of a lane, in the order in which `rows` reads them.
macro_rules! lane_columns {
    () => {
        "claim, failures, first, next"
    };
}
