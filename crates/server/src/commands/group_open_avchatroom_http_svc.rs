//! The service of live-stream groups (AVChatRoom): what its commands share.
//!
//! Such a group keeps no members: the accounts in it are those that have entered it with a connected client.
//! [choice] Groups of other types are refused with 10007.

pub mod check_members;
pub mod get_admin_list;
pub mod get_members;
pub mod modify_admin;
pub mod modify_user_info;

use super::group_open_http_svc::{accounts, group_id, refuse_too_many_accounts, required_account};
use crate::call::Call;
use crate::code::Code;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::GroupId;
use landfall_domain::operations::change_live_admins::refuse_unless_live;
use landfall_domain::snapshot::{GroupSnapshot, Needs};

/// Loads what `needs` names of a live-stream group.
async fn live_group(call: &Call, group: GroupId, needs: Needs) -> Result<GroupSnapshot, Failure> {
    let snapshot = call.snapshot(group, needs).await?;
    refuse_unless_live(&snapshot.group)?;
    Ok(snapshot)
}

/// Whether `CommandType` sets (1) or removes (2).
fn sets(command_type: Field<i128>) -> Result<bool, Failure> {
    match command_type.required("CommandType")? {
        1 => Ok(true),
        2 => Ok(false),
        other => Err(Code::GroupParameter.because(format!("CommandType is {other}, not 1 or 2"))),
    }
}
