//! An account joins a group, or applies to.

use super::add_members::{AddMembers, Added};
use super::applications;
use crate::actor::Action;
use crate::application::Application;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::Joining;
use crate::group::{Group, GroupType, JoinOption};
use crate::ids::{GroupId, UserId};
use crate::message::Conversation;
use crate::operation::{Decision, GroupOperation};
use crate::refusal::Refusal;
use crate::rights::Right;
use crate::snapshot::{GroupSnapshot, Needs};

/// An account that wants to become a member. The join option of the group decides whether it is one at once.
#[derive(Clone, Debug)]
pub struct JoinGroup {
    pub group: GroupId,
    pub account: UserId,
    /// What it says to those who decide.
    pub text: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    AtOnce,
    /// It waits for a decision.
    Waits,
}

impl JoinGroup {
    fn add(&self) -> AddMembers {
        AddMembers {
            group: self.group.clone(),
            operator: self.account.clone(),
            accounts: vec![self.account.clone()],
            silent: false,
            how: Joining::Applied,
        }
    }
}

/// How a group is joined: communities by everybody, whatever they say. [doc]
#[must_use]
pub fn join_option(group: &Group) -> JoinOption {
    match group.kind {
        GroupType::Community => JoinOption::FreeAccess,
        GroupType::Private | GroupType::Public | GroupType::ChatRoom | GroupType::AvChatRoom => {
            group.profile.join_option
        }
    }
}

impl GroupOperation for JoinGroup {
    type Answer = Joined;

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::As(self.account.clone(), Right::Join, Conversation::Group)]
    }

    fn needs(&self, context: &Context, group: &Group) -> Needs {
        let mut needs = self.add().needs(context, group);
        if join_option(group) == JoinOption::NeedPermission {
            needs.ranges.push(applications::all());
        }
        needs
    }

    fn tells_of(&self) -> Vec<&UserId> {
        vec![&self.account]
    }

    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Decision<Joined>, Refusal> {
        if !snapshot.group.kind.can().members {
            return Err(Refusal::TypeForbids("are entered and left, not joined"));
        }
        if snapshot.members.contains_key(&self.account) {
            return Err(Refusal::AlreadyAMember);
        }
        if !snapshot.accounts.contains(&self.account) {
            return Err(Refusal::NotIn);
        }
        if snapshot.bans(&self.account, context.now) {
            return Err(Refusal::GroupForbids("has banned the account"));
        }
        match join_option(&snapshot.group) {
            JoinOption::DisableApply => Err(Refusal::GroupForbids("cannot be joined by application")),
            JoinOption::FreeAccess => {
                let added = self.add().decide(context, snapshot)?;
                if added.answer.contains(&Added::NoPlace) {
                    return Err(Refusal::Full);
                }
                Ok(added.answered(Joined::AtOnce))
            }
            JoinOption::NeedPermission => {
                let application =
                    Application { invited_by: None, text: self.text.clone(), made: context.now };
                let mut changes = Changes::default();
                applications::put(context, &snapshot, &self.account, application, &mut changes)?;
                Ok(Decision::new(changes, Joined::Waits))
            }
        }
    }
}
