//! The walk of a command or query through the process.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;

use crate::app::Inner;
use crate::context::scope::{Extra, Scope};
use crate::envelope::Head;
use crate::error::Result;
use crate::message::Request;
use crate::walk::call::Call;
use crate::walk::plan::{RequestBody, walk};

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

pin_project! {
    /// A command or query on its way; await it for the reply.
    ///
    /// Nothing happens before it is polled. Dropping it before it is done
    /// cancels the handler, whose units of work then roll back.
    #[must_use = "a message is sent when the future is awaited"]
    pub struct Sending<'a, M: Request, F> {
        app: &'a Arc<Inner>,
        message: Option<M>,
        extra: Option<Box<Extra>>,
        long: fn(&'a Arc<Inner>, M, Option<Box<Extra>>) -> F,
        #[pin]
        state: State<'a, M::Reply, F>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<'a, R, F> {
        Ready,
        Called { call: Call<'a, R> },
        Long { #[pin] future: F },
    }
}

/// Makes the future of `app.send(message)`.
#[inline]
pub(crate) fn sending<M: Request>(
    app: &Arc<Inner>,
    message: M,
) -> Sending<'_, M, impl Future<Output = Result<M::Reply>> + Send> {
    Sending { app, message: Some(message), extra: None, long: run::<M>, state: State::Ready }
}

impl<M: Request, F> Sending<'_, M, F> {
    options!();
}

impl<'a, M, F> Future for Sending<'a, M, F>
where
    M: Request,
    F: Future<Output = Result<M::Reply>>,
{
    type Output = Result<M::Reply>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Called { call } => return Pin::new(call).poll(cx),
                StateProj::Long { future } => return future.poll(cx),
                StateProj::Ready => {}
            }
            let message = this.message.take().expect("a future is not polled after it is done");
            let app: &'a Arc<Inner> = this.app;
            match app.row(M::slot()).and_then(|row| Some((row, row.handler::<M>()?))) {
                Some((row, handler)) if row.plan.is_plain(this.extra.as_deref()) => {
                    let scope = Scope::new(app, &row.plan, M::META, this.extra.take());
                    let mut call = Call::start(|| handler.handle(scope, message));
                    match Pin::new(&mut call).poll(cx) {
                        Poll::Ready(result) => return Poll::Ready(result),
                        Poll::Pending => this.state.set(State::Called { call }),
                    }
                    return Poll::Pending;
                }
                _ => {
                    let future = (this.long)(app, message, this.extra.take());
                    this.state.set(State::Long { future });
                }
            }
        }
    }
}

/// The walk when something may stand between the caller and the handler, and
/// of messages sent by the framework itself.
pub(crate) async fn run<M: Request>(
    app: &Arc<Inner>,
    message: M,
    extra: Option<Box<Extra>>,
) -> Result<M::Reply> {
    let Some((row, handler)) = app.row(M::slot()).and_then(|row| Some((row, row.handler::<M>()?))) else {
        return app.send_away(message, extra).await;
    };
    let plain = row.plan.is_plain(extra.as_deref());
    let mut scope = Scope::new(app, &row.plan, M::META, extra);
    if plain {
        return Call::start(|| handler.handle(scope, message)).await;
    }
    row.plan.expose(&message, &mut scope);
    let deadline = scope.deadline();
    let mut body = RequestBody::new(handler, scope, message);
    walk(&row.plan, deadline, &mut body).await?;
    body.into_reply()
}
