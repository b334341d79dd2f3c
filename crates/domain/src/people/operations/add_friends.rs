//! Adding friends, one after the other, each with a result of its own.
//!
//! [choice] A one-way addition asks nobody. A two-way one asks whoever wants to be asked, and somebody who has asked before
//! is taken at his word. Who says nothing takes everybody.
//! [choice] An administrator's force overrides what the accounts want and the bar on adding friends, but neither limits nor
//! blocklists.

use crate::context::Context;
use crate::ids::UserId;
use crate::limits::FriendLimits;
use crate::people::Subject;
use crate::people::event::PeopleEvent;
use crate::people::fact::{Fact, FactFamily, FactKey};
use crate::people::friends::{Friend, FriendProblem, FriendsRefusal, RequestWay, Ties, both_ways, own};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::portrait::PortraitTag;
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use std::iter::once;

/// Adds friends.
#[derive(Clone, Debug)]
pub struct AddFriends {
    /// The account that adds them.
    pub account: UserId,
    /// The friends, and what the account keeps of each.
    pub friends: Vec<(UserId, Friend)>,
    /// Whether they have the account among their friends too.
    pub both: bool,
    /// Whether nobody is asked.
    pub forced: bool,
    /// The limits in force.
    pub limits: FriendLimits,
}

impl AddFriends {
    fn others(&self) -> impl Iterator<Item = &UserId> {
        self.friends.iter().map(|(id, _)| id)
    }

    fn add(
        &self,
        ties: &mut Ties<'_>,
        id: &UserId,
        friend: &Friend,
    ) -> Result<Vec<(UserId, UserId)>, FriendProblem> {
        let account = &self.account;
        self.refused(ties, id)?;
        let (is_new, is_new_there) =
            (!ties.has_friend(account, id), self.both && !ties.has_friend(id, account));
        if is_new_there && !self.forced && ties.request(id, account).is_none() {
            self.ask(ties, id, friend)?;
        }
        if is_new && !ties.make_lists(account, &friend.lists, self.limits.lists) {
            return Err(FriendProblem::TooManyLists);
        }
        let mut pairs = Vec::new();
        if is_new {
            ties.put_friend(account, id, friend.clone());
            pairs.push((account.clone(), id.clone()));
        }
        if is_new_there {
            let unasked = Friend {
                source: friend.source.clone(),
                wording: friend.wording.clone(),
                ..Friend::default()
            };
            let mut wish = ties.request(id, account).cloned().unwrap_or(unasked);
            if !ties.make_lists(id, &wish.lists, self.limits.lists) {
                wish.lists.clear();
            }
            ties.put_friend(id, account, Friend { added: friend.added, ..wish });
            pairs.push((id.clone(), account.clone()));
            ties.end_request(account, id);
            ties.end_request(id, account);
        }
        Ok(pairs)
    }

    fn refused(&self, ties: &Ties<'_>, id: &UserId) -> Result<(), FriendProblem> {
        let account = &self.account;
        ties.other(account, id)?;
        if !self.forced
            && word(ties, account, &PortraitTag::AdminForbidType) == Some("AdminForbid_Type_SendOut")
        {
            return Err(FriendProblem::Barred);
        }
        let (is_there, is_there_too) =
            (ties.has_friend(account, id), !self.both || ties.has_friend(id, account));
        if is_there && is_there_too {
            return Err(FriendProblem::AlreadyFriend);
        }
        if ties.has_blocked(account, id) {
            return Err(FriendProblem::OnOwnBlocklist);
        }
        if ties.has_blocked(id, account) {
            return Err(FriendProblem::OnOthersBlocklist);
        }
        if !is_there && ties.is_full(account, FactFamily::Friends, self.limits.count) {
            return Err(FriendProblem::TooManyFriends);
        }
        if !is_there_too && ties.is_full(id, FactFamily::Friends, self.limits.count) {
            return Err(FriendProblem::OtherHasTooManyFriends);
        }
        Ok(())
    }

    /// Goes on only where the other takes everybody.
    fn ask(&self, ties: &mut Ties<'_>, id: &UserId, friend: &Friend) -> Result<(), FriendProblem> {
        match word(ties, id, &PortraitTag::AllowType) {
            Some("AllowType_Type_DenyAny") => Err(FriendProblem::OtherTakesNobody),
            Some("AllowType_Type_NeedConfirm") => {
                let is_full = |account: &UserId, way| {
                    ties.is_full(account, FactFamily::Requests(way), self.limits.requests)
                };
                let is_new = ties.request(&self.account, id).is_none();
                if is_new && (is_full(&self.account, RequestWay::Sent) || is_full(id, RequestWay::Received)) {
                    return Err(FriendProblem::TooManyRequests);
                }
                ties.ask(&self.account, id, friend);
                Err(FriendProblem::Asked)
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn word<'t>(ties: &'t Ties<'_>, account: &UserId, tag: &PortraitTag) -> Option<&'t str> {
    match ties.fact(account, &FactKey::Portrait) {
        Some(Fact::Portrait(portrait)) => portrait.word(tag),
        Some(_) | None => None,
    }
}

impl PeopleOperation for AddFriends {
    /// A result for each friend, in order.
    type Answer = Vec<Result<(), FriendProblem>>;
    type Refusal = FriendsRefusal;

    fn subjects(&self) -> Vec<Subject> {
        once(&self.account).chain(self.others()).map(own).collect()
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let account = &self.account;
        let all = || once(account).chain(self.others());
        let single = all().flat_map(|id| [(own(id), FactKey::Friends), (own(id), FactKey::Portrait)]);
        let facts = single
            .chain(both_ways(account, self.others(), FactKey::Friend))
            .chain(both_ways(account, self.others(), FactKey::Blocked))
            .chain(both_ways(account, self.others(), |id| FactKey::Request(RequestWay::Sent, id)))
            .chain(both_ways(account, self.others(), |id| FactKey::Request(RequestWay::Received, id)));
        let counts = all().flat_map(|id| {
            let family = |way| FactFamily::Requests(way);
            [FactFamily::Friends, family(RequestWay::Sent), family(RequestWay::Received)]
                .map(|of| (own(id), of))
        });
        PeopleNeeds {
            accounts: all().cloned().collect(),
            facts: facts.collect(),
            counts: counts.collect(),
            ..PeopleNeeds::default()
        }
    }

    fn decide(
        &self,
        _: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<Self::Answer>, FriendsRefusal> {
        let mut ties = Ties::of(&snapshot);
        ties.known(&self.account)?;
        let mut pairs = Vec::new();
        let results = self
            .friends
            .iter()
            .map(|(id, friend)| self.add(&mut ties, id, friend).map(|added| pairs.extend(added)));
        let results = results.collect();
        let event = PeopleEvent::FriendsAdded { account: self.account.clone(), forced: self.forced, pairs };
        let is_one = matches!(&event, PeopleEvent::FriendsAdded { pairs, .. } if !pairs.is_empty());
        Ok(PeopleDecision::new(ties.into_changes(), results).with_event(is_one.then_some(event)))
    }
}
