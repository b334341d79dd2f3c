//! Friends, blocklists and one-to-one conversations of the accounts, which may name accounts that no group does.

use super::{PullError, Puller, State};
use crate::format::{Block, Friend, Message, Read, Record, custom};
use crate::reading::people::field_value;
use crate::reading::{DirectPlace, DirectRow, FriendRow};
use crate::rules::people::FRIEND_FIELD;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;

/// Accounts whose friends and conversations are read at the same time.
const ACCOUNTS_AT_ONCE: usize = 8;

impl Puller<'_, '_> {
    /// Names all accounts, where the server can list them.
    pub(super) async fn list_accounts(&self) -> Result<(), PullError> {
        if !self.is_landfall {
            return Ok(());
        }
        let mut after = String::new();
        loop {
            let Some((names, next)) = self.reading.accounts_after(&after).await? else { break };
            names.iter().for_each(|name| self.state().accounts.add(name));
            self.accounts(1).await?;
            if next.is_empty() || next == after {
                break;
            }
            after = next;
        }
        Ok(())
    }

    /// Reads the people of all accounts, and of those that they name.
    pub(super) async fn people(&self) -> Result<(), PullError> {
        loop {
            self.accounts(1).await?;
            let names = self.state().accounts.people(ACCOUNTS_AT_ONCE);
            if names.is_empty() {
                return Ok(());
            }
            stream::iter(&names)
                .map(|name| self.people_of(name))
                .buffer_unordered(ACCOUNTS_AT_ONCE)
                .try_collect::<()>()
                .await?;
        }
    }

    async fn people_of(&self, account: &str) -> Result<(), PullError> {
        match self.reading.friends(account).await? {
            Some(rows) => {
                let mut state = self.state();
                for row in rows {
                    state.accounts.add(&row.friend);
                    let State { sink, report, .. } = &mut *state;
                    report.friends += 1;
                    sink(Record::Friend(friend(&self.src, account, row)))?;
                }
            }
            None => self.state().report.without_people = true,
        }
        match self.reading.blocklist(account).await? {
            Some(rows) => {
                let mut state = self.state();
                for row in rows {
                    state.accounts.add(&row.blocked);
                    let State { sink, report, .. } = &mut *state;
                    report.blocks += 1;
                    sink(Record::Block(Block {
                        src: self.src.clone(),
                        key: format!("{account}:{}", row.blocked),
                        account: account.to_owned(),
                        blocked: row.blocked,
                        add_time: Some(row.since).filter(|since| *since != 0),
                        x: None,
                    }))?;
                }
            }
            None => self.state().report.without_people = true,
        }
        let Some(peers) = self.reading.contacts(account).await? else {
            self.state().report.without_people = true;
            return Ok(());
        };
        for peer in &peers {
            self.state().accounts.add(peer);
            // The one whose name is lower reads for both.
            if account <= peer.as_str() {
                self.conversation(account, peer).await?;
            }
        }
        for (peer, unread) in self.reading.unread_of(account, &peers).await? {
            let mut state = self.state();
            let State { sink, report, .. } = &mut *state;
            report.reads += 1;
            sink(Record::Read(Read {
                src: self.src.clone(),
                key: format!("{account}:{peer}"),
                account: account.to_owned(),
                peer: Some(peer),
                unread_msg_num: Some(unread),
                ..Read::default()
            }))?;
        }
        Ok(())
    }

    async fn conversation(&self, account: &str, peer: &str) -> Result<(), PullError> {
        let mut place: Option<DirectPlace> = None;
        loop {
            let Some(page) = self.reading.direct_page(account, peer, place.as_ref()).await? else {
                return Ok(());
            };
            {
                let mut state = self.state();
                for row in page.rows {
                    let State { sink, report, .. } = &mut *state;
                    if row.is_recalled() {
                        report.removed_messages += 1;
                        continue;
                    }
                    report.messages += 1;
                    sink(Record::Message(message(&self.src, row)))?;
                }
            }
            place = page.next;
            if place.is_none() {
                return Ok(());
            }
        }
    }
}

/// The record that a message was imported from, where it carries one.
fn message(src: &str, row: DirectRow) -> Message {
    let msg_body = row.body();
    custom::unfold(Message {
        src: src.to_owned(),
        key: row.msg_key,
        from: row.from,
        to: Some(row.to),
        send_time: Some(row.msg_time_stamp),
        random: (row.msg_random != 0).then_some(row.msg_random),
        msg_seq: Some(row.msg_seq),
        msg_body,
        cloud_custom_data: Some(row.cloud_custom_data).filter(|text| !text.is_empty()),
        ..Message::default()
    })
}

fn friend(src: &str, account: &str, row: FriendRow) -> Friend {
    let value = |tag: &str| row.fields.iter().find(|(of, _)| of == tag).map(|(_, value)| value);
    let text = |tag: &str| value(tag)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let number = |tag: &str| value(tag)?.as_u64().filter(|number| *number != 0);
    let lists = value("Tag_SNS_IM_Group").and_then(Value::as_array);
    let lists = lists.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let custom = row.fields.iter().filter(|(tag, _)| tag.starts_with(FRIEND_FIELD));
    Friend {
        src: src.to_owned(),
        key: format!("{account}:{}", row.friend),
        account: account.to_owned(),
        remark: text("Tag_SNS_IM_Remark"),
        remark_time: number("Tag_SNS_IM_RemarkTime"),
        lists: lists.collect(),
        add_source: text("Tag_SNS_IM_AddSource"),
        add_wording: text("Tag_SNS_IM_AddWording"),
        add_time: number("Tag_SNS_IM_AddTime"),
        custom_item: custom.filter_map(|(tag, value)| field_value(tag, value)).collect(),
        friend: row.friend,
        x: None,
    }
}
