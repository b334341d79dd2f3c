//! `openim/query_online_status`, also under its older name `openim/querystate`: reports whether accounts are
//! connected, and from which platforms.
//!
//! No account is `PushOnline`: this server pushes nothing to clients that are not connected. [choice]
//! [choice] `IsReturnInstid` and `IsReturnCustomStatus` change nothing: no call sets a text about the status, and instances of
//! clients have no ids outside the server.
//! [choice] Each state is called `Status` and `State`, for clients that were written for either. A platform is listed once,
//! however many devices of it are connected.

use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Field, FieldError};
use crate::items::check_all;
use crate::platform::Platform;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::several::Several;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Accounts in one call. [doc]
const ACCOUNTS_MAX: usize = 500;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "To_Account")]
    to_account: Field<Vec<Field<String>>>,
    is_need_detail: Field<i128>,
}

/// The same command under its older path.
#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct OlderRequest(Request);

/// One row for each known account, and one for each unknown account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    query_result: Vec<Row>,
    /// One client cannot read an answer without it. [client]
    error_list: Vec<UnknownAccount>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "To_Account")]
    to_account: String,
    status: &'static str,
    state: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    detail: Vec<Detail>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Detail {
    platform: &'static str,
    status: &'static str,
    state: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UnknownAccount {
    #[serde(rename = "To_Account")]
    to_account: String,
    error_code: u32,
}

impl Command for OlderRequest {
    const PATH: &'static str = "openim/querystate";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        self.0.run(call).await
    }
}

impl Command for Request {
    const PATH: &'static str = "openim/query_online_status";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let names = names(self.to_account)?;
        let with_detail = self.is_need_detail.if_valid() == Some(1);
        let ids: Vec<_> = names.iter().filter_map(|name| UserId::parse(name)).collect();
        let accounts = call.accounts(ids.clone()).await;
        let accounts = accounts.map_err(|error| Code::MessageInternal.internal(error))?;
        let known: Vec<_> =
            ids.into_iter().zip(accounts).filter_map(|(id, account)| account.map(|_| id)).collect();
        let devices = call.devices(&known).await;
        let mut reply = Reply { query_result: Vec::new(), error_list: Vec::new() };
        let mut found = known.iter().zip(devices).peekable();
        for to_account in names {
            if let Some((_, devices)) = found.next_if(|(id, _)| id.as_str() == to_account) {
                reply.query_result.push(row(to_account, &devices, with_detail));
            } else {
                reply
                    .error_list
                    .push(UnknownAccount { to_account, error_code: Code::AccountUnknown.number() });
            }
        }
        // One known account makes it a success. [doc]
        if reply.query_result.is_empty() {
            let named = Several::quoted(reply.error_list.iter().map(|unknown| &unknown.to_account));
            let named = named.map(|named| named.to_string()).unwrap_or_default();
            let text = format!("no account of To_Account is imported: {named}");
            return Err(Code::AccountUnknown.because(text));
        }
        Ok(reply)
    }
}

fn names(to_account: Field<Vec<Field<String>>>) -> Result<Vec<String>, Failure> {
    let illegal = |error: FieldError| error.failure(Code::ToAccountIllegal);
    let list = to_account.required("To_Account").map_err(illegal)?;
    if ACCOUNTS_MAX < list.len() {
        return Err(Code::TooManyToAccounts.because(format!(
            "To_Account names {} accounts; at most {ACCOUNTS_MAX} are allowed",
            list.len()
        )));
    }
    check_all("To_Account", list, |name, place| name.required(place).map_err(illegal))
}

fn row(to_account: String, devices: &[Platform], with_detail: bool) -> Row {
    let status = if devices.is_empty() { "Offline" } else { "Online" };
    let platforms: BTreeSet<_> = devices.iter().filter(|_| with_detail).collect();
    let detail = platforms.into_iter().map(|platform| Detail {
        platform: platform.status_name(),
        status: "Online",
        state: "Online",
    });
    Row { to_account, status, state: status, detail: detail.collect() }
}
