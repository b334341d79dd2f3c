//! Commands that only clients have: what members do for themselves and administrators of the app never do. REST does not know
//! them.

pub mod get_applications;
pub mod handle_application;
pub mod join_group;
pub mod quit_group;

use super::{Entry, entry};
use crate::code::Code;
use crate::reply::Failure;
use landfall_domain::ids::{GroupId, UserId};

/// The commands.
pub static COMMANDS: &[Entry] = &[
    entry::<join_group::Request>(),
    entry::<quit_group::Request>(),
    entry::<get_applications::Request>(),
    entry::<handle_application::Request>(),
];

/// Stands between the group and the account in the id of an application. Neither contains it.
const BETWEEN: char = '\t';

/// The id of the application of an account in a group.
fn application_id(group: &GroupId, account: &UserId) -> String {
    format!("{group}{BETWEEN}{account}")
}

fn parse_application_id(id: &str) -> Result<(GroupId, UserId), Failure> {
    let parts = id.split_once(BETWEEN);
    parts
        .and_then(|(group, account)| Some((GroupId::parse(group)?, UserId::parse(account)?)))
        .ok_or_else(|| Code::GroupParameter.because("ApplicationId is not the id of an application"))
}
