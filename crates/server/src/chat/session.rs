//! One connection of a chat: frames are printed, lines become requests.

use super::connection::{ChatError, ClientConnection};
use super::input::Line;
use super::place::Place;
use super::request::{Purpose, Request};
use super::typed::{HELP, Typed};
use super::{Chat, note};
use crate::clients::requests::FRAME_BYTES_MAX;
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;
use tokio::time::Instant;

/// Pause before a request for which the server had no time is sent again, and how often that is done.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
const AGAIN_MAX: u32 = 30;
/// Longest wait for an answer: then the connection counts as lost.
const ANSWER_MAX: Duration = Duration::from_secs(60);

impl<W: Write + Send> Chat<'_, W> {
    /// Prints and sends, until the chat is over.
    ///
    /// # Errors
    /// The connection has ended, or cannot be printed any more.
    pub(super) async fn talk(&mut self, mut connection: ClientConnection) -> Result<(), ChatError> {
        let mut is_ready = false;
        let mut again = None;
        self.answer_by = None;
        while !self.is_over() {
            let may_type = is_ready && self.open.is_none() && !self.has_ended;
            tokio::select! {
                frame = connection.next() => {
                    let text = frame?;
                    let frame: Value = serde_json::from_str(&text).unwrap_or_default();
                    self.print(&text, &frame)?;
                    match frame["Event"].as_str() {
                        Some("ready") => {
                            is_ready = true;
                            self.was_ready = Instant::now();
                            self.begin(&mut connection, &frame).await?;
                        }
                        Some("answer") => again = self.answered(&mut connection, &frame).await?,
                        Some(event) if is_in_order(event) => self.acknowledge(&mut connection, &frame).await?,
                        Some(_) | None => {}
                    }
                }
                line = self.input.next(), if may_type => {
                    if self.typed(line) {
                        self.submit(&mut connection).await?;
                    }
                }
                () = reached(again) => {
                    again = None;
                    self.submit(&mut connection).await?;
                }
                () = reached(self.answer_by), if again.is_none() => {
                    return Err(ChatError::TimedOut("the server".to_owned()));
                }
            }
        }
        Ok(())
    }

    /// Catches up, and sends again what the connection before left without an answer: it is the same message.
    async fn begin(&mut self, connection: &mut ClientConnection, ready: &Value) -> Result<(), ChatError> {
        ready["Identifier"].as_str().unwrap_or_default().clone_into(&mut self.own);
        for (place, seq) in &self.positions {
            connection.send(&place.numbered("catch_up", *seq)).await?;
        }
        connection.send(&json!({ "Command": "go" })).await?;
        self.submit(connection).await
    }

    /// Sends the open request, if there is one.
    async fn submit(&mut self, connection: &mut ClientConnection) -> Result<(), ChatError> {
        self.answer_by = self.open.is_some().then(|| Instant::now() + ANSWER_MAX);
        match &self.open {
            Some(request) => connection.send(&request.body).await,
            None => Ok(()),
        }
    }

    async fn acknowledge(
        &mut self,
        connection: &mut ClientConnection,
        frame: &Value,
    ) -> Result<(), ChatError> {
        let place = Place::of(frame, &self.own);
        let seq = seq_of(frame);
        if seq == 0 {
            return Ok(());
        }
        let last = self.positions.entry(place.clone()).or_default();
        *last = (*last).max(seq);
        connection.send(&place.numbered("ack", seq)).await
    }

    /// Takes the answer to the open request; when to send it again, if the server had no time for it.
    async fn answered(
        &mut self,
        connection: &mut ClientConnection,
        answer: &Value,
    ) -> Result<Option<Instant>, ChatError> {
        let Some(open) = self.open.take_if(|open| open.body["RequestId"] == answer["RequestId"]) else {
            return Ok(None);
        };
        self.answer_by = None;
        if Request::is_too_soon(answer) && open.refused < AGAIN_MAX {
            self.open = Some(Request { refused: open.refused + 1, ..open });
            return Ok(Some(Instant::now() + AGAIN_AFTER));
        }
        if open.refusal(answer).is_some() {
            self.refused += 1;
            return Ok(None);
        }
        match &open.purpose {
            Purpose::Say(place) => self.said(place, answer),
            Purpose::Show(..) => {
                if let Some(before) = open.page_before(answer) {
                    self.request(before);
                    self.submit(connection).await?;
                }
            }
            Purpose::Join(group) => {
                if answer["Status"] != "WaitAdminApproval" {
                    self.place = Place::group(group).ok();
                }
            }
            Purpose::Quit(group) => drop(self.place.take_if(|place| place.is_in(group))),
            Purpose::ShowDirect(_) | Purpose::Recall | Purpose::Groups | Purpose::Members => {}
        }
        Ok(None)
    }

    /// Notes a message of one's own: it does not come as a frame.
    fn said(&mut self, place: &Place, answer: &Value) {
        let seq = seq_of(answer);
        self.said = Some((place.clone(), seq, answer["MsgKey"].as_str().unwrap_or_default().to_owned()));
        // Messages before this one may still be on their way, unless it is the next.
        if seq != 0 {
            let last = self.positions.entry(place.clone()).or_insert(seq);
            *last += u32::from(*last + 1 == seq);
        }
    }

    /// Takes a line, or the end of them; true when it opened a request.
    fn typed(&mut self, line: Option<Line>) -> bool {
        let Some(line) = line else {
            self.has_ended = true;
            return false;
        };
        match line.and_then(|line| Typed::parse(&line)).and_then(|typed| self.perform(typed)) {
            Ok(()) => self.open.is_some(),
            Err(why) => {
                self.refused += 1;
                note(&why);
                false
            }
        }
    }

    fn perform(&mut self, typed: Typed) -> Result<(), String> {
        let group = self.group().ok_or("this needs a group: /group ID goes to one");
        let request = match typed {
            Typed::Nothing => return Ok(()),
            Typed::Help => {
                note(HELP);
                return Ok(());
            }
            Typed::Exit => {
                self.left = 0;
                return Ok(());
            }
            Typed::Go(place) => {
                self.place = Some(place);
                return Ok(());
            }
            Typed::Say(text) => Request::say(self.current()?, &text),
            Typed::History(count) => Request::history(self.current()?, count),
            Typed::Recall(seq) => self.recall(seq)?,
            Typed::Groups => Request::groups(),
            Typed::Members => Request::members(&group?),
            Typed::Join(group) => Request::join(&group),
            Typed::Quit(Some(group)) => Request::quit(&group),
            Typed::Quit(None) => Request::quit(&group?),
        };
        let bytes = self.request(request).body.to_string().len();
        if bytes <= FRAME_BYTES_MAX {
            return Ok(());
        }
        self.open = None;
        Err(format!("too long: its frame has {bytes} bytes; the limit is {FRAME_BYTES_MAX}"))
    }

    /// Recalls a message of the current conversation, or the last of one's own.
    fn recall(&self, seq: Option<u32>) -> Result<Request, String> {
        let place = self.current()?;
        let said = self.said.as_ref().filter(|(at, ..)| at == place);
        match (place, seq, said) {
            (Place::Group(..), Some(seq), _) => Ok(Request::recall(place, seq)),
            (Place::Group(..), None, Some((_, seq, _))) => Ok(Request::recall(place, *seq)),
            (Place::Account(peer), None, Some((.., key))) => Ok(Request::recall_direct(peer, key)),
            (Place::Account(_), Some(_), _) => {
                Err("here only the last message can be recalled: /recall".to_owned())
            }
            (_, None, None) => Err("you have sent nothing here; give the number of a message".to_owned()),
        }
    }

    /// Opens a request.
    fn request(&mut self, mut request: Request) -> &Request {
        self.last_request += 1;
        request.body["RequestId"] = json!(self.last_request);
        self.open.insert(request)
    }

    fn current(&self) -> Result<&Place, String> {
        self.place.as_ref().ok_or_else(|| "no conversation: /group ID or /to ACCOUNT goes to one".to_owned())
    }

    /// The group of the current conversation.
    fn group(&self) -> Option<String> {
        match &self.place {
            Some(Place::Group(group, _)) => Some(group.clone()),
            Some(Place::Account(_)) | None => None,
        }
    }
}

/// Waits until then; without end where there is no such moment.
async fn reached(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Whether a frame of this event advances the position in its conversation. `recalled` does not: the message may be further
/// on in the history than the client is.
fn is_in_order(event: &str) -> bool {
    matches!(event, "message" | "tip" | "caught_up" | "waiting")
}

/// The number of a frame; 0 without one.
fn seq_of(frame: &Value) -> u32 {
    frame["MsgSeq"].as_u64().and_then(|seq| u32::try_from(seq).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_about_any_message_do_not_move_the_position() {
        let events =
            ["message", "tip", "modified", "recalled", "deleted", "caught_up", "waiting", "missed", "notice"];
        let in_order: Vec<_> = events.into_iter().filter(|event| is_in_order(event)).collect();
        assert_eq!(in_order, ["message", "tip", "caught_up", "waiting"]);
    }
}
