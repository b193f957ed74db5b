//! The walk of a command or query through the process.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::app::Inner;
use crate::context::scope::{Extra, Scope};
use crate::envelope::Head;
use crate::error::Result;
use crate::message::Request;
use crate::walk::call::{BoxFuture, Call, caught};
use crate::walk::handle::Handler;
use crate::walk::plan::{Plan, RequestBody, walk};

/// What is known of a message about to be sent; set by the methods of the
/// returned futures.
macro_rules! options {
    () => {
        /// Provides a value to the function, as a guard would.
        pub fn with<T: Send + Sync + 'static>(mut self, value: T) -> Self {
            self.extra().provide(std::any::TypeId::of::<T>(), std::sync::Arc::new(value));
            self
        }

        /// Sets a header.
        pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
            self.extra().head.headers.insert(name, value);
            self
        }

        /// Gives the message at most `limit`, counted from now.
        pub fn deadline(mut self, limit: Duration) -> Self {
            self.extra().head.deadline = Some(Instant::now() + limit);
            self
        }

        /// Says on whose behalf.
        pub fn principal(mut self, principal: crate::Principal) -> Self {
            self.extra().head.principal = Some(principal);
            self
        }

        /// Sets everything that is known of the message beside its body.
        pub fn head(mut self, head: Head) -> Self {
            self.extra().head = head;
            self
        }

        fn extra(&mut self) -> &mut Extra {
            self.extra.get_or_insert_with(Box::default)
        }
    };
}
pub(crate) use options;

/// A command or query on its way; await it for the reply.
///
/// Nothing happens before it is polled. Dropping it before it is done cancels
/// the handler, whose units of work then roll back.
#[must_use = "a message is sent when the future is awaited"]
pub struct Sending<'a, M: Request> {
    app: &'a Arc<Inner>,
    message: Option<M>,
    extra: Option<Box<Extra>>,
    /// Set when the first poll did not end it.
    waiting: Option<BoxFuture<'a, Result<M::Reply>>>,
}

/// Makes the future of `app.send(message)`.
#[inline]
pub(crate) fn sending<M: Request>(app: &Arc<Inner>, message: M) -> Sending<'_, M> {
    run(app, message, None)
}

/// The same with what is known of the message.
#[inline]
pub(crate) fn run<M: Request>(app: &Arc<Inner>, message: M, extra: Option<Box<Extra>>) -> Sending<'_, M> {
    Sending { app, message: Some(message), extra, waiting: None }
}

impl<M: Request> Sending<'_, M> {
    options!();
}

// Nothing in it is pinned: the message is handed on, the call is boxed.
impl<M: Request> Unpin for Sending<'_, M> {}

impl<M: Request> Future for Sending<'_, M> {
    type Output = Result<M::Reply>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let Some(message) = this.message.take() else {
            let waiting = this.waiting.as_mut().expect("a future is not polled after it is done");
            return caught(|| waiting.as_mut().poll(cx), |error| Poll::Ready(Err(error)));
        };
        let (app, extra) = (this.app, this.extra.take());
        match caught(|| call(app, message, extra).begin(cx), |error| Call::Ready(Err(error))) {
            Call::Ready(result) => Poll::Ready(result),
            Call::Boxed(future) => {
                this.waiting = Some(future);
                Poll::Pending
            }
        }
    }
}

/// Calls the handler, if it can be called at once.
#[inline]
fn call<M: Request>(app: &Arc<Inner>, message: M, extra: Option<Box<Extra>>) -> Call<'_, M::Reply> {
    match app.row(M::slot()).and_then(|row| Some((row, row.handler::<M>()?))) {
        Some((row, handler)) if row.plan.is_direct(extra.as_deref()) => {
            handler.handle(Scope::new(app, &row.plan, extra), message)
        }
        Some((row, handler)) => guarded(handler, &row.plan, Scope::new(app, &row.plan, extra), message),
        None => Call::future(app.send_away(message, extra)),
    }
}

/// Calls the handler behind what stands in front of it.
fn guarded<'a, M: Request>(
    handler: &'a Handler<M>,
    plan: &'a Plan,
    mut scope: Scope<'a>,
    message: M,
) -> Call<'a, M::Reply> {
    plan.expose(&message, &mut scope);
    let deadline = scope.deadline();
    if plan.is_open(deadline) {
        return handler.handle(scope, message);
    }
    Call::future(async move {
        let mut body = RequestBody::new(handler, scope, message);
        walk(plan, deadline, &mut body).await?;
        body.into_reply()
    })
}
