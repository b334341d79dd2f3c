//! What an answer says of official accounts: the fields that a request names, all of them where it names none.
//!
//! [choice] Words that name no field are ignored.

use super::illegal;
use crate::call::ReadOnlyCall;
use crate::field::{Field, Object};
use crate::items::check_all;
use crate::reply::Failure;
use landfall_domain::account::Account;
use landfall_domain::error::StoreError;
use landfall_domain::ids::UserId;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactKey};
use landfall_domain::people::official::{OfficialAccount, broadcasts};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use serde::{Deserialize, Serialize};

/// `ResponseFilter`.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct FilterInput {
    official_account_base_info_filter: Field<Vec<Field<String>>>,
    pub(super) self_info_filter: Field<Vec<Field<String>>>,
}

/// The words of a filter; `None`: everything.
pub(super) struct Filter(Option<Vec<String>>);

impl Filter {
    pub(super) fn new(given: Field<Vec<Field<String>>>, field: &str) -> Result<Self, Failure> {
        let Some(list) = given.optional(field).map_err(illegal)? else { return Ok(Self(None)) };
        check_all(field, list, |word, place| word.required(place).map_err(illegal))
            .map(|words| Self(Some(words)))
    }

    /// The filter of official accounts, and that of the account's own part.
    pub(super) fn both(given: Field<Object<FilterInput>>) -> Result<(Self, Self), Failure> {
        let given = given.optional("ResponseFilter").map_err(illegal)?.unwrap_or_default().0;
        let base = given.official_account_base_info_filter;
        Ok((
            Self::new(base, "ResponseFilter.OfficialAccountBaseInfoFilter")?,
            Self::new(given.self_info_filter, "ResponseFilter.SelfInfoFilter")?,
        ))
    }

    /// `value`, where the filter has its name.
    pub(super) fn take<T>(&self, name: &str, value: impl FnOnce() -> T) -> Option<T> {
        self.0.as_ref().is_none_or(|words| words.iter().any(|word| word == name)).then(value)
    }
}

/// What an answer says of one official account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BaseInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    create_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(rename = "Owner_Account", skip_serializing_if = "Option::is_none")]
    owner_account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_msg_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscriber_num: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    introduction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    face_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_string: Option<String>,
}

impl BaseInfo {
    fn of(official: &OfficialAccount, account: &Account, last_message: u64, filter: &Filter) -> Self {
        let text = |name, text: &landfall_domain::text::Text| filter.take(name, || text.as_str().to_owned());
        Self {
            create_time: filter.take("CreateTime", || official.created.0),
            name: text("Name", &account.nick),
            owner_account: filter.take("Owner_Account", || official.owner.to_string()),
            last_msg_time: filter.take("LastMsgTime", || last_message),
            subscriber_num: filter.take("SubscriberNum", || official.subscribers),
            introduction: text("Introduction", &official.introduction),
            face_url: text("FaceUrl", &account.face_url),
            organization: text("Organization", &official.organization),
            custom_string: text("CustomString", &official.custom),
        }
    }
}

/// Official accounts as a store has them.
pub(super) struct Infos(PeopleSnapshot);

impl Infos {
    pub(super) async fn read(call: &ReadOnlyCall, ids: &[UserId]) -> Result<Self, StoreError> {
        let places = ids.iter().flat_map(|id| {
            let log = (Subject::Pair(broadcasts(id)), FactKey::Log);
            [(Subject::Account(id.clone()), FactKey::Official), log]
        });
        let needs = PeopleNeeds { accounts: ids.to_vec(), facts: places.collect(), ..PeopleNeeds::default() };
        Ok(Self(call.people(needs).await?))
    }

    /// `None` when it is no official account.
    pub(super) fn official(&self, id: &UserId) -> Option<&OfficialAccount> {
        match self.0.fact(&Subject::Account(id.clone()), &FactKey::Official) {
            Some(Fact::Official(official)) => Some(official),
            _ => None,
        }
    }

    /// What the filter leaves of it; `None` when it is no official account.
    pub(super) fn info(&self, id: &UserId, filter: &Filter) -> Option<BaseInfo> {
        let last_message = match self.0.fact(&Subject::Pair(broadcasts(id)), &FactKey::Log) {
            Some(Fact::Log(log)) => log.last_message.0,
            _ => 0,
        };
        let account = self.0.accounts.get(id)?;
        Some(BaseInfo::of(self.official(id)?, account, last_message, filter))
    }
}
