//! A reader that looks on while groups come in.
//!
//! An import over the API makes a group step by step, so half a history may be seen; but what is seen is always the
//! beginning of the history. A job on the server brings in whole groups: what is seen of those is everything.

use super::neutral::{Made, Talk};
use crate::server::{ADMIN, APP, usersig_of};
use landfall::client::{ClientError, RestClient};
use landfall_domain::ids::UserId;
use landfall_domain::time::{Clock as _, SystemClock};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// Messages of one page.
const PAGE: usize = 20;

/// Reads histories, one after the other and again, until its end.
pub(crate) struct Looker {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Looker {
    /// Looks at the histories of `made` in the server that is at the address.
    pub(crate) fn start(address: watch::Receiver<SocketAddr>, made: &Made, whole: bool) -> Self {
        let (end, ended) = oneshot::channel();
        let talks = made.talks.clone();
        let task = tokio::spawn(async move {
            tokio::select! {
                () = look(address, &talks, whole) => {}
                _ = ended => {}
            }
        });
        Self { end, task }
    }

    /// Ends the test if it saw what may not be seen.
    pub(crate) async fn end(self, told: &str) {
        // It has ended already when it saw something wrong.
        self.end.send(()).ok();
        self.task.await.unwrap_or_else(|error| panic!("{told}: {error}"));
    }
}

async fn look(mut address: watch::Receiver<SocketAddr>, talks: &[Talk], whole: bool) {
    loop {
        let server = *address.borrow_and_update();
        let usersig = usersig_of(ADMIN, SystemClock.now());
        let client = RestClient::connect(server, APP, &UserId::parse(ADMIN).unwrap(), &usersig).await;
        if let Ok(mut client) = client {
            while look_at_all(&mut client, talks, whole).await {}
        }
        // The server was killed; another one takes its place.
        address.changed().await.unwrap();
    }
}

/// Whether the server still answers.
async fn look_at_all(client: &mut RestClient, talks: &[Talk], whole: bool) -> bool {
    for talk in talks {
        let mut question = json!({ "GroupId": talk.group, "ReqMsgNumber": PAGE });
        if let Some(topic) = &talk.topic {
            question["TopicId"] = json!(topic);
        }
        match client.call("group_open_http_svc/group_msg_get_simple", &question).await {
            Ok(page) => assert!(is_right(talk, &page, whole), "{}: {page}", talk.group),
            // Neither the group nor its topic is there yet.
            Err(ClientError::Refused { .. }) => {}
            Err(_) => return false,
        }
    }
    true
}

/// Whether the newest messages are those of the file that have their numbers.
fn is_right(talk: &Talk, page: &Value, whole: bool) -> bool {
    let rows = page["RspMsgList"].as_array().unwrap();
    let newest = rows.first().map_or(0, |row| row["MsgSeq"].as_u64().unwrap());
    let newest = usize::try_from(newest).unwrap();
    let expected = talk.texts.iter().take(newest).rev().take(PAGE);
    let texts: Vec<_> =
        rows.iter().map(|row| row["MsgBody"][0]["MsgContent"]["Text"].as_str().unwrap()).collect();
    newest <= talk.texts.len() && (newest == talk.texts.len() || !whole) && expected.eq(&texts)
}
