//! Members who act: over a few sockets as fast as they are answered, and over many, where each sends once a minute while it
//! reads what the others send.
//!
//! One thread and one poll for all of them, as for the audience.

use super::audience::client_target;
use super::connection::Connection;
use super::wire;
use crate::bench::process;
use crate::bench::socket;
use crate::bench::workload::CIRCLE;
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use hdrhistogram::Histogram;
use memchr::memmem;
use mio::{Events, Poll};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Sockets of the calls that follow one another.
pub(super) const SOCKETS: usize = 64;
/// Messages that each of them sends: all at once, an account may have a thousand commands.
pub(super) const SENDS_EACH: u32 = 600;
/// Pages that each reads of the history of its group.
const PAGES_EACH: u32 = 300;
/// Messages of a page.
const PAGE: u32 = 20;
/// How long all members talk.
const TALK: Duration = Duration::from_secs(20);
/// Between two messages of one member.
const SENDS_EVERY: Duration = Duration::from_secs(60);
/// Steps between members that send one after the other, so that they are in different groups.
const STRIDE: usize = 101;
/// The number of the first message while all talk; its `Random`.
const FIRST_RANDOM: usize = 2_000_000_000;
/// Members that connect at the same time.
const CONNECTING: usize = 128;
/// Longest time without progress.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest latency in the histogram, in microseconds.
const LATENCY_MICROS_MAX: u64 = 60_000_000;
const BUFFER_BYTES: usize = 64 * 1024;

/// The server to connect to.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Address of the server
    #[arg(long)]
    address: SocketAddr,
    /// Its process
    #[arg(long)]
    process: u32,
    /// Members who talk
    #[arg(long)]
    clients: u32,
}

/// The figures of the members, printed as one line of JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Findings {
    /// `send_group_msg`.
    pub(super) sends: Calls,
    /// Pages of `group_msg_get_simple`, of twenty messages.
    pub(super) pages: Calls,
    pub(super) talk: Talk,
}

/// Calls over the sockets, one in flight on each.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Calls {
    pub(super) per_second: f64,
    pub(super) p50_micros: u64,
    pub(super) p99_micros: u64,
    /// Processor time of the server.
    pub(super) cpu_micros: f64,
}

/// Many members, each of whom sends now and then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Talk {
    pub(super) sends_per_second: f64,
    pub(super) frames_per_second: f64,
    /// From just before a message is sent until another member has it.
    pub(super) p50_micros: u64,
    pub(super) p99_micros: u64,
    /// Until the sender has its answer.
    pub(super) answer_p99_micros: u64,
    /// Processor time of the server, in processors.
    pub(super) cpu: f64,
}

/// Connects, calls, talks and prints.
///
/// # Errors
/// A call fails, or a member misses a message.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut few = Crowd::connect(arguments, (0..SOCKETS).map(|number| number * usize::from(CIRCLE)))?;
    let sends = few.call(SENDS_EACH, 0, |socket, call| {
        let random = 1_000_000_000 + socket * SENDS_EACH as usize + call as usize;
        message(socket, random)
    })?;
    let pages = few.call(PAGES_EACH, PAGE, page)?;
    drop(few);
    let mut all = Crowd::connect(arguments, 0..arguments.clients as usize)?;
    let talk = all.talk()?;
    println!("{}", serde_json::to_string(&Findings { sends, pages, talk })?);
    Ok(())
}

/// What asks for page `number` of the history of a group, which goes backwards from what was sent over the socket, again and
/// again.
fn page(circle: usize, number: u32) -> String {
    let newest = SENDS_EACH - number * PAGE % SENDS_EACH;
    format!(
        r#"{{"Command":"group_msg_get_simple","GroupId":"circle-{circle:010}","ReqMsgNumber":{PAGE},"ReqMsgSeq":{newest}}}"#
    )
}

/// A message to a group, as `Workload::SendToCircle` sends it.
fn message(circle: usize, random: usize) -> String {
    format!(
        r#"{{"Command":"send_group_msg","GroupId":"circle-{circle:010}","Random":{random},"MsgBody":[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":"The room has changed, see you upstairs"}}}}]}}"#
    )
}

