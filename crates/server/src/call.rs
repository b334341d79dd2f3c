//! What a command is: one authenticated call, its request, its answer.

use crate::apps::App;
use crate::code::Code;
use crate::commands::refusal;
use crate::given::Given;
use crate::reply::Failure;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::limits::Limits;
use landfall_domain::operation::{GroupOperation, Needs, Scene, perform};
use landfall_domain::store::{Context, OperationError, Store};
use landfall_domain::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::sync::Arc;

/// One call of an administrator. Only the gateway makes one, after it has checked the signature, so a command
/// cannot forget to.
pub struct Call {
    /// The app.
    pub app: Arc<App>,
    /// Who calls: an administrator of the app.
    pub caller: UserId,
    /// Everything that is kept.
    pub store: Arc<dyn Store>,
    /// The limits in force.
    pub limits: Limits,
    /// What to do with accounts nobody imported.
    pub unknown: UnknownAccounts,
    /// The time of the call.
    pub now: Timestamp,
    /// Random bits, for ids that the server makes.
    pub random_bits: u64,
}

impl Call {
    /// The app's number.
    #[must_use]
    pub fn app_id(&self) -> AppId {
        self.app.id
    }

    /// Performs an operation on one group.
    ///
    /// # Errors
    /// A rule refused it, or the store failed.
    pub async fn change<O: GroupOperation>(&self, operation: O) -> Result<O::Answer, Failure> {
        perform(&*self.store, self.context(), operation).await.map_err(refusal::failure)
    }

    /// What `needs` names of one group.
    ///
    /// # Errors
    /// There is no such group, or the store failed.
    pub async fn look(&self, group: GroupId, needs: Needs) -> Result<Scene, Failure> {
        self.store.look(self.app.id, group, needs).await.map_err(|error| match error {
            OperationError::Refused(no_such_group) => refusal::of(&no_such_group.into()),
            OperationError::Store(error) => Code::GroupInternal.internal(error),
        })
    }

    /// What a writing operation of the store is told.
    #[must_use]
    pub fn context(&self) -> Context {
        Context { app: self.app.id, now: self.now, unknown: self.unknown }
    }
}

/// A command of the API. Implemented by the type of its request, in the file named like the command.
///
/// Members that are missing take their default, so a request derives `Default` and `serde(default)`.
pub trait Command: DeserializeOwned + Default + Send + 'static {
    /// `service/command`, as in the URL.
    const PATH: &'static str;
    /// What the answer adds to the envelope.
    type Reply: Serialize;

    /// Checks the request and does it.
    fn run(self, call: &Call) -> impl Future<Output = Result<Self::Reply, Failure>> + Send;
}

/// The account in a member called `field`, if given. An account that is no string is 60015 [doc]; one that is no
/// account name is `illegal`.
///
/// # Errors
/// See above.
pub fn account(given: Given<String>, field: &str, illegal: Code) -> Result<Option<UserId>, Failure> {
    match given {
        Given::Absent => Ok(None),
        Given::Wrong(found) => {
            Err(Code::AccountNotText.because(format!("{field} must be a string, not {found}")))
        }
        Given::Is(name) => UserId::parse(&name)
            .map(Some)
            .ok_or_else(|| illegal.because(format!("{field} is not 1 to 32 bytes of printable ASCII"))),
    }
}
