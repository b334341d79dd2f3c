//! How long a call may take.

use crate::code::Code;
use crate::reply::Failure;
use std::time::Duration;

/// How long a call may take, not counting the reading of its body. The service it imitates documents 3 seconds. [doc]
pub(crate) const CALL_TIME_MAX: Duration = Duration::from_secs(3);

/// What the command at `path` answers, unless it takes longer than `time`: then it is given up.
pub(crate) async fn in_time<T, E: From<Failure>>(
    path: &str,
    time: Duration,
    running: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match tokio::time::timeout(time, running).await {
        Ok(result) => result,
        Err(_) => {
            tracing::error!(
                path,
                "{path} was answered with a timeout after {} seconds; check whether the store is slow",
                CALL_TIME_MAX.as_secs()
            );
            Err(Code::TimeoutOrFormat.because("service timeout; the call may still take effect").into())
        }
    }
}
