//! A server that speaks as much of the v4 API as imports use, in memory, and has troubles at random.
//!
//! It does what the documentation says, and nothing that would hide a mistake: it does not notice repeated messages.

mod accounts;
mod files;
mod groups;
mod messages;
pub(crate) mod people;
mod reading;
pub(crate) mod source;
mod trouble;

pub(crate) use trouble::Troubles;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use trouble::{Answer, Trouble};

/// What the server has.
#[derive(Default)]
pub(crate) struct State {
    /// Nick by account.
    pub(crate) accounts: BTreeMap<String, String>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) people: people::People,
    /// How often each command had an effect or was answered.
    pub(crate) calls: BTreeMap<String, usize>,
    /// The answer to `get_limits`, of a server that calls itself Landfall.
    pub(crate) limits: Option<Value>,
    /// Messages with one of these texts are refused.
    pub(crate) forbidden: Vec<String>,
    /// Whether numbers of messages are left out of answers, as in one edition of the documentation.
    pub(crate) no_numbers: bool,
    /// Most groups or members that one answer has room for.
    pub(crate) rows_max: Option<usize>,
    /// A group that somebody writes to whenever its history is read.
    pub(crate) grows: Option<String>,
    /// A group whose history is not shown.
    pub(crate) closed: Option<String>,
    pub(crate) troubles: Troubles,
    /// Contents of files by their SHA-256.
    pub(crate) files: BTreeMap<String, String>,
    /// The largest content that is taken; 0: any.
    pub(crate) file_bytes_max: usize,
    /// A UserSig that is expired.
    pub(crate) expired: Option<String>,
}

#[derive(Default)]
pub(crate) struct Group {
    pub(crate) profile: BTreeMap<String, Value>,
    pub(crate) members: BTreeMap<String, BTreeMap<String, Value>>,
    pub(crate) unread: BTreeMap<String, u64>,
    /// By topic; the group's own has no name.
    pub(crate) talks: BTreeMap<String, Vec<Said>>,
    pub(crate) topics: BTreeMap<String, Value>,
}

/// A stored message; its number is its place, counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) from: String,
    pub(crate) time: u64,
    pub(crate) random: u64,
    pub(crate) body: Value,
    pub(crate) custom: String,
}

impl Group {
    pub(crate) fn texts(&self, topic: &str) -> Vec<String> {
        let said = self.talks.get(topic).into_iter().flatten();
        said.map(|said| said.body[0]["MsgContent"]["Text"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

pub(crate) struct StandIn {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    /// How many calls came.
    pub(crate) came: Arc<watch::Sender<usize>>,
}

type Reply = Result<Value, u64>;

impl StandIn {
    pub(crate) async fn start(troubles: Troubles, limits: Option<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { troubles, limits, ..State::default() }));
        let came = Arc::new(watch::Sender::new(0));
        let (shared, counter) = (Arc::clone(&state), Arc::clone(&came));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream, Arc::clone(&shared), Arc::clone(&counter)));
            }
        });
        Self { url, state, came }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Calls that write.
    pub(crate) fn writes(&self) -> usize {
        let state = self.state();
        state
            .calls
            .iter()
            .filter(|(command, _)| !command.starts_with("get_") && !command.contains("_get_"))
            .map(|(_, calls)| calls)
            .sum()
    }

    /// No message twice, and all in the order of their times.
    pub(crate) fn assert_histories(&self) {
        for (id, group) in &self.state().groups {
            for (topic, talk) in &group.talks {
                assert!(talk.is_sorted_by_key(|said| said.time), "{id} {topic}");
                let mut known: Vec<_> =
                    talk.iter().map(|said| (&said.from, said.time, said.random)).collect();
                known.sort();
                known.dedup();
                assert_eq!(known.len(), talk.len(), "{id} {topic} has a message twice");
            }
        }
    }
}

