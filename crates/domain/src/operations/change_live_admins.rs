//! The administrators of a live-stream group; they need not be in it.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::group::Group;
use crate::ids::{GroupId, UserId};
use crate::operation::{Decision, GroupOperation};
use crate::part::{Part, PartFamily, PartKey, PartRange};
use crate::refusal::{Refusal, TooMany};
use crate::several::Several;
use crate::snapshot::{GroupSnapshot, Needs};
use std::collections::BTreeSet;

/// Makes accounts administrators of a live-stream group, or removes them from its administrators. A repeat changes nothing.
#[derive(Clone, Debug)]
pub struct ChangeLiveAdmins {
    pub group: GroupId,
    /// The accounts; only one that becomes an administrator has to exist.
    pub accounts: BTreeSet<UserId>,
    /// Whether they become administrators.
    pub appoint: bool,
    /// How many a group may have.
    pub max: usize,
}

/// The administrators of a live-stream group that were asked for, in the order of their names.
pub fn live_admins(snapshot: &GroupSnapshot) -> impl Iterator<Item = &UserId> {
    snapshot
        .parts
        .keys()
        .filter_map(|key| if let PartKey::LiveAdmin(account) = key { Some(account) } else { None })
}

/// All administrators of a live-stream group; their number has a bound.
#[must_use]
pub fn all_live_admins() -> PartRange {
    PartRange::all(PartFamily::LiveAdmins)
}

/// The check that every operation on live-stream groups makes first.
///
/// # Errors
/// The group is of another type.
pub fn refuse_unless_live(group: &Group) -> Result<(), Refusal> {
    if group.kind.can().live {
        Ok(())
    } else {
        Err(Refusal::TypeForbids("are not live-stream groups; only AVChatRoom groups are"))
    }
}

impl GroupOperation for ChangeLiveAdmins {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::AppOnly]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        Needs {
            accounts: self.accounts.iter().filter(|_| self.appoint).cloned().collect(),
            ranges: vec![all_live_admins()],
            ..Needs::default()
        }
    }

    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        refuse_unless_live(&snapshot.group)?;
        let before: BTreeSet<&UserId> = live_admins(&snapshot).collect();
        let unknown = self.accounts.iter().filter(|account| {
            self.appoint && !before.contains(account) && !snapshot.accounts.contains(*account)
        });
        if let Some(unknown) = Several::of(unknown) {
            return Err(Refusal::NoSuchAccount(unknown));
        }
        let mut changes = Changes::default();
        for account in &self.accounts {
            let key = PartKey::LiveAdmin(account.clone());
            match (self.appoint, before.contains(account)) {
                (true, false) => changes.put(key, Part::LiveAdmin(context.now)),
                (false, true) => changes.remove(key),
                (true, true) | (false, false) => {}
            }
        }
        if self.appoint && !changes.parts.is_empty() && self.max < before.len() + changes.parts.len() {
            return Err(Refusal::TooMany(TooMany::Admins(self.max)));
        }
        Ok(Decision::new(changes, ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::sample::{NOW, decide, group_id, snapshot, user};
    use crate::time::Timestamp;

    const MAX: usize = 3;

    fn change(appoint: bool, accounts: &[&str]) -> ChangeLiveAdmins {
        ChangeLiveAdmins {
            group: group_id(GroupType::AvChatRoom),
            accounts: accounts.iter().map(|name| user(name)).collect(),
            appoint,
            max: MAX,
        }
    }

    fn with(kind: GroupType, admins: &[&str]) -> GroupSnapshot {
        let mut snapshot = snapshot(kind, &[]);
        snapshot.accounts = ["ann", "bob", "cat", "dan"].map(user).into();
        for admin in admins {
            snapshot.parts.insert(PartKey::LiveAdmin(user(admin)), Part::LiveAdmin(Timestamp(1)));
        }
        snapshot
    }

    #[test]
    fn administrators_are_appointed_and_dismissed_once() {
        let live = with(GroupType::AvChatRoom, &["ann"]);
        let appointed = decide(&change(true, &["ann", "bob"]), &live).unwrap().changes.parts;
        assert_eq!(appointed, [(PartKey::LiveAdmin(user("bob")), Some(Part::LiveAdmin(NOW)))]);
        let dismissed = decide(&change(false, &["ann", "nobody"]), &live).unwrap().changes.parts;
        assert_eq!(dismissed, [(PartKey::LiveAdmin(user("ann")), None)]);
    }

    #[test]
    fn the_accounts_must_exist_and_fit() {
        let live = with(GroupType::AvChatRoom, &["ann", "bob"]);
        let refused = decide(&change(true, &["cat", "nobody"]), &live).unwrap_err();
        assert_eq!(refused, Refusal::NoSuchAccount(Several::of(["nobody"]).unwrap()));
        assert!(decide(&change(true, &["ann", "cat"]), &live).is_ok());
        let refused = decide(&change(true, &["cat", "dan"]), &live).unwrap_err();
        assert_eq!(refused, Refusal::TooMany(TooMany::Admins(MAX)));
        // An administrator appointed under a larger limit can be named again.
        let many = with(GroupType::AvChatRoom, &["ann", "bob", "cat", "dan"]);
        assert!(decide(&change(true, &["dan"]), &many).unwrap().changes.parts.is_empty());
    }

    #[test]
    fn only_live_stream_groups_have_them() {
        for kind in GroupType::ALL {
            for appoint in [true, false] {
                let is_refused = decide(&change(appoint, &["ann"]), &with(kind, &[])).is_err();
                assert_eq!(is_refused, kind != GroupType::AvChatRoom, "{kind:?}");
            }
        }
    }
}
