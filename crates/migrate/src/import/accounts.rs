//! Brings accounts in.

use super::desk::{End, fault};
use super::feed::Item;
use super::run::{Run, content, texts};
use super::{ImportError, OnChange};
use crate::fault::FaultCode;
use crate::format::{Account, Kind, Record};
use crate::journal::Receipt;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

/// Calls for profiles that are made at the same time.
const PROFILES_AT_ONCE: usize = 16;

struct Pending {
    item: Item,
    account: Account,
    content: u64,
    end: End,
}

/// In any number.
pub(super) async fn import(run: &Run<'_>, items: Vec<Item>) -> Result<(), ImportError> {
    let mut pending = Vec::new();
    for item in items {
        if !item.faults.is_empty() {
            run.desk.fail_all(&item.entry.record, &item.faults)?;
        } else if let Record::Account(account) = &item.entry.record {
            let (account, content) = (account.clone(), content(&item.entry.record));
            match run.journal.account(&account.user_id)? {
                Some(known) if known == content => run.desk.count(Kind::Account, End::Unchanged),
                None | Some(0..=1) => pending.push(Pending { item, account, content, end: End::Imported }),
                Some(_) => match run.options.on_change {
                    OnChange::Skip => run.desk.count(Kind::Account, End::Skipped),
                    OnChange::Update => {
                        pending.push(Pending { item, account, content, end: End::Updated });
                    }
                    OnChange::Fail => {
                        let fault = fault(FaultCode::Changed, "an earlier import had another content");
                        run.desk.fail(item.line, &item.entry.record, fault)?;
                    }
                },
            }
        }
    }
    let start = Instant::now();
    while !pending.is_empty() {
        let rest = pending.split_off(pending.len().min(run.calls.accounts_per_call));
        send(run, pending).await?;
        pending = rest;
    }
    run.desk.took(Kind::Account, start.elapsed());
    Ok(())
}

/// A call that is refused as a whole is made again with its halves, so that only what it was refused for fails.
async fn send(run: &Run<'_>, accounts: Vec<Pending>) -> Result<(), ImportError> {
    let mut parts = vec![accounts];
    while let Some(mut accounts) = parts.pop() {
        let list: Vec<_> = accounts.iter().map(|pending| body(&pending.account)).collect();
        let reply = run.ask("im_open_login_svc/multiaccount_import", &json!({ "AccountList": list })).await?;
        match reply {
            Ok(reply) => took(run, accounts, &reply).await?,
            Err(_) if 1 < accounts.len() => {
                let half = accounts.split_off(accounts.len() / 2);
                parts.extend([half, accounts]);
            }
            Err(refusal) => {
                for pending in accounts {
                    let fault = fault(FaultCode::Refused, refusal.text());
                    run.desk.fail(pending.item.line, &pending.item.entry.record, fault)?;
                }
            }
        }
    }
    Ok(())
}

async fn took(run: &Run<'_>, accounts: Vec<Pending>, reply: &Value) -> Result<(), ImportError> {
    let failed = texts(reply.get("FailAccounts"));
    let (failed, taken): (Vec<_>, Vec<_>) =
        accounts.into_iter().partition(|pending| failed.contains(&pending.account.user_id.as_str()));
    for pending in failed {
        let fault = fault(FaultCode::Refused, "the server lists it among the accounts that failed");
        run.desk.fail(pending.item.line, &pending.item.entry.record, fault)?;
    }
    let taken = profiles(run, taken).await?;
    let receipts = taken.iter().map(|pending| Receipt::Account {
        account: pending.account.user_id.clone(),
        content: pending.content,
    });
    run.write(receipts.collect()).await?;
    taken.iter().for_each(|pending| run.desk.count(Kind::Account, pending.end));
    Ok(())
}

/// Sets the other fields of their profiles, one account in a call, several at the same time. Returns those that have them now.
async fn profiles(run: &Run<'_>, accounts: Vec<Pending>) -> Result<Vec<Pending>, ImportError> {
    let set = stream::iter(accounts).map(async |pending| {
        if pending.account.profile.is_empty() {
            return Ok((pending, None));
        }
        let body = json!({ "From_Account": pending.account.user_id, "ProfileItem": pending.account.profile });
        let refusal = run.ask("profile/portrait_set", &body).await?.err();
        Ok::<_, ImportError>((pending, refusal))
    });
    let set: Vec<_> = set.buffered(PROFILES_AT_ONCE).try_collect().await?;
    let mut taken = Vec::new();
    for (pending, refusal) in set {
        match refusal {
            None => taken.push(pending),
            Some(refusal) => {
                let reason = format!("the account is there, but its profile is not: {}", refusal.text());
                let fault = fault(FaultCode::Refused, reason);
                run.desk.fail(pending.item.line, &pending.item.entry.record, fault)?;
            }
        }
    }
    Ok(taken)
}

fn body(account: &Account) -> Value {
    let mut body = Map::from_iter([("UserID".to_owned(), Value::from(account.user_id.as_str()))]);
    for (name, text) in [("Nick", &account.nick), ("FaceUrl", &account.face_url)] {
        if let Some(text) = text {
            body.insert(name.to_owned(), text.as_str().into());
        }
    }
    body.into()
}
