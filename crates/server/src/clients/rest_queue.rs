//! Commands of a client that wait for their turn: they are performed one after the other, so that messages keep the order in
//! which they were sent, while further frames are read.

use futures_util::future::BoxFuture;
use std::collections::VecDeque;

/// Commands that a client may have open. [choice]
pub(super) const OPEN_MAX: usize = 32;

/// Open commands, the one that is performed first.
#[derive(Default)]
pub(super) struct RestQueue {
    open: VecDeque<BoxFuture<'static, String>>,
}

impl RestQueue {
    /// Adds a command, whose result is the frame that answers it; false when too many are open.
    pub(super) fn add(&mut self, command: BoxFuture<'static, String>) -> bool {
        let has_room = self.open.len() < OPEN_MAX;
        if has_room {
            self.open.push_back(command);
        }
        has_room
    }

    /// The answer of the first command. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> String {
        let Some(first) = self.open.front_mut() else { return std::future::pending().await };
        let answer = first.await;
        self.open.pop_front();
        answer
    }
}
