//! The statements about messages of groups.

use super::Statement;
#[cfg(test)]
use super::{Key, Writing};
use crate::postgres::rows;
use std::borrow::Cow;
use std::sync::LazyLock;

statements! {
    /// $5 and $6, the lowest and the highest number: the planner may rather read all messages between them.
    MESSAGES_NUMBERED: Group = format!(
        "SELECT {} FROM landfall.messages
        WHERE sdk_app_id = $1 AND group_id = $2 AND topic = $3 AND seq = ANY($4::bigint[])
            AND seq >= $5 AND seq <= $6",
        rows::MESSAGES.columns()
    );
    NEWEST_MESSAGES: Group = format!(
        "SELECT {} FROM landfall.messages
        WHERE sdk_app_id = $1 AND group_id = $2 AND topic = $3 AND seq <= $4 ORDER BY seq DESC LIMIT $5",
        rows::MESSAGES.columns()
    );
    /// Of each group those with numbers behind one, up to another: the rows of few numbers, so that the planner looks up each group.
    MESSAGES_OF_GROUPS: Group = format!(
        "SELECT group_id, {} FROM landfall.messages, unnest($2::text[], $3::bigint[], $4::bigint[]) AS new (id, behind, last)
        WHERE sdk_app_id = $1 AND group_id = ANY($2::text[]) AND group_id = id AND topic = '' AND seq > behind
            AND seq <= last",
        rows::MESSAGES.columns()
    );
    /// Those of them that may mention somebody: most messages have no details.
    MENTIONS_OF_GROUPS: Group = format!(
        r#"SELECT group_id, {} FROM landfall.messages, unnest($2::text[], $3::bigint[], $4::bigint[]) AS new (id, behind, last)
        WHERE sdk_app_id = $1 AND group_id = ANY($2::text[]) AND group_id = id AND topic = '' AND seq > behind
            AND seq <= last AND details <> '' AND details ~ '"at_everybody":true|"at":\["'"#,
        rows::MESSAGES.columns()
    );
    MESSAGES_BY_RANDOM: Group = format!(
        "SELECT {} FROM landfall.messages
        WHERE sdk_app_id = $1 AND group_id = $2 AND topic = $3 AND random = ANY($4::bigint[]) AND random >= 0
            AND sent >= $5",
        rows::MESSAGES.columns()
    );
    OLDEST_MESSAGES: Group = "
        SELECT seq, sent FROM landfall.messages
        WHERE sdk_app_id = $1 AND group_id = $2 AND topic = $3 AND seq >= $4 ORDER BY seq LIMIT $5";
    REMOVE_MESSAGES_BELOW: Group = "
        DELETE FROM landfall.messages WHERE sdk_app_id = $1 AND group_id = $2 AND topic = $3 AND seq < $4";
    REMOVE_ALL_MESSAGES: Group = "
        DELETE FROM landfall.messages WHERE sdk_app_id = $1 AND group_id = $2";
    REMOVE_DAYS_BEFORE: Group = "
        DELETE FROM landfall.message_days
        WHERE sdk_app_id = $1 AND group_id = $2 AND topic = $3 AND day < $4";
    REMOVE_ALL_DAYS: Group = "
        DELETE FROM landfall.message_days WHERE sdk_app_id = $1 AND group_id = $2";
}
