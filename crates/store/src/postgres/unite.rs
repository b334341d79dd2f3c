//! Uniting groups that are there with what files have of them, each in a transaction that holds the lock of the group.

use super::change_group;
use super::columns::read_all;
use super::database::{Database, Kind, Tx, Work};
use super::failure::Failure;
use super::locks;
use super::rows::DayLists;
use super::snapshots;
use super::statements;
use super::tables;
use super::undo::put_origin;
use super::values::{app_column, count};
use super::whole_groups::{known, topic_in};
use crate::messages::day;
use async_trait::async_trait;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::group::Group;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::{Member, Role};
use landfall_domain::message::{Conversation, Message};
use landfall_domain::origin::Provenance;
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::snapshot::{GroupSnapshot, MessageRange, Needs};
use landfall_domain::topic::Topic;
use landfall_domain::unite::{Kept, MEMBERS_MAX, OnDifference, Reach, There, Union, UnionOutcome, unite};
use landfall_domain::whole_group::WholeGroup;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

/// Groups that are united at the same time.
const AT_ONCE: usize = 4;
/// Messages that are read at once.
const MESSAGES_PER_PAGE: usize = 500;

pub(super) async fn unite_groups(
    database: &Database,
    context: Context,
    groups: Vec<WholeGroup>,
    on: OnDifference,
) -> Result<Vec<UnionOutcome>, StoreError> {
    let unite = |whole| {
        let (database, work) = (database.clone(), UniteGroup { context, whole, on });
        async move {
            let done = database.perform(&work).await;
            done.map_err(|failure| failure.while_doing(UniteGroup::DOING))
        }
    };
    stream::iter(groups).map(unite).buffered(AT_ONCE).try_collect().await
}

struct UniteGroup {
    context: Context,
    whole: WholeGroup,
    on: OnDifference,
}

#[async_trait]
impl Work for UniteGroup {
    type Output = UnionOutcome;
    const DOING: &'static str = "uniting a group with what a file has";
    const KIND: Kind = Kind::LongWrite;

    async fn perform(&self, tx: &Tx) -> Result<UnionOutcome, Failure> {
        let (context, whole) = (&self.context, self.whole.clone());
        let (app, id) = (context.app, whole.id());
        tx.begin(Some(app), &locks::groups(app, [&id].into_iter())).await?;
        let there = match load(tx, app, &whole).await? {
            Ok(there) => there,
            Err(kept) => return Ok(UnionOutcome::Kept(kept)),
        };
        let before = GroupSnapshot::of(there.group.clone());
        let named: BTreeSet<UserId> = whole.members.iter().map(|member| member.account.clone()).collect();
        let known = known(tx, context, named.into_iter().chain(whole.new.owner.clone()).collect()).await?;
        let is_known = |account: &UserId| Ok::<_, Infallible>(known.contains(account));
        let Ok(united) = unite(there, whole, self.on, context, is_known);
        let (union, figures) = match united {
            Ok(united) => united,
            Err(kept) => return Ok(UnionOutcome::Kept(kept)),
        };
        let Some(Union { changes, provenance, .. }) = union else {
            return Ok(UnionOutcome::Unchanged(figures));
        };
        // An older message may be under the number of another.
        let dated = changes.updated_messages.iter().map(|(place, message)| (place, day(message.sent)));
        let dated: BTreeSet<(&Conversation, u32)> = dated.collect();
        let mut days = DayLists::with_capacity(app, dated.len());
        dated.into_iter().for_each(|(place, day)| days.push(&id, place, day));
        change_group::write(tx, context, &before, &changes).await?;
        tables::put(tx, &statements::INSERT_DAYS, &days).await?;
        put_origin(tx, app, &id, &provenance).await?;
        Ok(UnionOutcome::United(figures))
    }
}

async fn load(tx: &Tx, app: AppId, whole: &WholeGroup) -> Result<Result<There, Kept>, Failure> {
    let id = whole.id();
    let rows = tx.query(&statements::ORIGINS, &[&app_column(app), &vec![id.as_str()]]).await?;
    let mut origins: BTreeMap<GroupId, Provenance> = read_all(&rows)?;
    let provenance = origins.remove(&id);
    let (Some(group), Some(provenance)) = (tables::group(tx, app, &id).await?, provenance) else {
        return Ok(Err(Kept::NotByJob));
    };
    if MEMBERS_MAX < usize::try_from(group.member_count).unwrap_or(usize::MAX) {
        return Ok(Err(Kept::TooManyToLookAt));
    }
    let mut needs = Needs::default();
    if group.support_topic {
        needs.ranges.push(PartRange::all(PartFamily::Topics));
    }
    let topics = snapshots::load(tx, app, group.clone(), &needs).await?;
    let topics: Vec<Topic> = topics.parts.values().filter_map(topic_in).cloned().collect();
    let ranges = topics.iter().map(|topic| PartRange::all(PartFamily::TopicMembers(topic.id.clone())));
    let needs = Needs { ranges: ranges.collect(), ..Needs::default() };
    let marks = snapshots::load(tx, app, group.clone(), &needs).await?.parts.into_iter();
    let marks = marks.filter_map(|entry| match entry {
        (PartKey::TopicMember(topic, account), Part::TopicMember(mark)) => Some(((topic, account), mark)),
        _ => None,
    });
    let messages = match load_messages(tx, app, &group, Reach::of(whole)).await? {
        Ok(messages) => messages,
        Err(kept) => return Ok(Err(kept)),
    };
    let members = members(tx, app, &group).await?;
    Ok(Ok(There { marks: marks.collect(), group, provenance, members, topics, messages }))
}

/// Messages that are in reach, in order.
async fn load_messages(
    tx: &Tx,
    app: AppId,
    group: &Group,
    mut reach: Reach,
) -> Result<Result<BTreeMap<Conversation, Vec<Message>>, Kept>, Failure> {
    let mut all = BTreeMap::new();
    for (place, from) in reach.from.clone() {
        let (mut found, mut up_to) = (Vec::new(), u32::MAX);
        'pages: loop {
            let newest =
                MessageRange::Newest { conversation: place.clone(), up_to, limit: MESSAGES_PER_PAGE };
            let needs = Needs { messages: vec![newest], ..Needs::default() };
            let page = snapshots::load(tx, app, group.clone(), &needs).await?;
            let page = page.messages.into_values().flatten().map(|(_, message)| message);
            let page: Vec<Message> = page.collect();
            let is_last = page.len() < MESSAGES_PER_PAGE;
            for message in page.into_iter().rev() {
                if message.sent < from {
                    break 'pages;
                }
                if let Err(kept) = reach.take(&message) {
                    return Ok(Err(kept));
                }
                up_to = message.seq.saturating_sub(1);
                found.push(message);
            }
            if is_last {
                break;
            }
        }
        found.reverse();
        all.insert(place, found);
    }
    Ok(Ok(all))
}

async fn members(tx: &Tx, app: AppId, group: &Group) -> Result<Vec<Member>, Failure> {
    let (app, id) = (app_column(app), group.id.as_str());
    let roles: Vec<i16> = Role::ALL.iter().map(|role| role.code().into()).collect();
    let all = count(MEMBERS_MAX);
    let rows = tx.query(&statements::MEMBERS_BY_NAME, &[&app, &id, &"", &roles, &all]).await?;
    read_all(&rows)
}
