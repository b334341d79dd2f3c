//! Commands of a client that wait for their turn: they are performed one after the other, so that messages keep the order in
//! which they were sent, while further frames are read.

use futures_util::future::BoxFuture;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::pending;
use std::pin::pin;

/// Commands that a client may have open. [choice]
pub(super) const OPEN_MAX: usize = 32;

/// A command that is performed; its result is the frame that answers it.
pub(super) type OpenCommand = BoxFuture<'static, String>;

/// Open commands, the one that is performed first.
#[derive(Default)]
pub(super) struct RestQueue {
    open: VecDeque<OpenCommand>,
    /// The answer of a command that ended while something else was done.
    answer: Option<String>,
}

impl RestQueue {
    /// Whether one more command may be opened.
    pub(super) fn has_room(&self) -> bool {
        self.open.len() + usize::from(self.answer.is_some()) < OPEN_MAX
    }

    /// Adds a command, for which there is room.
    pub(super) fn add(&mut self, command: OpenCommand) {
        self.open.push_back(command);
    }

    /// The answer of the first command. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> String {
        match self.answer.take() {
            Some(answer) => answer,
            None => self.first().await,
        }
    }

    async fn first(&mut self) -> String {
        let Some(first) = self.open.front_mut() else { return pending().await };
        let answer = first.await;
        self.open.pop_front();
        answer
    }

    /// Does something else, while the first command goes on: one that stood still might hold a lock, or a connection to the
    /// database, for as long as a client takes no frame.
    pub(super) async fn beside<T>(&mut self, doing: impl Future<Output = T>) -> T {
        let performing = async {
            if self.answer.is_none() {
                self.answer = Some(self.first().await);
            }
            pending::<Infallible>().await
        };
        let doing = pin!(doing);
        tokio::select! {
            biased;
            done = doing => done,
            never = performing => match never {},
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CALL_TIME_MAX, in_time};
    use crate::reply::Failure;
    use std::future::ready;
    use tokio::sync::oneshot;
    use tokio::time::Instant;

    fn command(
        name: &'static str,
        running: impl Future<Output = Result<(), Failure>> + Send + 'static,
    ) -> BoxFuture<'static, String> {
        Box::pin(async move {
            let done = in_time(name, CALL_TIME_MAX, running).await;
            format!("{name} {}", done.map_or_else(|failure| failure.number(), |()| 0))
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_that_is_stuck_holds_those_behind_it_until_its_time_is_over() {
        let (mut queue, begun) = (RestQueue::default(), Instant::now());
        queue.add(command("stuck", pending()));
        queue.add(command("next", ready(Ok(()))));
        assert_eq!(queue.next().await, "stuck 60008");
        assert_eq!(queue.next().await, "next 0");
        assert_eq!(begun.elapsed(), CALL_TIME_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_of_a_command_begins_when_it_is_its_turn() {
        let (mut queue, begun) = (RestQueue::default(), Instant::now());
        for _ in 0..3 {
            queue.add(command("stuck", pending()));
        }
        for passed in 1..=3 {
            assert_eq!(queue.next().await, "stuck 60008");
            assert_eq!(begun.elapsed(), passed * CALL_TIME_MAX);
        }
    }

    #[test]
    fn a_client_has_room_for_so_many() {
        let mut queue = RestQueue::default();
        for _ in 0..OPEN_MAX {
            assert!(queue.has_room());
            queue.add(command("open", ready(Ok(()))));
        }
        assert!(!queue.has_room());
    }

    #[tokio::test]
    async fn the_first_command_goes_on_while_something_else_is_done() {
        let (begun, has_begun) = oneshot::channel();
        let (go_on, goes_on) = oneshot::channel();
        let (ended, has_ended) = oneshot::channel();
        let mut queue = RestQueue::default();
        queue.add(Box::pin(async move {
            begun.send(()).unwrap();
            goes_on.await.unwrap();
            ended.send(()).unwrap();
            "first".to_owned()
        }));
        queue.add(command("second", ready(Ok(()))));
        queue
            .beside(async {
                has_begun.await.unwrap();
                go_on.send(()).unwrap();
                has_ended.await.unwrap();
            })
            .await;
        assert_eq!(queue.beside(ready(7)).await, 7);
        assert_eq!(queue.next().await, "first");
        assert_eq!(queue.next().await, "second 0");
    }
}
