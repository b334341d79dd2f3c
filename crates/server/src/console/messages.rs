//! `/console/groups/APP/GROUP/messages`: what was said in a group or topic, the newest first, with names and times.

use super::elements::elements;
use super::group::snapshot;
use super::layout::{self, Here};
use super::moment::{count, moment};
use super::place::{self, account_link, encoded, group_path};
use super::respond::Reply;
use super::strings as say;
use super::visit::Visit;
use landfall_domain::account::Account;
use landfall_domain::error::StoreError;
use landfall_domain::ids::{AppId, GroupId, TopicId, UserId};
use landfall_domain::message::{Content, Conversation, Message, MessageState};
use landfall_domain::snapshot::{MessageRange, Needs};
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// Messages on a page.
const ROWS: usize = 50;

type Accounts = BTreeMap<UserId, Account>;

pub(super) async fn read(visit: &Visit, app: &str, group: &str) -> Reply {
    let topic = visit.parameter("topic");
    let found = GroupId::parse(group).and_then(|group| TopicId::parse(&topic, &group));
    if found.is_none() && !topic.is_empty() {
        return place::nothing(visit);
    }
    let conversation = Conversation::of(found);
    let up_to = visit.parameter("upto").parse().unwrap_or(u32::MAX);
    let range = MessageRange::Newest { conversation: conversation.clone(), up_to, limit: ROWS };
    let needs = Needs { messages: vec![range], ..Needs::default() };
    let (app, mut found) = match snapshot(visit, (app, group), needs).await {
        Ok(found) => found,
        Err(reply) => return *reply,
    };
    let messages = found.messages.remove(&conversation).unwrap_or_default();
    let accounts = match accounts(visit, app.id, messages.values()).await {
        Ok(accounts) => accounts,
        Err(error) => return layout::store_failed(&visit.session, &error),
    };
    let group = &found.group;
    let path = group_path(app.id, group.id.as_str());
    let title = format!("Messages of {}", if topic.is_empty() { group.id.as_str() } else { &topic });
    let older = messages.keys().next().filter(|first| 1 < **first && ROWS <= messages.len());
    layout::page(
        &visit.session,
        Here::Groups,
        &title,
        html! {
            p.tools { a.button.plain href=(path) { "Group " (group.id) } }
            p.soft { (group.profile.name.as_str()) ". Times are in UTC; the newest message comes first." }
            @if messages.is_empty() { p { (say::NOTHING) } }
            @else {
                section.card aria-label="Messages" {
                    @for message in messages.values().rev() { (shown(app.id, message, &accounts)) }
                }
            }
            @if let Some(first) = older {
                p { a.button.plain href={ (path) "/messages?topic=" (encoded(&topic)) "&upto=" (first - 1) } { "Older messages" } }
            }
        },
    )
}

/// The accounts that sent these messages.
async fn accounts(
    visit: &Visit,
    app: AppId,
    messages: impl Iterator<Item = &Message>,
) -> Result<Accounts, StoreError> {
    let senders: BTreeSet<UserId> = messages.map(|message| message.sender.clone()).collect();
    let senders: Vec<UserId> = senders.into_iter().collect();
    let accounts = visit.server.store.accounts(app, senders.clone()).await?;
    Ok(senders.into_iter().zip(accounts).filter_map(|(id, account)| Some((id, account?))).collect())
}

fn shown(app: AppId, message: &Message, accounts: &Accounts) -> Markup {
    let nick = accounts.get(&message.sender).map(|account| account.nick.as_str()).unwrap_or_default();
    html! {
        article.message aria-label={ "Message " (message.seq) } {
            p.soft {
                "#" (count(message.seq.into())) " "
                @if !nick.is_empty() { strong { (nick) } " " }
                (account_link(app, &message.sender)) ", " (moment(message.sent))
            }
            (content(message))
        }
    }
}

fn content(message: &Message) -> Markup {
    match (message.state, &message.content) {
        (MessageState::Deleted, _) => html! { p.soft { "deleted" } },
        (MessageState::Recalled, Content::Gone(Some(recall))) => {
            html! { p.soft { "recalled by " (recall.operator) @if !recall.reason.is_empty() { ": " (recall.reason) } } }
        }
        (MessageState::Recalled, _) => html! { p.soft { "recalled" } },
        (MessageState::Kept, Content::Sent(body)) => html! {
            (elements(&body.elements))
            @if !body.custom.is_empty() {
                details { summary { "Custom data of the message" } pre.code { (body.custom) } }
            }
        },
        (MessageState::Kept, Content::Tip(_)) => html! { p.soft { "a notice about the group" } },
        (MessageState::Kept, Content::Gone(_)) => html! { p.soft { "gone" } },
    }
}
