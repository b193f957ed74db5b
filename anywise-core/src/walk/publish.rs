//! The walk of an event through the process.
//!
//! Every listener is called and polled once; those that are not done then are
//! joined. No listener waits for another, and one that fails or panics changes
//! nothing for the others.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use pin_project_lite::pin_project;

use crate::app::{Inner, Installed};
use crate::context::scope::{Extra, Scope};
use crate::envelope::Head;
use crate::error::{Error, Kind, Result};
use crate::message::Event;
use crate::walk::call::{BoxFuture, Call, Caught, caught};
use crate::walk::handle::Listen;
use crate::walk::plan::{EventBody, Plan, walk};

/// How the listeners of one event run when there is no store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishPolicy {
    /// All at once; all failures are reported together.
    #[default]
    Concurrent,
    /// One after the other, by stable id; all failures are reported together.
    Sequential,
    /// One after the other; the first failure ends the rest.
    StopAtFirst,
}

/// What went wrong in the listeners of one event.
#[derive(Debug)]
pub struct PublishError {
    event: &'static str,
    failures: Vec<(String, Error)>,
}

impl PublishError {
    /// The failed listeners by stable id, with their errors.
    pub fn failures(&self) -> &[(String, Error)] {
        &self.failures
    }
}

impl std::fmt::Display for PublishError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} listener(s) of `{}` failed:", self.failures.len(), self.event)?;
        self.failures.iter().try_for_each(|(listener, error)| write!(f, " {listener}: {error};"))
    }
}

impl std::error::Error for PublishError {}

pin_project! {
    /// An event on its way; await it until every listener has finished, or,
    /// with a store, until it is durable.
    ///
    /// Nothing happens before it is polled.
    #[must_use = "an event is published when the future is awaited"]
    pub struct Publishing<'a, E, S: Start<'a, E>> {
        app: &'a Arc<Inner>,
        event: Option<E>,
        extra: Option<Box<Extra>>,
        start: S,
        #[pin]
        walk: Option<S::Walk>,
    }
}

/// How the walk of an `E` begins.
///
/// A function's own type, not a pointer to it: the future is made in its place.
pub trait Start<'a, E>: Copy + Send {
    /// The walk.
    type Walk: Future<Output = Result<()>> + Send;
    /// Begins it.
    fn start(self, outgoing: Outgoing<'a, E>) -> Self::Walk;
}

/// An event about to leave on its walk.
pub struct Outgoing<'a, E> {
    app: &'a Arc<Inner>,
    event: E,
    extra: Option<Box<Extra>>,
}

impl<'a, E, S, W> Start<'a, E> for S
where
    S: Fn(Outgoing<'a, E>) -> W + Copy + Send,
    W: Future<Output = Result<()>> + Send,
{
    type Walk = W;
    #[inline]
    fn start(self, outgoing: Outgoing<'a, E>) -> W {
        self(outgoing)
    }
}

/// Makes the future of `app.publish(event)`.
#[inline]
pub(crate) fn publishing<E: Event>(app: &Arc<Inner>, event: E) -> Publishing<'_, E, impl Start<'_, E>> {
    let start = |Outgoing { app, event, extra }| run(app, event, extra);
    Publishing { app, event: Some(event), extra: None, start, walk: None }
}

impl<'a, E, S: Start<'a, E>> Publishing<'a, E, S> {
    crate::walk::send::options!();
}

impl<'a, E, S: Start<'a, E>> Future for Publishing<'a, E, S> {
    type Output = Result<()>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(event) = this.event.take() {
            let outgoing = Outgoing { app: this.app, event, extra: this.extra.take() };
            this.walk.set(Some(this.start.start(outgoing)));
        }
        let walk = this.walk.as_mut().as_pin_mut();
        walk.expect("the first poll begins the walk").poll(cx)
    }
}

/// Publishes: into the store if there is one, to the listeners otherwise.
pub(crate) async fn run<E: Event>(app: &Arc<Inner>, event: E, extra: Option<Box<Extra>>) -> Result<()> {
    if app.is_direct() {
        return to_listeners(app, &event, extra).await;
    }
    // Boxed, so that an event that stays here does not carry the room about.
    Box::pin(keep_or_deliver(app, event, extra)).await
}

async fn keep_or_deliver<E: Event>(app: &Arc<Inner>, event: E, extra: Option<Box<Extra>>) -> Result<()> {
    if app.store.is_none() || E::META.is_local() {
        return deliver_here(app, event, extra).await;
    }
    let mut extra = extra.unwrap_or_default();
    let envelope = crate::codec::seal(&event, app.codecs.first(), &mut extra.head)?;
    app.keep(app.deliveries(&envelope)).await
}

/// Delivers to this process's listeners and to the sinks.
pub(crate) async fn deliver_here<E: Event>(
    app: &Arc<Inner>,
    event: E,
    extra: Option<Box<Extra>>,
) -> Result<()> {
    if !app.sinks.is_empty() && !E::META.is_local() {
        let mut head = extra.as_ref().map(|extra| extra.head.clone()).unwrap_or_default();
        let envelope = crate::codec::seal(&event, app.codecs.first(), &mut head)?;
        Box::pin(app.send_to_sinks(envelope)).await?;
    }
    to_listeners(app, &event, extra).await
}

