//! `groups`: the groups of the account.
//!
//! [choice] `With` names what a row has besides the name and the numbers: `Profile`, `Self`, `Last`, `At`. `LastMsg` is the
//! last message or tip of the group as its history has it, and is missing where the member does not see that one. `AtList` has
//! the numbers of the messages, unread and among the last 100 of the group, that mention the account or everybody.

use super::group_row::{GroupRow, Profile, SelfInfo};
use super::{ClientRequest, RequestContext, RequestError, group_msg_get_simple};
use crate::clients::client::ConnectedClient;
use crate::clients::frame::ConversationKey;
use crate::clients::senders;
use crate::code::Code;
use crate::reply::Failure;
use landfall_domain::account::SenderProfiles;
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::GroupId;
use landfall_domain::member::Member;
use landfall_domain::message::{Conversation, Message};
use landfall_domain::snapshot::GroupSnapshot;
use landfall_domain::store::{GroupRange, JoinedWindow, WhichMessages};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Groups in one answer.
const GROUPS_MAX: usize = 200;
/// Messages of one group among which mentions are looked for.
const AT_AMONG: u32 = 100;

pub(super) struct Groups;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct GroupsFields {
    offset: usize,
    limit: Option<usize>,
    with: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GroupList {
    total_count: u64,
    group_list: Vec<GroupRow>,
}

/// What the rows have besides the name and the numbers.
#[derive(Clone, Copy, Default)]
struct With {
    profile: bool,
    own: bool,
    last: bool,
    at: bool,
}

impl With {
    fn parse(names: &[String]) -> Result<Self, Failure> {
        let mut with = Self::default();
        for name in names {
            match name.as_str() {
                "Profile" => with.profile = true,
                "Self" => with.own = true,
                "Last" => with.last = true,
                "At" => with.at = true,
                _ => {
                    let problem = "With has an unknown name; Profile, Self, Last and At are known";
                    return Err(Code::GroupParameter.because(problem));
                }
            }
        }
        Ok(with)
    }
}

impl ClientRequest for Groups {
    const COMMAND: &'static str = "groups";
    type Fields = GroupsFields;
    type Reply = GroupList;

    async fn run(
        context: RequestContext<'_>,
        fields: GroupsFields,
    ) -> Result<Option<GroupList>, RequestError> {
        let client = context.client;
        let with = With::parse(&fields.with)?;
        let window = JoinedWindow {
            kinds: GroupType::ALL.into_iter().filter(|kind| kind.can().members).collect(),
            support_topic: None,
            inactive: false,
            offset: fields.offset,
            limit: fields.limit.unwrap_or(GROUPS_MAX).min(GROUPS_MAX),
        };
        let page = client.server.store.joined_groups(client.app.id, client.account().clone(), window).await;
        let page = page.map_err(Failure::from)?;
        let mut messages = Messages::read(client, with, &page.groups).await?;
        let rows = page.groups.into_iter().map(|joined| row(client, with, joined, &mut messages));
        Ok(Some(GroupList { total_count: page.total, group_list: rows.collect::<Result<_, _>>()? }))
    }
}

/// Messages of the groups of one answer.
#[derive(Default)]
struct Messages {
    last: BTreeMap<GroupId, Vec<Message>>,
    at: BTreeMap<GroupId, Vec<Message>>,
    /// Of those whom the last ones name, without their name cards.
    seen: SenderProfiles,
}

impl Messages {
    /// Three reads at most, whatever the number of groups.
    async fn read(client: &ConnectedClient, with: With, groups: &[(Group, Member)]) -> Result<Self, Failure> {
        let last = groups.iter().filter(|(group, _)| with.last && group.log.last_seq() != 0);
        let last = last.map(|(group, _)| range(group, group.log.last_seq() - 1)).collect();
        let unread = groups.iter().filter(|(group, _)| with.at && group.kind.can().unread);
        let unread = unread.map(|(group, member)| {
            let oldest = group.log.last_seq().saturating_sub(AT_AMONG);
            range(group, group.log.read_seq(member.read).max(oldest))
        });
        let unread = unread.filter(|range| range.after < range.up_to).collect();
        let last = messages(client, last, WhichMessages::All).await?;
        let (store, app) = (&*client.server.store, client.app.id);
        Ok(Self {
            seen: senders::profiles(store, app, last.values().flatten()).await?,
            last,
            at: messages(client, unread, WhichMessages::Mentions).await?,
        })
    }
}

fn range(group: &Group, after: u32) -> GroupRange {
    GroupRange { group: group.id.clone(), after, up_to: group.log.last_seq() }
}

async fn messages(
    client: &ConnectedClient,
    ranges: Vec<GroupRange>,
    which: WhichMessages,
) -> Result<BTreeMap<GroupId, Vec<Message>>, Failure> {
    if ranges.is_empty() {
        return Ok(BTreeMap::new());
    }
    Ok(client.server.store.messages_of_groups(client.app.id, ranges, which).await?)
}

fn row(
    client: &ConnectedClient,
    with: With,
    (group, member): (Group, Member),
    messages: &mut Messages,
) -> Result<GroupRow, Failure> {
    let (id, kind, account) = (group.id.clone(), group.kind, client.account());
    let mut row = GroupRow {
        profile: with.profile.then(|| Profile::of(&group)),
        self_info: with.own.then(|| SelfInfo::of(&member)),
        ..GroupRow::new(&group, &member)
    };
    let mut snapshot = GroupSnapshot::of(group);
    snapshot.members.insert(account.clone(), member);
    let is_seen = |message: &Message| snapshot.shows(&Conversation::Group, message, account);
    let last = messages.last.remove(&id).and_then(|mut messages| messages.pop());
    if let Some(message) = last.filter(is_seen) {
        let key = Arc::new(ConversationKey { group: id.clone(), conversation: Conversation::Group });
        let last = group_msg_get_simple::row(client, &key, kind, (&message, &messages.seen))?;
        row.conversation.last_msg = Some(last);
    }
    if with.at {
        let of_group = messages.at.remove(&id).unwrap_or_default();
        let named = of_group.iter().filter(|message| message.mentions(account) && is_seen(message));
        row.at_list = Some(named.map(|message| message.seq).collect());
    }
    Ok(row)
}
