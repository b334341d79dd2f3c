//! Writing operations and their answers as values, for cases that choose, mix or repeat them.

use super::answered;
use super::scripted::Script;
use landfall_domain::account::AccountImport;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::import::{ImportMembersRefusal, MemberOutcome};
use landfall_domain::new_group::{NewGroup, NewGroupRefusal, NewMember};
use landfall_domain::operation::{Refusal, perform as change};
use landfall_domain::store::{Context, NoSuchAccount, NoSuchGroup, Store, StoreError};

#[derive(Clone, Debug)]
pub(crate) enum Operation {
    ImportGroup(NewGroup),
    ImportMembers(GroupId, Vec<NewMember>),
    DestroyGroup(GroupId),
    ImportAccounts(Vec<AccountImport>),
    DeleteAccounts(Vec<UserId>),
    Kick(UserId),
    Script(Script),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Group(Result<GroupId, NewGroupRefusal>),
    Members(Result<Vec<MemberOutcome>, ImportMembersRefusal>),
    Destroyed(Result<(), NoSuchGroup>),
    Imported,
    Deleted(Vec<bool>),
    Kicked(Result<(), NoSuchAccount>),
    Scripted(Result<String, Refusal>),
}

pub(crate) async fn perform(
    store: &dyn Store,
    context: Context,
    operation: Operation,
) -> Result<Answer, StoreError> {
    Ok(match operation {
        Operation::ImportGroup(import) => Answer::Group(answered(store.import_group(context, import).await)?),
        Operation::ImportMembers(group, members) => {
            Answer::Members(answered(store.import_members(context, group, members).await)?)
        }
        Operation::DestroyGroup(group) => {
            Answer::Destroyed(answered(store.destroy_group(context, group).await)?)
        }
        Operation::ImportAccounts(accounts) => {
            store.import_accounts(context, accounts).await?;
            Answer::Imported
        }
        Operation::DeleteAccounts(ids) => Answer::Deleted(store.delete_accounts(context, ids).await?),
        Operation::Script(script) => Answer::Scripted(answered(change(store, context, script).await)?),
        Operation::Kick(account) => Answer::Kicked(answered(store.kick(context, account).await)?),
    })
}