/// Microseconds.
fn latencies() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, LATENCY_MICROS_MAX, 3)?)
}

fn record(into: &mut Histogram<u64>, since: Instant) {
    into.saturating_record(u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX));
}

/// Connected members.
struct Crowd<'a> {
    arguments: &'a Arguments,
    poll: Poll,
    buffer: Vec<u8>,
    members: Vec<Connection>,
}

impl<'a> Crowd<'a> {
    /// Connects the accounts with these numbers, and waits until they are ready.
    fn connect(arguments: &'a Arguments, accounts: impl Iterator<Item = usize>) -> Result<Self> {
        let (poll, buffer) = (Poll::new()?, vec![0; BUFFER_BYTES]);
        let mut crowd = Self { arguments, poll, buffer, members: Vec::new() };
        let mut accounts = accounts.peekable();
        let (mut ready, mut progress) = (0, Instant::now());
        while ready < crowd.members.len() || accounts.peek().is_some() {
            while crowd.members.len() < ready + CONNECTING
                && let Some(account) = accounts.next()
            {
                let (registry, token) = (crowd.poll.registry(), crowd.members.len());
                let member = Connection::open(arguments.address, &client_target(account), registry, token)?;
                crowd.members.push(member);
            }
            let before = ready;
            crowd.poll_once(Duration::from_millis(100), &mut |_, text| {
                ready += usize::from(wire::is_ready(text));
                Ok(())
            })?;
            if before < ready {
                progress = Instant::now();
            }
            ensure!(progress.elapsed() < PATIENCE, "only {ready} members could connect");
        }
        Ok(crowd)
    }

    /// Waits for data, and shows each text that arrived to `take`, with the member's place.
    fn poll_once(
        &mut self,
        at_most: Duration,
        take: &mut dyn FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut events = Events::with_capacity(1_024);
        socket::wait(&mut self.poll, &mut events, at_most)?;
        for event in &events {
            let place = event.token().0;
            let member = self.members.get_mut(place).context("an event of nobody")?;
            let read = member.receive(&mut self.buffer, |text| take(place, text));
            read.with_context(|| format!("member {place}"))?;
        }
        Ok(())
    }

    /// Each member makes `each` calls, one after the other; each answer must have as many messages as `rows` says.
    fn call(&mut self, each: u32, rows: u32, text: impl Fn(usize, u32) -> String) -> Result<Calls> {
        let cpu = process::cpu_seconds(self.arguments.process)?;
        let started = Instant::now();
        let mut latencies = latencies()?;
        let mut sent = vec![(0, started); self.members.len()];
        let mut free: Vec<usize> = (0..self.members.len()).collect();
        let mut waiting = 0_usize;
        let mut progress = started;
        loop {
            for place in free.drain(..) {
                if sent[place].0 < each {
                    let text = text(place, sent[place].0);
                    sent[place] = (sent[place].0 + 1, Instant::now());
                    self.members[place].send(&text)?;
                    waiting += 1;
                }
            }
            if waiting == 0 {
                break;
            }
            self.poll_once(Duration::from_millis(100), &mut |place, text| {
                if is_answer(text)? {
                    let found = rows_of(text);
                    ensure!(found == rows as usize, "an answer has {found} messages, not {rows}");
                    record(&mut latencies, sent[place].1);
                    waiting -= 1;
                    free.push(place);
                }
                Ok(())
            })?;
            if !free.is_empty() {
                progress = Instant::now();
            }
            ensure!(progress.elapsed() < PATIENCE, "{waiting} calls are not answered");
        }
        let calls = latencies.len() as f64;
        Ok(Calls {
            per_second: calls / started.elapsed().as_secs_f64(),
            p50_micros: latencies.value_at_quantile(0.5),
            p99_micros: latencies.value_at_quantile(0.99),
            cpu_micros: (process::cpu_seconds(self.arguments.process)? - cpu) * 1e6 / calls,
        })
    }

