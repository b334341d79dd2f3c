//! Importing members: all calls that wait together are one transaction that holds the locks of their groups.

use super::batcher::Batch;
use super::columns::read_all;
use super::database::{Database, Kind, Tx, Work};
use super::failure::{Failure, first_failure};
use super::locks;
use super::reach::Keys;
use super::rows::{MemberLists, NewMembers};
use super::statements;
use super::tables;
use super::values::app_column;
use async_trait::async_trait;
use futures_util::future::try_join_all;
use landfall_domain::context::Context;
use landfall_domain::group::Group;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::import::{self, ImportMembersRefusal, ImportedMembers, MemberOutcome, Standing};
use landfall_domain::member::Member;
use landfall_domain::new_group::NewMember;
use landfall_domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Members to import into one group.
pub(super) struct Request {
    pub(super) context: Context,
    pub(super) group: GroupId,
    pub(super) members: Vec<NewMember>,
}

impl Request {
    fn keys(&self) -> Keys<'_> {
        let accounts = self.members.iter().map(|member| member.account.as_str()).collect();
        Keys { accounts, ..Keys::of_group(&self.group) }
    }
}

pub(super) type Reply = Result<Vec<MemberOutcome>, ImportMembersRefusal>;

/// Imports members.
pub(super) struct ImportMembers {
    pub(super) database: Database,
}

#[async_trait]
impl Batch for ImportMembers {
    type Request = Request;
    type Reply = Reply;
    const DOING: &'static str = "importing members";

    fn weight(request: &Request) -> usize {
        3 + 2 * request.members.len()
    }

    async fn out_of_reach(&self, requests: &[Request]) -> Result<Vec<bool>, Failure> {
        self.database.out_of_reach(requests.iter().map(Request::keys).collect()).await
    }

    async fn perform(&self, app: AppId, requests: &[Request]) -> Result<Vec<Reply>, Failure> {
        self.database.perform(&Transaction { app, requests }).await
    }
}

struct Transaction<'requests> {
    app: AppId,
    requests: &'requests [Request],
}

/// One of the groups, as it is in the middle of the transaction.
struct GroupState {
    group: Group,
    /// When the requested accounts that are members joined.
    members: BTreeMap<UserId, Timestamp>,
    /// More members than before.
    grown: bool,
    /// Members that joined earlier than was known.
    earlier: BTreeMap<UserId, Timestamp>,
}

#[async_trait]
impl Work for Transaction<'_> {
    type Output = Vec<Reply>;
    const DOING: &'static str = ImportMembers::DOING;
    const KIND: Kind = Kind::Write;

    async fn perform(&self, tx: &Tx) -> Result<Vec<Reply>, Failure> {
        let locks = locks::groups(self.app, self.requests.iter().map(|request| &request.group));
        match self.requests {
            [_] => tx.begin(Some(self.app), &locks).await?,
            _ => tx.begin_for_several(self.app, &locks).await?,
        }
        let mut named: BTreeMap<&GroupId, BTreeSet<&UserId>> = BTreeMap::new();
        for request in self.requests {
            named
                .entry(&request.group)
                .or_default()
                .extend(request.members.iter().map(|member| &member.account));
        }
        let all: BTreeSet<&UserId> = named.values().flatten().copied().collect();
        // Sent one after the other without waiting for each other's replies.
        let (known, present) = futures_util::join!(
            tables::known_accounts(tx, self.app, all),
            try_join_all(named.iter().map(|(group, accounts)| self.present(tx, group, accounts))),
        );
        let mut known = known?;
        let mut groups: BTreeMap<&GroupId, GroupState> =
            named.keys().copied().zip(present?).filter_map(|(id, present)| Some((id, present?))).collect();

        let mut replies = Vec::with_capacity(self.requests.len());
        let mut changes: Vec<(&Request, ImportedMembers)> = Vec::new();
        for request in self.requests {
            replies.push(match groups.get_mut(&request.group) {
                None => Err(ImportMembersRefusal::NoSuchGroup),
                Some(present) => decide(request, present, &mut known).map(|mut change| {
                    let outcomes = std::mem::take(&mut change.outcomes);
                    changes.push((request, change));
                    outcomes
                }),
            });
        }
        self.write(tx, &changes, &groups).await?;
        Ok(replies)
    }
}

