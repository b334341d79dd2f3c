//! Clearing a history: members read what comes after it, administrators of the app go on reading all.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::group::Group;
use crate::ids::GroupId;
use crate::operation::{Decision, GroupOperation};
use crate::refusal::Refusal;
use crate::snapshot::{GroupSnapshot, Needs};

/// Clears the history of a group.
#[derive(Clone, Debug)]
pub struct ClearMessages {
    pub group: GroupId,
    /// Up to this number; everything when not given.
    pub up_to: Option<u32>,
}

impl GroupOperation for ClearMessages {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::AppOnly]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        Needs::default()
    }

    fn decide(&self, _: &Context, snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        let mut group = snapshot.group;
        if !group.kind.can().clear {
            return Err(Refusal::TypeForbids("cannot clear their history"));
        }
        let last = group.log.last_seq();
        let cleared = self.up_to.map_or(last, |up_to| up_to.min(last));
        // What was cleared stays so.
        if cleared <= group.log.cleared {
            return Ok(Decision::unchanged(()));
        }
        group.log.cleared = cleared;
        Ok(Decision::new(Changes::of(group), ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::sample::{decide, group_id, snapshot};

    /// What is cleared afterwards in a group of ten messages, three of them cleared before.
    fn cleared(kind: GroupType, up_to: Option<u32>) -> Result<Option<u32>, Refusal> {
        let mut snapshot = snapshot(kind, &[]);
        snapshot.group.log.next_seq = 11;
        snapshot.group.log.cleared = 3;
        let decision = decide(&ClearMessages { group: group_id(kind), up_to }, &snapshot)?;
        Ok(decision.changes.group.map(|group| group.log.cleared))
    }

    #[test]
    fn a_history_is_cleared_up_to_a_number_and_never_less() {
        for (up_to, expected) in
            [(None, Some(10)), (Some(7), Some(7)), (Some(99), Some(10)), (Some(3), None), (Some(1), None)]
        {
            assert_eq!(cleared(GroupType::Public, up_to), Ok(expected), "{up_to:?}");
        }
    }

    #[test]
    fn the_type_decides() {
        for kind in GroupType::ALL {
            let allowed = matches!(kind, GroupType::Private | GroupType::Public | GroupType::ChatRoom);
            assert_eq!(cleared(kind, None).is_ok(), allowed, "{kind:?}");
        }
    }
}