    /// Each member sends once a minute; every other member of its group must get that.
    fn talk(&mut self) -> Result<Talk> {
        let (members, circle) = (self.members.len(), usize::from(CIRCLE));
        let cpu = process::cpu_seconds(self.arguments.process)?;
        let (mut received, mut answered) = (latencies()?, latencies()?);
        let (mut sent, mut expected) = (Vec::<Instant>::new(), 0_u64);
        let mut last_of = vec![0; members];
        let started = Instant::now();
        let (mut progress, mut ended) = (started, started);
        loop {
            let next = u32::try_from(sent.len()).context("too many messages")?;
            let due = started + SENDS_EVERY * next / u32::try_from(members)?;
            let now = Instant::now();
            if due < started + TALK && due <= now {
                let place = sent.len() * STRIDE % members;
                sent.push(now);
                last_of[place] = sent.len() - 1;
                let in_circle = members.min((place / circle + 1) * circle) - place / circle * circle;
                expected += in_circle as u64 - 1;
                self.members[place].send(&message(place / circle, FIRST_RANDOM + sent.len() - 1))?;
                continue;
            }
            let all = (received.len(), answered.len());
            if started + TALK <= due && all == (expected, sent.len() as u64) {
                break;
            }
            let wait = due.saturating_duration_since(now).min(Duration::from_millis(100));
            self.poll_once(wait, &mut |place, text| {
                if is_answer(text)? {
                    record(&mut answered, sent[last_of[place]]);
                } else if let Some(random) = random_of(text) {
                    let number = random.checked_sub(FIRST_RANDOM).context("an older message")?;
                    record(&mut received, *sent.get(number).context("a message that nobody sent")?);
                }
                Ok(())
            })?;
            if all != (received.len(), answered.len()) {
                progress = Instant::now();
                ended = progress;
            }
            ensure!(progress.elapsed() < PATIENCE, "{} of {expected} messages came", received.len());
        }
        let seconds = (ended - started).as_secs_f64();
        Ok(Talk {
            sends_per_second: sent.len() as f64 / seconds,
            frames_per_second: received.len() as f64 / seconds,
            p50_micros: received.value_at_quantile(0.5),
            p99_micros: received.value_at_quantile(0.99),
            answer_p99_micros: answered.value_at_quantile(0.99),
            cpu: (process::cpu_seconds(self.arguments.process)? - cpu) / seconds,
        })
    }
}

/// Whether a frame is an answer.
///
/// # Errors
/// It is the answer to a call that failed.
fn is_answer(text: &[u8]) -> Result<bool> {
    if !text.starts_with(br#"{"Event":"answer""#) {
        return Ok(false);
    }
    let is_done = memmem::find(text, br#""ErrorCode":0"#).is_some();
    ensure!(is_done, "a call was answered with {}", String::from_utf8_lossy(text));
    Ok(true)
}

/// How many messages an answer has.
fn rows_of(answer: &[u8]) -> usize {
    memmem::find_iter(answer, br#"{"Event":"message","#).count()
}

/// `Random` of a message, if `text` is one.
fn random_of(text: &[u8]) -> Option<usize> {
    const NAME: &[u8] = br#""Random":"#;
    wire::message_number(text)?;
    let digits = &text[memmem::find(text, NAME)? + NAME.len()..];
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&digits[..length]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_messages_are_told_apart() {
        let done = br#"{"Event":"answer","Command":"x","ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}"#;
        assert!(is_answer(done).unwrap());
        is_answer(br#"{"Event":"answer","Command":"x","ActionStatus":"FAIL","ErrorCode":60007}"#)
            .unwrap_err();
        let message = br#"{"Event":"message","GroupId":"g","MsgSeq":4,"Random":2000000007,"MsgBody":[]}"#;
        assert!(!is_answer(message).unwrap());
        assert_eq!(random_of(message), Some(2_000_000_007));
        assert_eq!(random_of(done), None);
    }

    #[test]
    fn the_messages_of_a_page_are_counted() {
        let row = br#"{"Event":"message","GroupId":"g"}"#;
        let page = [&br#"{"Event":"answer","RspMsgList":["#[..], row, b",", row, b"]}"].concat();
        assert_eq!((rows_of(&page), rows_of(br#"{"Event":"answer"}"#)), (2, 0));
    }

    #[test]
    fn what_members_send_is_json() {
        for text in [message(3, 1_000_000_000), page(3, 31)] {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(value["Command"].is_string(), "{value}");
        }
    }
}
