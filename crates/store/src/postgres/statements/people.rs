//! The statements about facts and about messages between two accounts.

#[cfg(test)]
use super::Key;
use super::{Statement, Writing};
use crate::postgres::rows;
use std::borrow::Cow;
use std::sync::LazyLock;

statements! {
    PUT_FACTS: Subject writes rows::FACTS.put();
    FACTS_OF_SUBJECTS: Subject = format!(
        "SELECT subject, {} FROM landfall.facts
        WHERE sdk_app_id = $1 AND subject = ANY($2::text[]) AND kind = $3 AND name = $4",
        rows::FACTS.columns()
    );
    /// $5 and $6, the lowest and the highest name: as with `MESSAGES_NUMBERED`.
    FACTS_NAMED: Subject = format!(
        "SELECT subject, {} FROM landfall.facts
        WHERE sdk_app_id = $1 AND subject = $2 AND kind = $3 AND name = ANY($4::text[]) AND name >= $5 AND name <= $6",
        rows::FACTS.columns()
    );
    FACT_RANGE: Subject = format!(
        "SELECT subject, {} FROM landfall.facts
        WHERE sdk_app_id = $1 AND subject = $2 AND kind = $3 AND name >= $4 AND name < $5 ORDER BY name LIMIT $6",
        rows::FACTS.columns()
    );
    FACT_COUNT: Subject = "
        SELECT count(*) FROM landfall.facts
        WHERE sdk_app_id = $1 AND subject = $2 AND kind = $3 AND name >= $4 AND name < $5";
    REMOVE_FACTS: Subject = "
        DELETE FROM landfall.facts
        WHERE sdk_app_id = $1 AND subject = $2 AND kind = $3 AND name = ANY($4::text[]) AND name >= $5 AND name <= $6";
    REMOVE_FACT_RANGE: Subject = "
        DELETE FROM landfall.facts
        WHERE sdk_app_id = $1 AND subject = $2 AND kind = $3 AND name >= $4 AND name < $5";
    REMOVE_FACTS_OF: Subject = "
        DELETE FROM landfall.facts WHERE sdk_app_id = $1 AND subject = ANY($2::text[])";
    INSERT_DIRECT: Subject writes rows::DIRECT_MESSAGES.insert();
    PUT_DIRECT: Subject writes rows::DIRECT_MESSAGES.put();
    /// $4 and $5, the lowest and the highest number: as with `MESSAGES_NUMBERED`.
    DIRECT_NUMBERED: Subject = format!(
        "SELECT {} FROM landfall.direct_messages
        WHERE sdk_app_id = $1 AND subject = $2 AND seq = ANY($3::bigint[]) AND seq >= $4 AND seq <= $5",
        rows::DIRECT_MESSAGES.columns()
    );
    DIRECT_AFTER: Subject = format!(
        "SELECT {} FROM landfall.direct_messages
        WHERE sdk_app_id = $1 AND subject = $2 AND seq > $3 ORDER BY seq LIMIT $4",
        rows::DIRECT_MESSAGES.columns()
    );
    DIRECT_KEYED: Subject = format!(
        "SELECT {} FROM landfall.direct_messages
        WHERE sdk_app_id = $1 AND subject = $2 AND sent = $3 AND number = $4 AND random = $5",
        rows::DIRECT_MESSAGES.columns()
    );
    DIRECT_BETWEEN: Subject = format!(
        "SELECT {} FROM landfall.direct_messages
        WHERE sdk_app_id = $1 AND subject = $2 AND (sent, number, random) >= ($3, $4, $5)
            AND (sent, number, random) < ($6, $7, $8)
        ORDER BY sent DESC, number DESC, random DESC LIMIT $9",
        rows::DIRECT_MESSAGES.columns()
    );
    DIRECT_REPEATED: Subject = format!(
        "SELECT {} FROM landfall.direct_messages
        WHERE sdk_app_id = $1 AND subject = $2 AND sent >= $3 AND number = $4 AND random = $5",
        rows::DIRECT_MESSAGES.columns()
    );
    OLDEST_DIRECT: Subject = "
        SELECT seq FROM landfall.direct_messages
        WHERE sdk_app_id = $1 AND subject = $2 AND sent < $3 ORDER BY sent LIMIT $4";
    /// $4 and $5, the lowest and the highest number: as with `MESSAGES_NUMBERED`.
    REMOVE_DIRECT_NUMBERED: Subject = "
        DELETE FROM landfall.direct_messages
        WHERE sdk_app_id = $1 AND subject = $2 AND seq = ANY($3::bigint[]) AND seq >= $4 AND seq <= $5";
    REMOVE_DIRECT: Subject = "
        DELETE FROM landfall.direct_messages WHERE sdk_app_id = $1 AND subject = ANY($2::text[])";
    INSERT_DIRECT_DAYS: Subject writes rows::DIRECT_DAYS.insert_missing();
    REMOVE_DIRECT_DAYS: Subject = "
        DELETE FROM landfall.direct_days WHERE sdk_app_id = $1 AND subject = ANY($2::text[])";
    REMOVE_DIRECT_DAYS_BEFORE: Subject = "
        DELETE FROM landfall.direct_days WHERE sdk_app_id = $1 AND subject = $2 AND day < $3";

    COPY_FACTS: Copy = format!(
        "SELECT sdk_app_id, subject, {} FROM landfall.facts
        WHERE (sdk_app_id, subject, kind, name) > ($1, $2, $3::bigint, $4)
        ORDER BY sdk_app_id, subject, kind, name LIMIT $5",
        rows::FACTS.columns()
    );
    COPY_DIRECT: Copy = format!(
        "SELECT sdk_app_id, subject, {} FROM landfall.direct_messages
        WHERE (sdk_app_id, subject, seq) > ($1, $2, $3::bigint)
        ORDER BY sdk_app_id, subject, seq LIMIT $4",
        rows::DIRECT_MESSAGES.columns()
    );

    /// Which pairs have the oldest messages only all pairs together know.
    OLD_DIRECT_DAYS: List = "
        SELECT day, subject FROM landfall.direct_days
        WHERE sdk_app_id = $1 AND day <= $2 AND day >= 0 AND (day, subject) > ($3, $4)
        ORDER BY day, subject LIMIT $5";
    /// Who keeps facts about an account only all subjects together know.
    REMOVE_FACTS_NAMING: List = "
        DELETE FROM landfall.facts WHERE sdk_app_id = $1 AND peer = ANY($2::text[])";
}
