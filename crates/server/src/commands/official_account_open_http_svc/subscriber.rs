//! Subscribers in requests, and what became of each.
//!
//! [choice] An account name that cannot be, or that is not imported, is a failure (0) of its own.

use super::{account, illegal, too_many};
use crate::code::Code;
use crate::field::{Entries, Field, Object};
use crate::items::{check_each, echoed};
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::people::operations::add_subscribers::SubscribeOutcome;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Subscribers in one call. [doc]
const SUBSCRIBERS_PER_CALL: usize = 100;

const LIST: &str = "SubscriberList";
const NAME: &str = "Subscriber_Account";

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct SubscriberInput {
    #[serde(rename = "Subscriber_Account")]
    subscriber_account: Field<String>,
}

/// The subscribers of a request, as they were written and as they were read.
pub(super) struct Subscribers {
    written: Vec<String>,
    read: Vec<Option<UserId>>,
}

impl Subscribers {
    /// `SubscriberList`.
    pub(super) fn of_objects(given: Field<Entries<Object<SubscriberInput>>>) -> Result<Self, Failure> {
        let Entries(list) = given.required(LIST).map_err(illegal)?;
        too_many(LIST, list.len(), SUBSCRIBERS_PER_CALL, Code::OfficialParameter)?;
        let written = list.iter().map(|entry| {
            echoed(entry.written_member(NAME, |item: &SubscriberInput| &item.subscriber_account))
        });
        let written = written.collect();
        let read = check_each(LIST, list, |entry, place| {
            let item = entry.required(place).map_err(illegal)?.0;
            account(item.subscriber_account, &format!("{place}.{NAME}"))
        })?;
        Ok(Self { written, read: read.into_iter().map(Result::ok).collect() })
    }

    /// A list of names called `field`.
    pub(super) fn of_names(given: Field<Entries<String>>, field: &str) -> Result<Self, Failure> {
        let Entries(list) = given.required(field).map_err(illegal)?;
        too_many(field, list.len(), SUBSCRIBERS_PER_CALL, Code::OfficialParameter)?;
        let written = list.iter().map(Field::written).map(echoed).collect();
        let read = check_each(field, list, account)?;
        Ok(Self { written, read: read.into_iter().map(Result::ok).collect() })
    }

    /// Those that can be, in order.
    pub(super) fn accounts(&self) -> Vec<UserId> {
        self.read.iter().flatten().cloned().collect()
    }

    /// The results: `outcomes` has those of `asked`, in order; everything else failed.
    pub(super) fn results(self, asked: &[UserId], outcomes: Vec<SubscribeOutcome>) -> Results {
        let mut of_account: BTreeMap<&UserId, Vec<SubscribeOutcome>> = BTreeMap::new();
        // From the end, because the first of several is taken first.
        for (account, outcome) in asked.iter().zip(outcomes).rev() {
            of_account.entry(account).or_default().push(outcome);
        }
        let rows = self.written.into_iter().zip(self.read).map(|(subscriber_account, account)| {
            let outcome = account.and_then(|account| of_account.get_mut(&account)?.pop());
            let result = match outcome {
                Some(SubscribeOutcome::Failed) | None => 0,
                Some(SubscribeOutcome::Done) => 1,
                Some(SubscribeOutcome::Already) => 2,
            };
            ResultRow { subscriber_account, result }
        });
        Results { subscriber_list: rows.collect() }
    }
}

/// One row for each requested subscriber, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Results {
    subscriber_list: Vec<ResultRow>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ResultRow {
    #[serde(rename = "Subscriber_Account")]
    subscriber_account: String,
    result: u8,
}
