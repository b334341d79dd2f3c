//! The decision on an application.

use super::add_members::{AddMembers, Added};
use super::applications;
use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::{Event, Joining};
use crate::group::Group;
use crate::ids::{GroupId, UserId};
use crate::operation::{Decision, GroupOperation};
use crate::part::PartKey;
use crate::refusal::Refusal;
use crate::rights::Right;
use crate::snapshot::{GroupSnapshot, Needs};

/// The decision on the application of one account.
#[derive(Clone, Debug)]
pub struct HandleApplication {
    pub group: GroupId,
    pub operator: UserId,
    /// Who wants to become a member.
    pub account: UserId,
    /// Whether it does.
    pub agree: bool,
    /// What is said about it.
    pub text: String,
}

impl HandleApplication {
    fn add(&self) -> AddMembers {
        AddMembers {
            group: self.group.clone(),
            operator: self.operator.clone(),
            accounts: vec![self.account.clone()],
            silent: false,
            how: Joining::Approved,
        }
    }
}

impl GroupOperation for HandleApplication {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::Use(Right::Approve)]
    }

    fn needs(&self, context: &Context, group: &Group) -> Needs {
        let mut needs = self.add().needs(context, group);
        needs.parts.push(PartKey::Application(self.account.clone()));
        needs
    }

    fn tells_of(&self) -> Vec<&UserId> {
        vec![&self.operator, &self.account]
    }

    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        let key = PartKey::Application(self.account.clone());
        if applications::waiting(context, &snapshot, &self.account).is_none() {
            return Err(Refusal::NoSuchApplication);
        }
        if !self.agree {
            let mut changes = Changes::default();
            changes.remove(key);
            let event = Event::Rejected { account: self.account.clone(), text: self.text.clone() };
            return Ok(Decision::new(changes, ()).with_event(event));
        }
        let mut added = self.add().decide(context, snapshot)?;
        match added.answer.first() {
            Some(Added::NoPlace) => return Err(Refusal::Full),
            // Banned or deleted meanwhile, or a member already: nothing is left to decide.
            Some(Added::Joined | Added::AlreadyMember | Added::Failed | Added::Waits) | None => {}
        }
        added.changes.remove(key);
        let event = Event::Accepted { account: self.account.clone(), text: self.text.clone() };
        Ok(added.with_event(event).answered(()))
    }
}
