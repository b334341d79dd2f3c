//! What the workers of an import share.

use super::desk::Desk;
use super::{ImportError, ImportOptions};
use crate::format::Record;
use crate::journal::{Journal, Receipt, hash};
use crate::rules::ServerLimits;
use crate::server::{CallError, CallLimits, Server};
use landfall_domain::account::UnknownAccounts;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

pub(super) struct Run<'a> {
    pub(super) server: &'a Server,
    pub(super) calls: CallLimits,
    pub(super) rules: ServerLimits,
    pub(super) journal: &'a Journal,
    pub(super) options: &'a ImportOptions,
    pub(super) desk: Desk<'a>,
    /// One permit for each content that is being sent.
    pub(super) sending: Semaphore,
}

/// `ErrorCode` and `ErrorInfo` of what the server refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: u64,
    pub(super) info: String,
}

impl Refusal {
    /// What a fault says about it.
    pub(super) fn text(&self) -> String {
        format!("the server refused it with {}: {}", self.code, self.info)
    }

    /// An error that ends the import, or the refusal of this call.
    pub(super) fn of(error: CallError) -> Result<Self, ImportError> {
        if error.is_about_the_caller() {
            return Err(error.into());
        }
        if let CallError::Refused { code, info, .. } = error {
            return Ok(Self { code, info });
        }
        Err(error.into())
    }
}

/// Hash of an account that has no profile.
pub(super) const NO_PROFILE: u64 = 1;

impl Run<'_> {
    /// Makes a call that may be repeated.
    pub(super) async fn ask<B>(&self, command: &str, body: &B) -> Result<Result<Value, Refusal>, ImportError>
    where
        B: Serialize + Sync + ?Sized,
    {
        match self.server.ask(command, body).await {
            Ok(reply) => Ok(Ok(reply)),
            Err(error) => Refusal::of(error).map(Err),
        }
    }

    pub(super) async fn write(&self, receipts: Vec<Receipt>) -> Result<(), ImportError> {
        Ok(self.journal.write(receipts).await?)
    }

    /// Makes accounts of names that no record describes, where the server would refuse them otherwise. Names that the
    /// server does not take are refused later, where they are used.
    pub(super) async fn know(&self, accounts: impl IntoIterator<Item = &str>) -> Result<(), ImportError> {
        if self.calls.landfall.is_some() && self.rules.unknown_accounts == UnknownAccounts::Create {
            return Ok(());
        }
        self.must_know(accounts).await
    }

    /// As `know`, for commands that make no accounts on any server.
    pub(super) async fn must_know(
        &self,
        accounts: impl IntoIterator<Item = &str>,
    ) -> Result<(), ImportError> {
        let mut unknown = Vec::new();
        for account in accounts {
            if !unknown.contains(&account) && self.journal.account(account)?.is_none() {
                unknown.push(account);
            }
        }
        for accounts in unknown.chunks(self.calls.accounts_per_call) {
            let list: Vec<_> = accounts.iter().map(|account| json!({ "UserID": account })).collect();
            // Old servers know the first list only.
            let body = json!({ "Accounts": accounts, "AccountList": list });
            if let Ok(reply) = self.ask("im_open_login_svc/multiaccount_import", &body).await? {
                let failed = texts(reply.get("FailAccounts"));
                let made = accounts.iter().filter(|account| !failed.contains(account));
                let receipt =
                    |account: &&str| Receipt::Account { account: (*account).to_owned(), content: NO_PROFILE };
                self.write(made.map(receipt).collect()).await?;
            }
        }
        Ok(())
    }
}

/// The texts of a list.
pub(super) fn texts(list: Option<&Value>) -> Vec<&str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Hash of what a server has of a record: equal for equal content.
pub(super) fn content(record: &Record) -> u64 {
    let mut record = record.clone();
    let none = String::new;
    match &mut record {
        Record::Account(record) => (record.src, record.key, record.x) = (none(), none(), None),
        Record::Block(record) => (record.src, record.key, record.x) = (none(), none(), None),
        Record::Friend(record) => (record.src, record.key, record.x) = (none(), none(), None),
        Record::Group(record) => (record.src, record.key, record.x) = (none(), none(), None),
        Record::Topic(record) => (record.src, record.key, record.x) = (none(), none(), None),
        Record::Member(record) => (record.src, record.key, record.x) = (none(), none(), None),
        Record::File(_) | Record::Message(_) | Record::Read(_) => {}
    }
    // 0 and 1 stand for contents that are not known.
    hash(&record.line()).max(2)
}
