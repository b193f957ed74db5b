//! The walk of a command or query through the process.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use crate::app::Inner;
use crate::context::scope::{Extra, Luggage, Place, Scope};
use crate::envelope::Head;
use crate::error::Result;
use crate::message::{Command, Request};
use crate::ports::store::Batch;
use crate::ports::store::delivery::Delivery;
use crate::walk::call::{BoxFuture, caught};
use crate::walk::handle::HandlerOf;
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

        /// Names the request: the same one under the same key is carried out
        /// once, and answered alike. It takes a store, and means nothing for
        /// queries.
        pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
            self.extra().head.idempotency_key = Some(key.into());
            self
        }

        fn extra(&mut self) -> &mut Extra {
            self.extra.get_or_insert_with(Box::default)
        }
    };
}
pub(crate) use options;

/// A command or query about to be sent; await it for the reply.
///
/// Nothing happens before it is awaited. Where a plain future is wanted, as by
/// `tokio::spawn`, call `.into_future()`: that hands the message over.
#[must_use = "a message is sent when it is awaited"]
pub struct Sending<'a, M> {
    app: &'a Arc<Inner>,
    message: M,
    extra: Option<Box<Extra>>,
}

/// Begins `app.send(message)`.
#[inline]
pub(crate) fn sending<M: Request>(app: &Arc<Inner>, message: M) -> Sending<'_, M> {
    Sending { app, message, extra: None }
}

/// The same with what is known of the message.
#[inline]
pub(crate) fn run<M: Request>(
    app: &Arc<Inner>,
    message: M,
    extra: Option<Box<Extra>>,
) -> SendFuture<'_, M::Reply> {
    Sending { app, message, extra }.into_future()
}

impl<'a, M> Sending<'a, M> {
    options!();

    /// Leaves the command to the store: the future is done when it is kept, and
    /// gives its id. It is tried until its handler has succeeded or it is a
    /// dead letter.
    pub fn durable(self) -> Posting<'a, M>
    where
        M: Command,
    {
        Posting { sending: self, due: None }
    }
}

/// A command about to be left to the store; await it for its message id.
#[must_use = "a message is kept when it is awaited"]
pub struct Posting<'a, M> {
    sending: Sending<'a, M>,
    due: Option<Timestamp>,
}

impl<M: Command> Posting<'_, M> {
    /// Not to be handled before `due`.
    pub fn at(mut self, due: Timestamp) -> Self {
        self.due = Some(due);
        self
    }

    /// Not to be handled before `delay` has passed.
    pub fn after(self, delay: Duration) -> Self {
        self.at(Timestamp::now().checked_add(delay).unwrap_or(Timestamp::MAX))
    }

    async fn keep(self) -> Result<Uuid> {
        let Self { sending: Sending { app, message, extra }, due } = self;
        if app.store.is_none() {
            return Err(crate::walk::record::no_store(M::META));
        }
        let target = app.target_of(M::META)?;
        let mut extra = extra.unwrap_or_default();
        let envelope = crate::codec::seal(&message, app.codecs.first(), &mut extra.head)?;
        let id = envelope.id;
        let append = vec![Delivery::new(target, envelope).due(due)];
        app.keep(Batch { append, ..Batch::default() }).await?;
        Ok(id)
    }
}

impl<'a, M: Command> IntoFuture for Posting<'a, M> {
    type Output = Result<Uuid>;
    type IntoFuture = BoxFuture<'a, Result<Uuid>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.keep())
    }
}

impl<'a, M: Request> IntoFuture for Sending<'a, M> {
    type Output = Result<M::Reply>;
    type IntoFuture = SendFuture<'a, M::Reply>;

    /// Hands the message to its handler: it is moved once.
    #[expect(
        clippy::inline_always,
        reason = "what it returns does not fit the registers: as a call it costs a quarter of the whole"
    )]
    #[inline(always)]
    fn into_future(self) -> Self::IntoFuture {
        let Self { app, message, extra } = self;
        match direct::<M>(app, extra.as_deref()) {
            Some((plan, HandlerOf::Waits(handler))) => {
                SendFuture::Waits(handler.handle(Place::new(app, plan), Luggage(extra), message))
            }
            Some((plan, HandlerOf::Now(handler))) => {
                let mut scope = Scope::new(Place::new(app, plan), Luggage(extra));
                let result = caught(|| handler.handle(&mut scope, message), Err);
                scope.close();
                SendFuture::Ready(Some(result))
            }
            None => SendFuture::Waits(indirect(app, message, extra)),
        }
    }
}

/// The handler of the message `M`, if nothing stands in front of it but guards
/// that its future begins with.
#[inline]
fn direct<'a, M: Request>(app: &'a Inner, extra: Option<&Extra>) -> Option<(&'a Plan, HandlerOf<'a, M>)> {
    let row = app.row(M::slot()).filter(|row| row.plan.is_direct(extra))?;
    Some((&row.plan, row.handler::<M>()?))
}

/// The walk of every other message.
#[inline(never)]
fn indirect<M: Request>(
    app: &Arc<Inner>,
    message: M,
    extra: Option<Box<Extra>>,
) -> BoxFuture<'_, Result<M::Reply>> {
    match app.row(M::slot()).and_then(|row| Some((row, row.handler::<M>()?))) {
        Some((row, handler)) => guarded(app, &row.plan, handler, message, extra),
        None => Box::pin(app.send_away(message, extra)),
    }
}

/// A command or query on its way.
///
/// Dropping it before it is done cancels the handler, whose units of work then
/// roll back.
#[must_use = "futures do nothing unless polled"]
pub enum SendFuture<'a, R> {
    #[doc(hidden)]
    Ready(Option<Result<R>>),
    #[doc(hidden)]
    Waits(BoxFuture<'a, Result<R>>),
}

impl<R> Unpin for SendFuture<'_, R> {}

impl<R> Future for SendFuture<'_, R> {
    type Output = Result<R>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Ready(result) => {
                Poll::Ready(result.take().expect("a future is not polled after it is done"))
            }
            Self::Waits(future) => caught(|| future.as_mut().poll(cx), |error| Poll::Ready(Err(error))),
        }
    }
}

/// The walk when more than the function's own guards stands in front of it.
fn guarded<'a, M: Request>(
    app: &'a Arc<Inner>,
    plan: &'a Plan,
    handler: HandlerOf<'a, M>,
    message: M,
    extra: Option<Box<Extra>>,
) -> BoxFuture<'a, Result<M::Reply>> {
    let mut scope = Scope::new(Place::new(app, plan), Luggage(extra));
    plan.expose(&message, &mut scope);
    let deadline = scope.deadline();
    if let Some(once) = crate::walk::once::once::<M>(app, &mut scope) {
        return Box::pin(async move {
            let mut body = RequestBody::new(HandlerOf::Waits(&once), scope, message);
            walk(plan, deadline, &mut body).await?;
            body.into_reply()
        });
    }
    match handler {
        HandlerOf::Waits(handler) if plan.is_open(deadline) => {
            let (place, luggage) = scope.apart();
            handler.handle(place, luggage, message)
        }
        handler => Box::pin(async move {
            let mut body = RequestBody::new(handler, scope, message);
            walk(plan, deadline, &mut body).await?;
            body.into_reply()
        }),
    }
}