async fn connection(stream: TcpStream, state: Arc<Mutex<State>>, came: Arc<watch::Sender<usize>>) {
    let end = Arc::new(tokio::sync::Notify::new());
    let service = service_fn(|request: Request<Incoming>| {
        let (state, came, end) = (Arc::clone(&state), Arc::clone(&came), Arc::clone(&end));
        async move {
            let answer = answer(request, &state, &came).await;
            match answer {
                Answer::Whole(body) => {
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(body)).boxed()))
                }
                Answer::Strange => {
                    let page = Response::builder().status(502).body(Full::new(Bytes::from("<html>")).boxed());
                    Ok(page.unwrap())
                }
                Answer::Missing => Ok(Response::builder().status(404).body(Full::default().boxed()).unwrap()),
                Answer::Half(body) => {
                    let half = body[..body.len() / 2].to_owned();
                    let response = Response::builder().header("content-length", body.len());
                    Ok(response.body(trouble::cut(half)).unwrap())
                }
                Answer::Reset => {
                    end.notify_one();
                    std::future::pending().await
                }
                Answer::Never => std::future::pending().await,
            }
        }
    });
    let serving = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = serving => {}
        () = end.notified() => {}
    }
}

async fn answer(request: Request<Incoming>, state: &Mutex<State>, came: &watch::Sender<usize>) -> Answer {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let Ok(body) = request.into_body().collect().await else { return Answer::Reset };
    let body = body.to_bytes();
    let command = path.rsplit('/').next().unwrap().to_owned();
    let answer = {
        let mut state = state.lock().unwrap();
        let trouble = state.troubles.next();
        let expired = |expired: &String| query.contains(&format!("usersig={expired}&"));
        if state.expired.as_ref().is_some_and(expired) {
            Answer::Whole(envelope(Err(70_001)))
        } else if trouble.as_ref().is_none_or(Trouble::has_effect) {
            *state.calls.entry(command.clone()).or_default() += 1;
            if path.starts_with("/files/") {
                trouble.map_or_else(|| state.file(&path), Trouble::of_file)
            } else {
                let reply = if command == "put_file" {
                    state.put_file(&query, std::str::from_utf8(&body).unwrap())
                } else {
                    state.run(&command, &serde_json::from_slice(&body).unwrap())
                };
                Trouble::answer(trouble, envelope(reply))
            }
        } else if path.starts_with("/files/") {
            trouble.map_or(Answer::Strange, Trouble::of_file)
        } else {
            Trouble::answer(trouble, String::new())
        }
    };
    came.send_modify(|came| *came += 1);
    answer
}

fn envelope(reply: Reply) -> String {
    let (code, mut reply) = match reply {
        Ok(reply) => (0, reply),
        Err(code) => (code, json!({})),
    };
    reply["ErrorCode"] = code.into();
    reply["ErrorInfo"] = if code == 0 { "" } else { "refused by the stand-in" }.into();
    reply["ActionStatus"] = if code == 0 { "OK" } else { "FAIL" }.into();
    reply.to_string()
}

impl State {
    fn run(&mut self, command: &str, body: &Value) -> Reply {
        match command {
            "get_limits" => self.limits.clone().ok_or(60_009),
            "multiaccount_import" => self.import_accounts(body),
            "portrait_set" => self.people.set_profile(body, &self.accounts),
            "friend_import" => self.people.import_friends(body, &self.accounts),
            "black_list_add" => self.people.block(body, &self.accounts),
            "importmsg" => self.people.import_message(body, &self.accounts),
            "import_group" => self.import_group(body),
            "get_group_info" => self.group_info(body),
            "modify_group_base_info" => self.modify_group(body),
            "import_topic" => self.import_topic(body),
            "get_topic" => self.topic_list(body),
            "import_group_member" => self.import_members(body),
            "get_specified_group_member_info" => self.member_info(body),
            "modify_group_member_info" => self.modify_member(body),
            "import_group_msg" => self.import_messages(body),
            "group_msg_get_simple" => self.history(body),
            "modify_group_msg" => self.modify_message(body),
            "set_unread_msg_num" => self.set_unread(body),
            "get_appid_group_list" => self.group_list(body),
            "get_group_member_info" => self.member_page(body),
            "destroy_group" => self.destroy_group(body),
            // As an older server of ours.
            "portrait_get" | "friend_get" | "black_list_get" | "get_list" | "admin_getroammsg"
            | "list_accounts" | "get_origins" | "get_accounts" | "get_topic_reads" => Err(60_017),
            other => panic!("the stand-in does not know {other}"),
        }
    }

    fn group(&mut self, body: &Value) -> Result<&mut Group, u64> {
        self.groups.get_mut(text(body, "GroupId")).ok_or(10_010)
    }
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}

fn members(body: &Value, names: &[&str]) -> BTreeMap<String, Value> {
    let given = names.iter().filter(|name| !body[**name].is_null());
    given.map(|name| ((*name).to_owned(), body[*name].clone())).collect()
}
