//! The walk of an event through the process.
//!
//! Every listener is called and polled once; those that are not done then are
//! joined. No listener waits for another, and one that fails or panics changes
//! nothing for the others.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use uuid::Uuid;

use crate::app::{Inner, Row};
use crate::context::scope::{Extra, Luggage, Place, Scope};
use crate::envelope::Head;
use crate::error::{Error, Kind, Result};
use crate::message::Event;
use crate::ports::store::Batch;
use crate::ports::store::remember::{Memory, Remembered};
use crate::walk::call::{BoxFuture, Caught, caught};
use crate::walk::handle::Listener;
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

/// An event about to be published; await it until every listener has finished,
/// or, with a store, until it is durable.
///
/// Nothing happens before it is awaited. Where a plain future is wanted, call
/// `.into_future()`.
#[must_use = "an event is published when it is awaited"]
pub struct Publishing<'a, E, S> {
    app: &'a Arc<Inner>,
    event: E,
    extra: Option<Box<Extra>>,
    start: S,
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

/// Begins `app.publish(event)`.
#[inline]
pub(crate) fn publishing<E: Event>(app: &Arc<Inner>, event: E) -> Publishing<'_, E, impl Start<'_, E>> {
    let start = |Outgoing { app, event, extra }| run(app, event, extra);
    Publishing { app, event, extra: None, start }
}

impl<E, S> Publishing<'_, E, S> {
    crate::walk::send::options!();
}

impl<'a, E, S: Start<'a, E>> IntoFuture for Publishing<'a, E, S> {
    type Output = Result<()>;
    type IntoFuture = S::Walk;

    #[inline]
    fn into_future(self) -> S::Walk {
        let Self { app, event, extra, start } = self;
        start.start(Outgoing { app, event, extra })
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
    let Some(store) = app.store.as_deref().filter(|_| !E::META.is_local()) else {
        return deliver_here(app, event, extra).await;
    };
    let mut extra = extra.unwrap_or_default();
    let envelope = crate::codec::seal(&event, app.codecs.first(), &mut extra.head)?;
    let remember = extra.head.idempotency_key.as_deref().map(|key| {
        let principal = extra.head.principal.as_ref().map(crate::Principal::id);
        let memory = Memory::new(&envelope.name, principal, key);
        let fingerprint = Uuid::new_v5(&Uuid::nil(), &envelope.body);
        Remembered::new(memory, fingerprint, envelope.content_type.clone(), Bytes::new())
    });
    let batch = Batch { append: app.deliveries(&envelope), remember, ..Batch::default() };
    if batch.is_empty() {
        return Ok(());
    }
    crate::walk::once::published(store, batch).await
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
    let Some(row) = app.row(E::slot()) else { return Ok(()) };
    let mut extra = extra;
    let head = extra.as_deref_mut().map(|extra| {
        // One id for all of them.
        extra.head.id();
        &extra.head
    });
    let failures = match app.publish_policy {
        PublishPolicy::Concurrent => concurrently(app, row, event, head).await,
        PublishPolicy::Sequential => Box::pin(one_by_one(app, row, event, head, false)).await,
        PublishPolicy::StopAtFirst => Box::pin(one_by_one(app, row, event, head, true)).await,
    };
    match failures {
        None => Ok(()),
        Some(failures) => Err(together(E::META.wire_name(), failures)),
    }
}

/// A listener that has been called and polled once.
enum Begun<'a> {
    Done(Result<()>),
    Waits(BoxFuture<'a, Result<()>>),
}

/// Calls one listener and polls it once.
#[expect(
    clippy::inline_always,
    reason = "in the loop over the listeners; as a call it is a tenth of what a listener costs"
)]
#[inline(always)]
fn begin<'a, E: Event>(
    app: &'a Arc<Inner>,
    (listener, plan): (&'a Listener<E>, &'a Plan),
    event: &'a E,
    head: Option<&Head>,
    cx: &mut Context<'_>,
) -> Begun<'a> {
    let mut future = match listener {
        Listener::Waits(listener) if head.is_none() && plan.is_direct(None) => {
            listener.listen(Place::new(app, plan), Luggage(None), event)
        }
        Listener::Now(listener) if head.is_none() && plan.is_direct(None) => {
            let mut scope = Scope::new(Place::new(app, plan), Luggage(None));
            let result = listener.listen(&mut scope, event);
            scope.close();
            return Begun::Done(result);
        }
        listener => guarded(app, plan, listener, event, head),
    };
    match future.as_mut().poll(cx) {
        Poll::Ready(result) => Begun::Done(result),
        Poll::Pending => Begun::Waits(future),
    }
}

