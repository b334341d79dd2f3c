//! What two accounts are to each other: of friends, and of blocklists.

use super::{Items, internal, unknown_account};
use crate::call::ReadOnlyCall;
use crate::code::Code;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::FactKey;
use landfall_domain::people::snapshot::PeopleNeeds;
use serde::Serialize;
use std::borrow::Cow;

/// The words for what two are to each other.
pub(super) struct Words {
    /// Neither has the other.
    pub(super) none: &'static str,
    /// The first has the second.
    pub(super) first: &'static str,
    /// The second has the first.
    pub(super) second: &'static str,
    /// Each has the other.
    pub(super) both: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Row {
    #[serde(rename = "To_Account")]
    to_account: String,
    relation: &'static str,
    result_code: u32,
    result_info: Cow<'static, str>,
}

/// What is looked at: a kind of fact, and whether only the first account's is.
pub(super) struct Look {
    pub(super) key: fn(UserId) -> FactKey,
    pub(super) both: bool,
    pub(super) words: Words,
}

/// What an account and each of `items` are to each other, and the names of those that could not be looked at.
pub(super) async fn relations(
    account: UserId,
    items: Items<UserId>,
    look: Look,
    call: &ReadOnlyCall,
) -> Result<(Vec<Row>, Vec<String>), Failure> {
    let ids = || items.iter().filter_map(|(_, item)| item.as_ref().ok());
    let place = |of: &UserId, other: &UserId| (Subject::Account(of.clone()), (look.key)(other.clone()));
    let mut facts: Vec<_> = ids().map(|id| place(&account, id)).collect();
    if look.both {
        facts.extend(ids().map(|id| place(id, &account)));
    }
    let accounts = ids().chain([&account]).cloned().collect();
    let found = call.people(PeopleNeeds { accounts, facts, ..PeopleNeeds::default() }).await;
    let found = found.map_err(internal)?;
    if !found.accounts.contains_key(&account) {
        return Err(unknown_account(&account));
    }
    let has = |of: &UserId, other: &UserId| found.facts.contains_key(&place(of, other));
    let relation = |id: &UserId| match (has(&account, id), has(id, &account)) {
        (false, false) => look.words.none,
        (true, false) => look.words.first,
        (false, true) => look.words.second,
        (true, true) => look.words.both,
    };
    let rows: Vec<Row> = items
        .iter()
        .map(|(name, item)| {
            let to_account = name.clone();
            let (result_code, result_info) = match item {
                Err(failure) => (failure.number(), failure.text.clone()),
                Ok(id) if !found.accounts.contains_key(id) => {
                    (Code::FriendAccountUnknown.number(), "the account does not exist".into())
                }
                Ok(id) => {
                    return Row {
                        to_account,
                        relation: relation(id),
                        result_code: 0,
                        result_info: "".into(),
                    };
                }
            };
            Row { to_account, relation: look.words.none, result_code, result_info }
        })
        .collect();
    let failed = rows.iter().filter(|row| row.result_code != 0).map(|row| row.to_account.clone());
    let failed = failed.collect();
    Ok((rows, failed))
}
