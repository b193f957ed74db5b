//! Calls that outlive the one who asked.
//!
//! A client that hangs up must not stop a handler between two of its awaits.
//! Nobody is asked to poll a request whose client is gone, so a call that is
//! dropped half done goes on in a task of its own.

use std::pin::Pin;
use std::task::{Context, Poll};

use anywise_core::BoxFuture;
use tokio::runtime::Handle;

use crate::catch::{self, Panic};

/// A call that runs to its end, even when this is dropped; a panic is a value.
pub(crate) struct Detached<T: Send + 'static>(Option<BoxFuture<'static, T>>);

impl<T: Send + 'static> Detached<T> {
    /// From here on the call will be finished.
    pub(crate) fn new(call: BoxFuture<'static, T>) -> Self {
        Self(Some(call))
    }
}

impl<T: Send + 'static> Future for Detached<T> {
    type Output = Result<T, Panic>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let call = self.0.as_mut().expect("a future is not polled after it is done");
        let poll = catch::poll(call.as_mut(), cx);
        if poll.is_ready() {
            self.0 = None;
        }
        poll
    }
}

impl<T: Send + 'static> Drop for Detached<T> {
    fn drop(&mut self) {
        // Without a runtime there is nothing left that could finish it.
        if let Some(call) = self.0.take()
            && let Ok(runtime) = Handle::try_current()
        {
            tracing::debug!("the client is gone; its handler goes on");
            runtime.spawn(call);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::Detached;

    #[tokio::test]
    async fn a_dropped_call_is_finished() {
        let (begun, mut started) = oneshot::channel();
        let (go, going) = oneshot::channel::<()>();
        let (done, finished) = oneshot::channel();
        let mut call = Box::pin(Detached::new(Box::pin(async move {
            let _ = begun.send(());
            let _ = going.await;
            let _ = done.send("finished");
        })));
        tokio::select! {
            biased;
            _ = &mut call => unreachable!("nobody let it go on"),
            _ = &mut started => {}
        }
        drop(call);
        go.send(()).expect("still waiting");
        assert_eq!(finished.await, Ok("finished"));
    }

    #[tokio::test]
    async fn a_panic_is_a_value() {
        let panic = Detached::<()>::new(Box::pin(async { panic!("on purpose") })).await.expect_err("a panic");
        assert_eq!(crate::catch::message(&panic), "on purpose");
    }
}
