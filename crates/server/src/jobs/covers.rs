//! Whether a file has everything of a group that is there: only then may the file's group take its place.

use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::member::Member;
use landfall_domain::message::{Body, Content, Conversation, Message};
use landfall_domain::part::{Part, PartFamily, PartRange};
use landfall_domain::snapshot::{GroupSnapshot, MessageRange, Needs};
use landfall_domain::store::{MemberWindow, Store};
use landfall_domain::time::Timestamp;
use landfall_domain::whole_group::{WholeGroup, WholeMember};
use std::collections::BTreeMap;

/// Messages and members read at once.
const PAGE: usize = 500;

/// What the file's group is, beside the one that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Coverage {
    /// It has all there is, unchanged, and perhaps more.
    All,
    /// It has all there is, some of it with another content.
    Changed(&'static str),
    /// It lacks something.
    Less(&'static str),
}

/// Compares. A group that vanishes meanwhile has nothing that the file could lack.
pub(super) async fn coverage(
    store: &dyn Store,
    app: AppId,
    whole: &WholeGroup,
) -> Result<Coverage, StoreError> {
    let covering = Covering::new(whole);
    let mut changed = None;
    match look(store, app, whole, &covering, &mut changed).await {
        Ok(Some(lacking)) => Ok(Coverage::Less(lacking)),
        Ok(None) => Ok(changed.map_or(Coverage::All, Coverage::Changed)),
        Err(OperationError::Refused(_)) => Ok(Coverage::All),
        Err(OperationError::Store(error)) => Err(error),
    }
}

/// What the file has, to be looked up.
struct Covering<'a> {
    members: BTreeMap<&'a UserId, &'a WholeMember>,
    messages: BTreeMap<(&'a Conversation, &'a UserId, Timestamp, u32), Vec<&'a Body>>,
}

impl<'a> Covering<'a> {
    fn new(whole: &'a WholeGroup) -> Self {
        let members = whole.members.iter().map(|member| (&member.account, member)).collect();
        let mut messages: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (place, all) in &whole.messages {
            for message in all {
                let key = (place, &message.sender, message.sent, message.random);
                messages.entry(key).or_default().push(&message.body);
            }
        }
        Self { members, messages }
    }

    /// Whether the file has a message; `Err` when it has one with another content.
    fn has(&self, place: &Conversation, message: &Message) -> Option<Result<(), ()>> {
        let Content::Sent(body) = &message.content else { return Some(Ok(())) };
        let found = self.messages.get(&(place, &message.sender, message.sent, message.random))?;
        let same = found.iter().any(|other| other.elements == body.elements && other.custom == body.custom);
        Some(if same { Ok(()) } else { Err(()) })
    }
}

type Found<T> = Result<T, OperationError<landfall_domain::error::NoSuchGroup>>;

/// What the file lacks.
async fn look(
    store: &dyn Store,
    app: AppId,
    whole: &WholeGroup,
    covering: &Covering<'_>,
    changed: &mut Option<&'static str>,
) -> Found<Option<&'static str>> {
    let needs = Needs { ranges: vec![PartRange::all(PartFamily::Topics)], ..Needs::default() };
    let GroupSnapshot { group, parts, .. } = store.snapshot(app, whole.id(), needs).await?;
    if group.kind != whole.new.kind {
        return Ok(Some("its type"));
    }
    if group.owner != whole.new.owner {
        *changed = Some("its owner");
    }
    if group.profile != whole.new.profile {
        *changed = Some("its profile");
    }
    let mut places = vec![Conversation::Group];
    for part in parts.values() {
        let Part::Topic(topic) = part else { continue };
        if !whole.topics.iter().any(|other| other.id == topic.id) {
            return Ok(Some("a topic"));
        }
        places.push(Conversation::Topic(topic.id.clone()));
    }
    if let Some(lacking) = members(store, app, whole, covering, changed).await? {
        return Ok(Some(lacking));
    }
    for place in places {
        let mut up_to = u32::MAX;
        loop {
            let newest = MessageRange::Newest { conversation: place.clone(), up_to, limit: PAGE };
            let needs = Needs { messages: vec![newest], ..Needs::default() };
            let page = store.snapshot(app, whole.id(), needs).await?;
            let messages = page.messages_of(&place);
            for message in &messages {
                match covering.has(&place, message) {
                    None => return Ok(Some("a message")),
                    Some(Err(())) => *changed = Some("a message"),
                    Some(Ok(())) => {}
                }
            }
            match messages.first() {
                Some(oldest) if messages.len() == PAGE && 1 < oldest.seq => up_to = oldest.seq - 1,
                Some(_) | None => break,
            }
        }
    }
    Ok(None)
}

async fn members(
    store: &dyn Store,
    app: AppId,
    whole: &WholeGroup,
    covering: &Covering<'_>,
    changed: &mut Option<&'static str>,
) -> Found<Option<&'static str>> {
    let mut after = None;
    loop {
        let window = MemberWindow::ByName { after, limit: PAGE };
        let page = store.members(app, whole.id(), Vec::new(), window).await?;
        for member in &page.members {
            match covering.members.get(&member.account) {
                None if whole.new.owner.as_ref() != Some(&member.account) => return Ok(Some("a member")),
                Some(other) if differs(member, other, whole) => *changed = Some("a member"),
                None | Some(_) => {}
            }
        }
        after = page.members.last().map(|member| member.account.clone());
        if !page.more || after.is_none() {
            return Ok(None);
        }
    }
}

/// How far it has read and how it receives messages is its own matter. An earlier time of joining is no change: imports of
/// members take it over too.
fn differs(member: &Member, other: &WholeMember, whole: &WholeGroup) -> bool {
    let owns = whole.new.owner.as_ref() == Some(&member.account);
    member.name_card != other.name_card
        || member.fields != other.fields
        || (!owns && (member.role != other.role || other.joined.is_some_and(|joined| member.joined < joined)))
}