/// Calls a listener that more than its own guards stands in front of.
#[inline(never)]
fn guarded<'a, E: Event>(
    app: &'a Arc<Inner>,
    plan: &'a Plan,
    listener: &'a Listener<E>,
    event: &'a E,
    head: Option<&Head>,
) -> BoxFuture<'a, Result<()>> {
    let mut scope = Scope::new(Place::new(app, plan), Luggage(head.cloned().map(Extra::of)));
    plan.expose(event, &mut scope);
    let deadline = scope.deadline();
    match listener {
        Listener::Waits(listener) if plan.is_open(deadline) => {
            let (place, luggage) = scope.apart();
            listener.listen(place, luggage, event)
        }
        listener => Box::pin(async move {
            let mut body = EventBody::new(listener, scope, event);
            walk(plan, deadline, &mut body).await
        }),
    }
}

type Failures = Option<Vec<(String, Error)>>;

#[cold]
fn note(failures: &mut Failures, plan: &Plan, error: Error) {
    failures.get_or_insert_default().push((plan.entry.id().to_owned(), error));
}

async fn concurrently<E: Event>(app: &Arc<Inner>, row: &Row, event: &E, head: Option<&Head>) -> Failures {
    let mut failures = None;
    let mut waiting = Vec::new();
    poll_fn(|cx| {
        let mut listeners = row.listeners::<E>().iter().zip(&row.listening);
        let mut at = None;
        // Panics are caught once for all; after one the rest go on.
        while let Err(error) = caught(
            || {
                for listener in listeners.by_ref() {
                    at = Some(listener.1);
                    match begin(app, listener, event, head, cx) {
                        Begun::Done(Ok(())) => {}
                        Begun::Done(Err(error)) => note(&mut failures, listener.1, error),
                        Begun::Waits(future) => waiting.push((listener.1, future)),
                    }
                }
                Ok(())
            },
            Err,
        ) {
            note(&mut failures, at.expect("a listener has panicked"), error);
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
async fn join(waiting: Vec<(&Plan, BoxFuture<'_, Result<()>>)>, failures: &mut Failures) {
    let waiting = waiting.into_iter().map(|(plan, future)| async move { (plan, Caught::new(future).await) });
    let mut waiting: FuturesUnordered<_> = waiting.collect();
    while let Some((plan, result)) = waiting.next().await {
        if let Err(error) = result {
            note(failures, plan, error);
        }
    }
}

async fn one_by_one<E: Event>(
    app: &Arc<Inner>,
    row: &Row,
    event: &E,
    head: Option<&Head>,
    stop: bool,
) -> Failures {
    let mut failures = None;
    for (at, plan) in row.listening.iter().enumerate() {
        if let Err(error) = to_listener(app, row, at, event, head).await {
            note(&mut failures, plan, error);
        }
        if stop && failures.is_some() {
            break;
        }
    }
    failures
}

/// Calls the listener at one place in the row and waits for it.
pub(crate) async fn to_listener<E: Event>(
    app: &Arc<Inner>,
    row: &Row,
    at: usize,
    event: &E,
    head: Option<&Head>,
) -> Result<()> {
    let Some(listener) = row.listeners::<E>().get(at) else {
        return Err(Error::internal("a listener was handed an event of another type"));
    };
    let listener = (listener, &row.listening[at]);
    let begun = poll_fn(|cx| {
        Poll::Ready(caught(|| begin(app, listener, event, head, cx), |error| Begun::Done(Err(error))))
    });
    match begun.await {
        Begun::Done(result) => result,
        Begun::Waits(future) => Caught::new(future).await,
    }
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
