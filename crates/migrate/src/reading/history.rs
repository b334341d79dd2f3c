//! Messages of a conversation, in the order of their numbers.

use super::ask::is_too_long;
use super::rows::or_default;
use super::{Conversation, MessageRow, Reading};
use crate::files;
use crate::server::CallError;
use futures_util::stream::{self, Stream, StreamExt as _};
use serde::Deserialize;
use serde_json::json;

/// Messages on a page; servers give no more.
const MESSAGES_PER_PAGE: u32 = 20;
/// Pages of one conversation that are read ahead.
const PAGES_AHEAD: usize = 8;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct HistoryAnswer {
    /// 2 when the whole page was removed because of its age, 1 when nothing older is there.
    is_finished: u8,
    #[serde(deserialize_with = "or_default")]
    rsp_msg_list: Vec<MessageRow>,
}

impl HistoryAnswer {
    /// Whether neither this page nor an older one has a message.
    fn is_behind_all(&self) -> bool {
        match self.is_finished {
            2 => true,
            1 => self.rsp_msg_list.iter().all(|row| row.is_place_msg != 0),
            _ => self.rsp_msg_list.is_empty(),
        }
    }
}

impl Reading<'_> {
    /// Number of the last message, for servers that do not tell it with the group; 0 when there is none.
    ///
    /// # Errors
    /// The server refuses, or does not answer.
    pub async fn last_seq(&self, conversation: &Conversation) -> Result<u32, CallError> {
        let answer = self.page(conversation, 0, 1).await?;
        Ok(answer.rsp_msg_list.iter().map(|row| row.msg_seq).max().unwrap_or_default())
    }

    /// The rows of the numbers from `first` to `last`, page by page in rising order. Numbers that the server says nothing
    /// about have no row.
    ///
    /// Wait for nothing that calls the server between two pages: pages that are read ahead keep their place in line while
    /// nobody asks for them.
    pub fn history<'a>(
        &'a self,
        conversation: &'a Conversation,
        first: u32,
        last: u32,
    ) -> impl Stream<Item = Result<Page, CallError>> + Send + 'a {
        let step = usize::try_from(MESSAGES_PER_PAGE).unwrap_or(usize::MAX);
        stream::iter((first..=last).step_by(step))
            .map(move |low| {
                let high = last.min(low.saturating_add(MESSAGES_PER_PAGE - 1));
                self.numbers(conversation, low, high)
            })
            .buffered(PAGES_AHEAD)
    }

    /// Number from which on messages may be there: everything before it was removed because of its age.
    ///
    /// # Errors
    /// The server refuses, or does not answer.
    pub async fn first_kept(&self, conversation: &Conversation, last: u32) -> Result<u32, CallError> {
        let (mut low, mut high) = (1, last.max(1));
        // Few messages are read as quickly as it takes to find out.
        if high <= MESSAGES_PER_PAGE * 8
            || !self.page(conversation, MESSAGES_PER_PAGE, MESSAGES_PER_PAGE).await?.is_behind_all()
        {
            return Ok(low);
        }
        // Everything before `low` is gone; what `high` has is not known to be.
        while low < high {
            let middle = low + (high - low) / 2;
            if self.page(conversation, middle, MESSAGES_PER_PAGE).await?.is_behind_all() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// The rows of the numbers from `low` to `high`, which fit a page.
    async fn numbers(&self, conversation: &Conversation, low: u32, high: u32) -> Result<Page, CallError> {
        let mut rows = Vec::new();
        let mut top = high;
        let mut per_page = MESSAGES_PER_PAGE;
        while low <= top {
            let answer = match self.page(conversation, top, per_page.min(top - low + 1)).await {
                Ok(answer) => answer,
                Err(error) if is_too_long(&error) && 1 < per_page => {
                    per_page /= 2;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let wanted = answer.rsp_msg_list.into_iter().filter(|row| row.msg_seq <= top);
            let before = rows.len();
            rows.extend(wanted);
            let Some(lowest) = rows.iter().skip(before).map(|row| row.msg_seq).min() else { break };
            top = lowest.saturating_sub(1);
        }
        Ok(Page::new(low, high, rows))
    }

    async fn page(
        &self,
        conversation: &Conversation,
        up_to: u32,
        number: u32,
    ) -> Result<HistoryAnswer, CallError> {
        let mut body = json!({ "GroupId": conversation.group, "ReqMsgNumber": number });
        if let Some(topic) = &conversation.topic {
            body["TopicId"] = json!(topic);
        }
        if up_to != 0 {
            body["ReqMsgSeq"] = json!(up_to);
        }
        let mut answer: HistoryAnswer = self.ask("group_open_http_svc/group_msg_get_simple", &body).await?;
        for row in &mut answer.rsp_msg_list {
            if files::may_have_signatures(row.msg_body.as_str()) {
                let mut elements = row.msg_body.value();
                files::take_signatures_off(self.server.app(), &mut elements);
                row.msg_body = elements.into();
            }
        }
        Ok(answer)
    }
}

/// What a server has under some numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The numbers that were asked for, both included.
    pub first: u32,
    pub last: u32,
    /// In rising order, each number once.
    pub rows: Vec<MessageRow>,
}

impl Page {
    fn new(first: u32, last: u32, mut rows: Vec<MessageRow>) -> Self {
        rows.retain(|row| (first..=last).contains(&row.msg_seq));
        rows.sort_by_key(|row| row.msg_seq);
        rows.dedup_by_key(|row| row.msg_seq);
        Self { first, last, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(msg_seq: u32, is_place_msg: u8) -> MessageRow {
        MessageRow { msg_seq, is_place_msg, ..MessageRow::default() }
    }

    #[test]
    fn a_page_has_the_asked_numbers_in_order_and_once() {
        let page = Page::new(3, 5, [6, 5, 4, 4, 2].map(|seq| row(seq, 0)).to_vec());
        assert_eq!(page.rows.iter().map(|row| row.msg_seq).collect::<Vec<_>>(), [4, 5]);
    }

    #[test]
    fn a_page_of_removed_messages_is_behind_all() {
        for (is_finished, rows, behind) in [
            (0, vec![row(2, 1)], false),
            (0, vec![], true),
            (1, vec![row(2, 1), row(1, 0)], false),
            (1, vec![row(2, 1), row(1, 1)], true),
            (1, vec![], true),
            (2, vec![row(2, 1)], true),
        ] {
            let answer = HistoryAnswer { is_finished, rsp_msg_list: rows };
            assert_eq!(answer.is_behind_all(), behind, "{is_finished}");
        }
    }
}
