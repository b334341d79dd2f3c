//! A member brings accounts in, as the invite option of the group lets it.

use super::add_members::{AddMembers, Added};
use super::applications;
use crate::actor::Action;
use crate::application::Application;
use crate::changes::Changes;
use crate::context::Context;
use crate::group::{Group, InviteOption};
use crate::ids::{GroupId, UserId};
use crate::member::Role;
use crate::operation::{Decision, GroupOperation};
use crate::refusal::Refusal;
use crate::snapshot::{GroupSnapshot, Needs};

/// Accounts that the operator, a member, invites. Where the group wants approval, owner and administrators still bring them in
/// at once, and what others invite waits. [doc]
#[derive(Clone, Debug)]
pub struct InviteMembers(pub AddMembers);

impl InviteMembers {
    fn outcome(&self, context: &Context, snapshot: &GroupSnapshot, account: &UserId) -> Added {
        if snapshot.members.contains_key(account) {
            Added::AlreadyMember
        } else if !snapshot.accounts.contains(account) || snapshot.bans(account, context.now) {
            Added::Failed
        } else {
            Added::Waits
        }
    }
}

impl GroupOperation for InviteMembers {
    /// One outcome for each account, in order.
    type Answer = Vec<Added>;

    fn group(&self) -> &GroupId {
        &self.0.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::Invite]
    }

    fn needs(&self, context: &Context, group: &Group) -> Needs {
        let mut needs = self.0.needs(context, group);
        if group.invite_option == InviteOption::NeedPermission {
            needs.members.push(self.0.operator.clone());
            needs.ranges.push(applications::all());
        }
        needs
    }

    fn tells_of(&self) -> Vec<&UserId> {
        self.0.tells_of()
    }

    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Decision<Vec<Added>>, Refusal> {
        let inviter = snapshot.members.get(&self.0.operator);
        let waits = snapshot.group.invite_option == InviteOption::NeedPermission
            && inviter.is_some_and(|member| member.role == Role::Member);
        if !waits {
            return self.0.decide(context, snapshot);
        }
        let mut changes = Changes::default();
        let mut outcomes = Vec::with_capacity(self.0.accounts.len());
        for account in &self.0.accounts {
            let outcome = self.outcome(context, &snapshot, account);
            if outcome == Added::Waits {
                let invited_by = Some(self.0.operator.clone());
                let application = Application { invited_by, text: String::new(), made: context.now };
                applications::put(context, &snapshot, account, application, &mut changes)?;
            }
            outcomes.push(outcome);
        }
        Ok(Decision::new(changes, outcomes))
    }
}
