//! Calls that are made again until the server takes them.

use super::{CallError, Server};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// How long calls and outages may last.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Longest time of a call, from sending it to the end of its answer.
    pub call: Duration,
    /// How long one call is tried again while the server does not take it.
    pub outage: Duration,
    /// A call without an answer may still take effect: the server works on it. After this time it is looked at what it did.
    pub settle: Duration,
    /// Wait before the second attempt; it doubles each time, up to a hundredfold.
    pub wait: Duration,
}

impl Default for Patience {
    /// The imitated service ends a call after 3 seconds.
    fn default() -> Self {
        Self {
            call: Duration::from_secs(30),
            outage: Duration::from_secs(600),
            settle: Duration::from_secs(5),
            wait: Duration::from_millis(100),
        }
    }
}

const WAIT_GROWTH_MAX: u32 = 100;
/// How long the first call is tried again.
const FIRST_ANSWER_MAX: Duration = Duration::from_secs(15);
/// Answers that are none of the API may come from a gateway in front of it, for a moment.
const STRANGE_ANSWERS_MAX: u32 = 10;

/// The waits between the attempts of one call.
pub struct Backoff {
    since: Instant,
    outage: Duration,
    wait: Duration,
    wait_max: Duration,
    strange_answers: u32,
}

impl Backoff {
    /// Waits before the next attempt, longer each time.
    ///
    /// # Errors
    /// `error` does not pass, or it has lasted too long; or everything is to stop.
    pub async fn wait(&mut self, server: &Server, command: &str, error: CallError) -> Result<(), CallError> {
        if !error.passes() {
            return Err(error);
        }
        if matches!(error, CallError::NotTheApi { .. }) {
            self.strange_answers += 1;
            if self.strange_answers == STRANGE_ANSWERS_MAX {
                return Err(error);
            }
        }
        let lasted = self.since.elapsed();
        if self.outage <= lasted {
            let (command, seconds) = (command.to_owned(), lasted.as_secs());
            return Err(CallError::GaveUp { command, seconds, cause: Box::new(error) });
        }
        if !server.pacer.sleep(self.wait).await {
            return Err(CallError::Stopped(command.to_owned()));
        }
        self.wait = (self.wait * 2).min(self.wait_max);
        Ok(())
    }
}

impl Server {
    /// Waits between attempts of a call that begins now.
    #[must_use]
    pub fn backoff(&self) -> Backoff {
        self.backoff_within(self.patience.outage)
    }

    fn backoff_within(&self, outage: Duration) -> Backoff {
        let wait = self.patience.wait;
        Backoff { since: Instant::now(), outage, wait, wait_max: wait * WAIT_GROWTH_MAX, strange_answers: 0 }
    }

    /// Makes a call again until the server takes it. Only for calls that may be repeated: those that read, and those that
    /// name what they make.
    ///
    /// # Errors
    /// The server refused it, or did not take it for too long.
    pub async fn ask<B>(&self, command: &str, body: &B) -> Result<Value, CallError>
    where
        B: Serialize + Sync + ?Sized,
    {
        let mut backoff = self.backoff();
        loop {
            match self.call(command, body).await {
                Ok(reply) => return Ok(reply),
                Err(error) => backoff.wait(self, command, error).await?,
            }
        }
    }

    /// Like [`ask`](Self::ask), but for a server that has not answered before: one that cannot be reached was most likely
    /// never there, and a long wait would hide a wrong address.
    pub(super) async fn ask_first<B>(&self, command: &str, body: &B) -> Result<Value, CallError>
    where
        B: Serialize + Sync + ?Sized,
    {
        if self.tally.has_answers() {
            return self.ask(command, body).await;
        }
        let mut backoff = self.backoff_within(self.patience.outage.min(FIRST_ANSWER_MAX));
        loop {
            match self.call(command, body).await {
                Ok(reply) => return Ok(reply),
                Err(CallError::Unanswered { command, cause }) if cause.is_connect() => {
                    return Err(CallError::Unanswered { command, cause });
                }
                Err(error) => backoff.wait(self, command, error).await?,
            }
        }
    }

    /// Waits until a call without an answer has surely taken its effect, if it ever does.
    ///
    /// # Errors
    /// Everything is to stop.
    pub async fn settle(&self, command: &str) -> Result<(), CallError> {
        let waited = self.pacer.sleep(self.patience.settle).await;
        if waited { Ok(()) } else { Err(CallError::Stopped(command.to_owned())) }
    }
}

#[cfg(test)]
mod tests;
