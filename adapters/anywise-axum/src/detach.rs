//! Calls that outlive the one who asked.
//!
//! A client that hangs up must not stop a handler between two of its awaits,
//! so a handler that does not finish at once moves into a task of its own.

use std::future::poll_fn;
use std::task::Poll;

use crate::catch::{self, Panic};

/// Runs `call` to its end, even when the returned future is dropped.
///
/// The first poll runs in place: a call that never waits costs no task.
///
/// # Errors
/// The panic that ended it.
pub(crate) async fn detached<F>(call: F) -> Result<F::Output, Panic>
where
    F: Future<Output: Send> + Send + 'static,
{
    let mut call = Box::pin(call);
    match poll_fn(|cx| Poll::Ready(catch::poll(call.as_mut(), cx))).await {
        Poll::Ready(end) => end,
        // No await lies between that poll and this task.
        Poll::Pending => match tokio::spawn(call).await {
            Ok(output) => Ok(output),
            Err(error) => Err(error.try_into_panic().unwrap_or_else(|error| Box::new(error.to_string()))),
        },
    }
}