/// Delivers to this process's listeners.
pub(crate) async fn to_listeners<E: Event>(
    app: &Arc<Inner>,
    event: &E,
    extra: Option<Box<Extra>>,
) -> Result<()> {
    let listeners = app.row(E::slot()).map_or(&[][..], |row| &row.listeners);
    let mut extra = extra;
    let head = extra.as_deref_mut().map(|extra| {
        // One id for all of them.
        extra.head.id();
        &extra.head
    });
    let failures = match app.publish_policy {
        PublishPolicy::Concurrent => concurrently(app, listeners, event, head).await,
        PublishPolicy::Sequential => Box::pin(one_by_one(app, listeners, event, head, false)).await,
        PublishPolicy::StopAtFirst => Box::pin(one_by_one(app, listeners, event, head, true)).await,
    };
    match failures {
        None => Ok(()),
        Some(failures) => Err(together(E::META.wire_name(), failures)),
    }
}

/// Calls one listener and polls it once.
#[inline]
pub(crate) fn listen<'a, E: Event>(
    app: &'a Arc<Inner>,
    installed: &'a Installed,
    event: &'a E,
    head: Option<&Head>,
    cx: &mut Context<'_>,
) -> Call<'a, ()> {
    let Some(listener) = installed.typed::<Arc<dyn Listen<Input = E>>>() else {
        return Call::ready(Err(Error::internal("a listener was handed an event of another type")));
    };
    let plan = &installed.plan;
    let scope = Scope::new(app, plan, head.cloned().map(Extra::of));
    let call = || {
        if plan.is_direct(scope.existing()) {
            listener.listen(scope, event)
        } else {
            guarded(listener.as_ref(), plan, scope, event)
        }
    };
    caught(|| call().begin(cx), |error| Call::Ready(Err(error)))
}

/// Calls a listener that something stands in front of.
fn guarded<'a, E: Event>(
    listener: &'a dyn Listen<Input = E>,
    plan: &'a Plan,
    mut scope: Scope<'a>,
    event: &'a E,
) -> Call<'a, ()> {
    plan.expose(event, &mut scope);
    let deadline = scope.deadline();
    if plan.is_open(deadline) {
        return listener.listen(scope, event);
    }
    Call::future(async move {
        let mut body = EventBody::new(listener, scope, event);
        walk(plan, deadline, &mut body).await
    })
}

type Failures = Option<Vec<(String, Error)>>;

fn note(failures: &mut Failures, installed: &Installed, result: Result<()>) {
    if let Err(error) = result {
        failures.get_or_insert_default().push((installed.plan.entry.id().to_owned(), error));
    }
}

async fn concurrently<E: Event>(
    app: &Arc<Inner>,
    listeners: &[Installed],
    event: &E,
    head: Option<&Head>,
) -> Failures {
    let mut failures = None;
    let mut waiting = Vec::new();
    poll_fn(|cx| {
        for installed in listeners {
            match listen(app, installed, event, head, cx) {
                Call::Ready(result) => note(&mut failures, installed, result),
                Call::Boxed(future) => waiting.push((installed, future)),
            }
        }
        Poll::Ready(())
    })
    .await;
    if !waiting.is_empty() {
        Box::pin(join(waiting, &mut failures)).await;
    }
    failures
}

/// Waits for all listeners that were not done at once.
async fn join(waiting: Vec<(&Installed, BoxFuture<'_, Result<()>>)>, failures: &mut Failures) {
    let waiting =
        waiting.into_iter().map(|(installed, future)| async move { (installed, Caught::new(future).await) });
    let mut waiting: FuturesUnordered<_> = waiting.collect();
    while let Some((installed, result)) = waiting.next().await {
        note(failures, installed, result);
    }
}

async fn one_by_one<E: Event>(
    app: &Arc<Inner>,
    listeners: &[Installed],
    event: &E,
    head: Option<&Head>,
    stop: bool,
) -> Failures {
    let mut failures = None;
    for installed in listeners {
        note(&mut failures, installed, one(app, installed, event, head).await);
        if stop && failures.is_some() {
            break;
        }
    }
    failures
}

/// Calls one listener and waits for it.
pub(crate) async fn one<E: Event>(
    app: &Arc<Inner>,
    installed: &Installed,
    event: &E,
    head: Option<&Head>,
) -> Result<()> {
    let call = poll_fn(|cx| Poll::Ready(listen(app, installed, event, head, cx))).await;
    Caught::new(call.finish()).await
}

/// One error for all failures: their kind if they agree, retryable if any is.
fn together(event: &'static str, mut failures: Vec<(String, Error)>) -> Error {
    failures.sort_by(|a, b| a.0.cmp(&b.0));
    let first = failures[0].1.kind();
    let kind = if failures.iter().all(|(_, error)| error.kind() == first) {
        first
    } else if failures.iter().any(|(_, error)| error.kind().is_retryable()) {
        Kind::Internal
    } else {
        Kind::Unprocessable
    };
    let error = PublishError { event, failures };
    Error::new(kind, "AW1510", error.to_string()).with_source(error)
}
