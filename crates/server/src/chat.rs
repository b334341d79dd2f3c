//! `landfall chat`: a client for the terminal and for scripts. It connects again when the connection is lost, and then sends
//! again what was not answered.
//!
//! [`ClientConnection`] is one connection, for tests and benchmarks too.

mod connection;
mod input;
mod place;
mod request;
mod safe;
mod session;
mod typed;
mod words;

pub use connection::{ChatError, ClientConnection};
pub use input::Input;
pub use place::Place;

use crate::client;
use crate::usersig::{self, SecretKey};
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::time::{Clock as _, SystemClock};
use request::Request;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;
use tokio::time::Instant;
use words::Reader;

/// Seconds a UserSig of this client is valid; each connection gets a new one.
const USERSIG_SECONDS: u64 = 86_400;
/// Pause between two attempts to connect: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));
/// How long what is left of an input that has ended waits for a connection.
const GIVE_UP_AFTER: Duration = Duration::from_secs(60);

/// What [`chat`] is to do.
pub struct Options {
    /// Address of the server.
    pub server: String,
    /// The app.
    pub app: AppId,
    /// Its key.
    pub key: SecretKey,
    /// The account.
    pub user: UserId,
    /// Conversations that are caught up with at first, each from the message after this number on.
    pub after: Vec<(Place, u32)>,
    /// After how many frames to end; `None`: with the input.
    pub count: Option<u64>,
    /// The conversation to which messages go at first.
    pub place: Option<Place>,
    /// Whether frames are printed in words.
    pub in_words: bool,
}

/// A chat.
struct Chat<'a, W> {
    out: &'a mut W,
    in_words: bool,
    input: Input,
    /// The own account, as the server names it.
    own: String,
    positions: BTreeMap<Place, u32>,
    /// The current conversation.
    place: Option<Place>,
    /// The request that waits for its answer.
    open: Option<Request>,
    /// When its answer is overdue.
    answer_by: Option<Instant>,
    /// The number of the last one.
    last_request: u64,
    /// The last message sent: its conversation, number and key.
    said: Option<(Place, u32, String)>,
    /// Lines that were refused.
    refused: usize,
    /// Whether the input has ended.
    has_ended: bool,
    /// Whether it ends after so many frames, and not with its input.
    is_counted: bool,
    /// Frames still to be printed.
    left: u64,
    /// When there was a connection last.
    was_ready: Instant,
}

/// Prints frames to `out` and sends what `input` says; comes back after each loss of the connection. Ends when both the input
/// and its answers are there, or after the wanted number of frames.
///
/// # Errors
/// The server refused the client, or some line; or nothing can be printed.
pub async fn chat(options: Options, input: Input, out: &mut (impl Write + Send)) -> Result<(), ChatError> {
    let Options { server, app, key, user, after, count, place, in_words } = options;
    let mut chat = Chat {
        out,
        in_words,
        input,
        own: user.as_str().to_owned(),
        positions: after.into_iter().collect(),
        place,
        open: None,
        answer_by: None,
        last_request: 0,
        said: None,
        refused: 0,
        has_ended: false,
        is_counted: count.is_some(),
        left: count.unwrap_or(u64::MAX),
        was_ready: Instant::now(),
    };
    let (mut pause, longest) = PAUSES;
    loop {
        let usersig = usersig::make(user.as_str(), app, &key, SystemClock.now(), USERSIG_SECONDS);
        let query = format!("{}&hold=1", client::query(app, &user, &usersig));
        let began = Instant::now();
        let ended = match ClientConnection::connect(&server, &query).await {
            Ok(connection) => chat.talk(connection).await,
            Err(error) => Err(error),
        };
        let Err(error) = ended else { return chat.outcome() };
        if error.is_final() || chat.gives_up() {
            return Err(error);
        }
        if began < chat.was_ready {
            pause = PAUSES.0;
        }
        tracing::warn!(%error, "{error}; connecting again in {} ms", pause.as_millis());
        tokio::time::sleep(pause).await;
        pause = longest.min(pause * 2);
    }
}

impl<W: Write + Send> Chat<'_, W> {
    /// Whether there is nothing left to do.
    fn is_over(&self) -> bool {
        self.left == 0 || (self.has_ended && self.open.is_none() && !self.is_counted)
    }

    /// Whether nobody waits at the input, and there was no connection for too long.
    fn gives_up(&self) -> bool {
        self.input.is_read() && !self.is_counted && GIVE_UP_AFTER < self.was_ready.elapsed()
    }

    fn outcome(&self) -> Result<(), ChatError> {
        // Whoever types has seen it.
        if self.refused == 0 || self.input.is_typed { Ok(()) } else { Err(ChatError::Refused(self.refused)) }
    }

    /// Prints a frame as it came, or in words.
    fn print(&mut self, text: &str, frame: &Value) -> Result<(), ChatError> {
        self.left -= 1;
        let lines = if self.in_words { self.words(frame) } else { vec![safe::json(text)] };
        for line in lines {
            writeln!(self.out, "{line}")?;
        }
        Ok(self.out.flush()?)
    }

    fn words(&self, frame: &Value) -> Vec<String> {
        let reader = Reader { own: &self.own, place: self.place.as_ref(), now: SystemClock.now().0 };
        let lines = match &self.open {
            Some(open) if frame["Event"] == "answer" && frame["RequestId"] == open.body["RequestId"] => {
                open.words(frame, &reader)
            }
            Some(_) | None => reader.words(frame).into_iter().collect(),
        };
        lines.iter().map(|line| safe::text(line)).collect()
    }
}

/// Tells whoever started the chat something that did not come from the server.
fn note(text: &str) {
    // Without standard error nobody is there to read it.
    drop(writeln!(io::stderr(), "{}", safe_lines(text)));
}

/// Each line of a text of ours made harmless: it may quote what somebody typed.
fn safe_lines(text: &str) -> String {
    text.lines().map(safe::text).collect::<Vec<_>>().join("\n")
}
