//! `official_account_open_http_svc/get_official_account_info`: what official accounts are, each with a result of its own.

use super::filter::{BaseInfo, Filter, FilterInput, Infos};
use super::{illegal, internal, official_id, refusal_failure, too_many};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Entries, Field, Object};
use crate::items::{check_each, echoed};
use crate::reply::Failure;
use landfall_domain::people::official::OfficialRefusal;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Official accounts in one call. [doc]
const OFFICIAL_ACCOUNTS_MAX: usize = 50;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    official_account_id_list: Field<Entries<Object<IdInput>>>,
    response_filter: Field<Object<FilterInput>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct IdInput {
    #[serde(rename = "Official_Account")]
    official_account: Field<String>,
}

/// One row for each requested official account, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    official_account_info_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    error_code: u32,
    error_info: Cow<'static, str>,
    #[serde(rename = "Official_Account")]
    official_account: String,
    #[serde(flatten)]
    info: Option<BaseInfo>,
}

impl Command for Request {
    const PATH: &'static str = "official_account_open_http_svc/get_official_account_info";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        const FIELD: &str = "OfficialAccountIdList";
        let Entries(list) = self.official_account_id_list.required(FIELD).map_err(illegal)?;
        too_many(FIELD, list.len(), OFFICIAL_ACCOUNTS_MAX, Code::OfficialParameter)?;
        let written = list.iter().map(|entry| {
            echoed(entry.written_member("Official_Account", |item: &IdInput| &item.official_account))
        });
        let written: Vec<_> = written.collect();
        let ids = check_each(FIELD, list, |entry, place| {
            let item = entry.required(place).map_err(illegal)?.0;
            official_id(item.official_account, &format!("{place}.Official_Account"))
        })?;
        let (filter, _) = Filter::both(self.response_filter)?;
        let known: Vec<_> = ids.iter().filter_map(|id| id.as_ref().ok().cloned()).collect();
        let infos = Infos::read(call, &known).await.map_err(internal)?;
        let rows = written.into_iter().zip(ids).map(|(official_account, id)| {
            let unknown = || refusal_failure(OfficialRefusal::NoSuchOfficial);
            match id.and_then(|id| infos.info(&id, &filter).ok_or_else(unknown)) {
                Ok(info) => Row { error_code: 0, error_info: "".into(), official_account, info: Some(info) },
                Err(failure) => Row {
                    error_code: failure.number(),
                    error_info: failure.text,
                    official_account,
                    info: None,
                },
            }
        });
        Ok(Reply { official_account_info_list: rows.collect() })
    }
}
