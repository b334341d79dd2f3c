//! The two kinds of command: those whose writes are published, and imports.

use super::{Call, SilentCall};
use crate::reply::Failure;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;

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

/// An import: a command that notifies nobody. It gets a [`SilentCall`], which has no way to connected clients or to the
/// app's receiver:
///
/// ```
/// # use landfall::call::{ImportCommand, SilentCall};
/// # use landfall::reply::{Failure, Nothing};
/// # use landfall_domain::ids::GroupId;
/// # use landfall_domain::operations::import_messages::ImportMessages;
/// # fn group() -> GroupId { GroupId::parse("g").unwrap() }
/// #[derive(Default, serde::Deserialize)]
/// struct Request {}
///
/// impl ImportCommand for Request {
///     const PATH: &'static str = "service/import";
///     type Reply = Nothing;
///
///     async fn run(self, call: &SilentCall) -> Result<Nothing, Failure> {
///         call.import(ImportMessages { group: group(), messages: Vec::new(), listed: true }).await?;
///         Ok(Nothing {})
///     }
/// }
/// ```
///
/// So an import that notifies somebody does not compile. Here it sends a webhook event and frames:
///
/// ```compile_fail,E0599
/// # use landfall::call::{ImportCommand, SilentCall};
/// # use landfall::reply::{Failure, Nothing};
/// # use landfall_domain::ids::GroupId;
/// # use landfall_domain::operations::unban_members::UnbanMembers;
/// # fn group() -> GroupId { GroupId::parse("g").unwrap() }
/// #[derive(Default, serde::Deserialize)]
/// struct Request {}
///
/// impl ImportCommand for Request {
///     const PATH: &'static str = "service/import";
///     type Reply = Nothing;
///
///     async fn run(self, call: &SilentCall) -> Result<Nothing, Failure> {
///         call.change(UnbanMembers { group: group(), accounts: Vec::new() }).await?;
///         Ok(Nothing {})
///     }
/// }
/// ```
///
/// Nor does an import of people:
///
/// ```compile_fail,E0599
/// # use landfall::call::SilentCall;
/// # use landfall_domain::people::operation::PeopleOperation;
/// async fn reach<O: PeopleOperation>(call: &SilentCall, operation: O) {
///     drop(call.change_people(operation).await);
/// }
/// ```
///
/// where a published one compiles:
///
/// ```
/// # use landfall::call::Call;
/// # use landfall_domain::people::operation::PeopleOperation;
/// async fn reach<O: PeopleOperation>(call: &Call, operation: O) {
///     drop(call.change_people(operation).await);
/// }
/// ```
///
/// It cannot act as a member does, of whose changes the other members hear, though not always to the app's receiver:
///
/// ```compile_fail,E0599
/// # use landfall::call::SilentCall;
/// # use landfall_domain::operation::GroupOperation;
/// async fn reach<O: GroupOperation>(call: &SilentCall, operation: O) {
///     drop(call.change_without_webhook(operation).await);
/// }
/// ```
///
/// It cannot send a notice, as an application causes:
///
/// ```compile_fail,E0599
/// # use landfall::call::SilentCall;
/// # use landfall_domain::group::Group;
/// # use landfall_domain::message::Conversation;
/// fn reach(call: &SilentCall, group: &Group, place: &Conversation) {
///     call.send_notice(group, place, "", &[]);
/// }
/// ```
///
/// And it has no receiver that could be asked, as is done about those who join:
///
/// ```compile_fail,E0599
/// # use landfall::call::SilentCall;
/// fn reach(call: &SilentCall) -> bool {
///     call.wants_event("Group.CallbackBeforeApplyJoinGroup")
/// }
/// ```
///
/// where another command can do all of it:
///
/// ```
/// # use landfall::call::Call;
/// # use landfall_domain::group::Group;
/// # use landfall_domain::message::Conversation;
/// # use landfall_domain::operation::GroupOperation;
/// async fn reach<O: GroupOperation>(call: &Call, operation: O, group: &Group, place: &Conversation) -> bool {
///     drop(call.change_without_webhook(operation).await);
///     call.send_notice(group, place, "", &[]);
///     call.wants_event("Group.CallbackBeforeApplyJoinGroup")
/// }
/// ```
///
/// An import cannot ask for the call of another command, which has that method:
///
/// ```compile_fail,E0053
/// # use landfall::call::{Call, ImportCommand};
/// # use landfall::reply::{Failure, Nothing};
/// # use landfall_domain::ids::GroupId;
/// # use landfall_domain::operations::unban_members::UnbanMembers;
/// # fn group() -> GroupId { GroupId::parse("g").unwrap() }
/// #[derive(Default, serde::Deserialize)]
/// struct Request {}
///
/// impl ImportCommand for Request {
///     const PATH: &'static str = "service/import";
///     type Reply = Nothing;
///
///     async fn run(self, call: &Call) -> Result<Nothing, Failure> {
///         call.change(UnbanMembers { group: group(), accounts: Vec::new() }).await?;
///         Ok(Nothing {})
///     }
/// }
/// ```
///
/// The same request compiles as a [`Command`]. The table of commands does not compile with one that is called an import:
///
/// ```
/// # use landfall::call::{Call, Command};
/// # use landfall::reply::{Failure, Nothing};
/// # use landfall_domain::ids::GroupId;
/// # use landfall_domain::operations::unban_members::UnbanMembers;
/// # fn group() -> GroupId { GroupId::parse("g").unwrap() }
/// #[derive(Default, serde::Deserialize)]
/// struct Request {}
///
/// impl Command for Request {
///     const PATH: &'static str = "service/change";
///     type Reply = Nothing;
///
///     async fn run(self, call: &Call) -> Result<Nothing, Failure> {
///         call.change(UnbanMembers { group: group(), accounts: Vec::new() }).await?;
///         Ok(Nothing {})
///     }
/// }
/// ```
pub trait ImportCommand: DeserializeOwned + Default + Send + 'static {
    /// `service/command`, as in the URL.
    const PATH: &'static str;
    /// What the answer adds to the envelope.
    type Reply: Serialize;

    /// Checks the request and does it.
    fn run(self, call: &SilentCall) -> impl Future<Output = Result<Self::Reply, Failure>> + Send;
}
