//! What operations on applications share.

use crate::application::{Application, PER_GROUP_MAX};
use crate::changes::Changes;
use crate::context::Context;
use crate::ids::UserId;
use crate::part::{Part, PartFamily, PartKey, PartRange};
use crate::refusal::{Refusal, TooMany};
use crate::snapshot::GroupSnapshot;

/// All applications of a group, which have a bound.
pub(super) fn all() -> PartRange {
    PartRange::all(PartFamily::Applications)
}

/// The application of an account, which was requested, if it still waits.
pub(super) fn waiting<'s>(
    context: &Context,
    snapshot: &'s GroupSnapshot,
    account: &UserId,
) -> Option<&'s Application> {
    match snapshot.parts.get(&PartKey::Application(account.clone())) {
        Some(Part::Application(application)) if application.waits(context.now) => Some(application),
        Some(_) | None => None,
    }
}

/// Keeps an application; those that have waited too long make room. All were requested.
pub(super) fn put(
    context: &Context,
    snapshot: &GroupSnapshot,
    account: &UserId,
    application: Application,
    changes: &mut Changes,
) -> Result<(), Refusal> {
    let mut waiting = 0;
    for (key, part) in &snapshot.parts {
        let Part::Application(there) = part else { continue };
        if there.waits(context.now) {
            waiting += 1;
        } else {
            changes.remove(key.clone());
        }
    }
    let key = PartKey::Application(account.clone());
    if PER_GROUP_MAX <= waiting && !snapshot.parts.contains_key(&key) {
        return Err(Refusal::TooMany(TooMany::Applications(PER_GROUP_MAX)));
    }
    changes.put(key, Part::Application(application));
    Ok(())
}
