//! Commands run to their end.

use crate::reply::Failure;
use futures_util::future::BoxFuture;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::runtime::Handle;

/// A command that runs to its end, also when whoever asked has gone or waits no longer: clients hear of its changes after the
/// commit, and from nobody else. It runs where it is awaited; only what is left of one that is dropped gets a task of its own.
#[must_use]
pub struct ToEnd<T: Send + 'static = Result<Vec<u8>, Failure>> {
    /// `None` once it has ended.
    command: Option<BoxFuture<'static, T>>,
}

impl<T: Send + 'static> ToEnd<T> {
    pub(crate) fn new(command: impl Future<Output = T> + Send + 'static) -> Self {
        Self { command: Some(Box::pin(command)) }
    }
}

impl<T: Send + 'static> Future for ToEnd<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Taken out meanwhile, so that a command that panics is not polled again.
        let Some(mut command) = self.command.take() else { return Poll::Pending };
        let polled = command.as_mut().poll(context);
        if polled.is_pending() {
            self.command = Some(command);
        }
        polled
    }
}

impl<T: Send + 'static> Drop for ToEnd<T> {
    fn drop(&mut self) {
        // There is no runtime any more when the program ends.
        if let (Some(command), Ok(runtime)) = (self.command.take(), Handle::try_current()) {
            runtime.spawn(command);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::in_time;
    use std::panic::AssertUnwindSafe;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::sync::{Notify, oneshot};
    use tokio::task;

    #[tokio::test]
    async fn a_command_that_is_awaited_has_no_task_of_its_own() {
        let own = tokio::spawn(async {
            let here = task::id();
            <ToEnd>::new(async move {
                task::yield_now().await;
                assert_eq!(task::id(), here);
                Ok(b"done".to_vec())
            })
            .await
        });
        assert_eq!(own.await.unwrap().ok(), Some(b"done".to_vec()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_that_nobody_waits_for_any_longer_goes_on() {
        let (committed, (publish, published)) = (Arc::new(Notify::new()), oneshot::channel());
        let until = Arc::clone(&committed);
        let command = <ToEnd>::new(async move {
            until.notified().await;
            publish.send(()).unwrap();
            Ok(Vec::new())
        });
        let failure = in_time("x", Duration::from_secs(3), command).await.unwrap_err();
        assert_eq!(failure.number(), 60008);
        committed.notify_one();
        published.await.unwrap();
    }

    #[tokio::test]
    async fn a_command_that_has_ended_or_panicked_is_not_run_again() {
        let runs = Arc::new(());
        let counted = Arc::clone(&runs);
        <ToEnd>::new(async move {
            drop(counted);
            Ok(Vec::new())
        })
        .await
        .unwrap();
        let counted = Arc::clone(&runs);
        let panicking = <ToEnd>::new(async move {
            let _held = counted;
            panic!("a rule is broken")
        });
        let caught = futures_util::FutureExt::catch_unwind(AssertUnwindSafe(panicking)).await;
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"a rule is broken"));
        assert_eq!(Arc::strong_count(&runs), 1);
    }

    #[test]
    fn a_command_that_is_dropped_behind_the_runtime_is_given_up() {
        let held = Arc::new(());
        let inside = Arc::clone(&held);
        drop(<ToEnd>::new(async move {
            drop(inside);
            Ok(Vec::new())
        }));
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