/// Applies the rule, and shows its result to later calls of the same transaction.
fn decide(
    request: &Request,
    present: &mut GroupState,
    known: &mut BTreeSet<UserId>,
) -> Result<ImportedMembers, ImportMembersRefusal> {
    let standing = |member: &NewMember| Standing {
        known: known.contains(&member.account),
        joined: present.members.get(&member.account).copied(),
    };
    let standings: Vec<_> = request.members.iter().map(standing).collect();
    let Context { unknown, now, .. } = request.context;
    let mut change = import::import_members(&present.group, &request.members, &standings, unknown, now)?;
    known.extend(change.placeholders.iter().cloned());
    let added = change.added.iter().map(|member| (member.account.clone(), member.joined));
    let earlier = change.earlier.iter().map(|(account, joined)| (account.clone(), *joined));
    present.members.extend(added.chain(earlier));
    present.earlier.append(&mut change.earlier);
    present.grown |= !change.added.is_empty();
    present.group.member_count += u32::try_from(change.added.len()).unwrap_or(u32::MAX);
    Ok(change)
}

impl Transaction<'_> {
    /// A group, and which of `accounts` are in it; `None` when there is no such group.
    async fn present(
        &self,
        tx: &Tx,
        id: &GroupId,
        accounts: &BTreeSet<&UserId>,
    ) -> Result<Option<GroupState>, Failure> {
        let (app, accounts) =
            (app_column(self.app), accounts.iter().map(|name| name.as_str()).collect::<Vec<_>>());
        let (id_text, named): (&str, &[&str]) = (id.as_str(), &accounts);
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&app, &id_text, &named];
        let (group, members) = futures_util::join!(
            tables::group_alone(tx, self.app, id),
            tx.query(&statements::MEMBERS_PRESENT, &parameters),
        );
        let members = read_all(&members?)?;
        Ok(group?.map(|group| GroupState { group, members, grown: false, earlier: BTreeMap::new() }))
    }

    async fn write(
        &self,
        tx: &Tx,
        changes: &[(&Request, ImportedMembers)],
        groups: &BTreeMap<&GroupId, GroupState>,
    ) -> Result<(), Failure> {
        let rows = changes.iter().map(|(_, change)| change.added.len()).sum();
        let mut new = NewMembers::with_capacity(self.app, rows);
        for (request, change) in changes {
            let present = groups.get(&request.group).into_iter();
            present
                .flat_map(|present| change.added.iter().map(|member| (&present.group, member)))
                .for_each(|(group, member)| new.push(group, member));
        }
        let placeholders = tables::placeholders(
            self.app,
            changes.iter().flat_map(|(request, change)| {
                let now: Timestamp = request.context.now;
                change.placeholders.iter().map(move |account| (account, now))
            }),
        );
        let grown = groups.values().filter(|present| present.grown);
        let (accounts, members, counted) = futures_util::join!(
            tables::put_placeholders(tx, self.app, placeholders),
            tables::insert_members(tx, &new),
            try_join_all(grown.map(|present| self.set_member_count(tx, &present.group))),
        );
        first_failure([accounts, members, counted.map(drop)])?;
        // After the new members, about which a later call of the same transaction may know more.
        for present in groups.values().filter(|present| !present.earlier.is_empty()) {
            self.set_earlier(tx, present).await?;
        }
        Ok(())
    }

    /// Writes earlier join times that are known now.
    async fn set_earlier(
        &self,
        tx: &Tx,
        GroupState { group, earlier, .. }: &GroupState,
    ) -> Result<(), Failure> {
        let (app, id) = (app_column(self.app), group.id.as_str());
        let names: Vec<&str> = earlier.keys().map(UserId::as_str).collect();
        let found = tx.query(&statements::MEMBERS, &[&app, &id, &names]).await?;
        let mut members: Vec<Member> = read_all(&found)?;
        let mut lists = MemberLists::with_capacity(self.app, members.len());
        for member in &mut members {
            member.joined = earlier.get(&member.account).copied().unwrap_or(member.joined);
        }
        members.iter().for_each(|member| lists.push(&group.id, member));
        tables::put(tx, &statements::PUT_MEMBERS, &lists).await
    }

    async fn set_member_count(&self, tx: &Tx, group: &Group) -> Result<(), Failure> {
        let (app, count) = (app_column(self.app), i64::from(group.member_count));
        tx.run(&statements::SET_MEMBER_COUNT, &[&app, &group.id.as_str(), &count]).await?;
        Ok(())
    }
}
