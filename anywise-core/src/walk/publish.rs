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
use crate::walk::call::Call;
use crate::walk::handle::Listen;
use crate::walk::plan::{EventBody, walk};

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
    pub struct Publishing<'a, E, F> {
        app: &'a Arc<Inner>,
        event: Option<E>,
        extra: Option<Box<Extra>>,
        start: fn(&'a Arc<Inner>, E, Option<Box<Extra>>) -> F,
        #[pin]
        future: Option<F>,
    }
}

#[inline]
pub(crate) fn publishing<E: Event>(
    app: &Arc<Inner>,
    event: E,
) -> Publishing<'_, E, impl Future<Output = Result<()>> + Send> {
    Publishing { app, event: Some(event), extra: None, start: run::<E>, future: None }
}

impl<E, F> Publishing<'_, E, F> {
    crate::walk::send::options!();
}

impl<E, F: Future<Output = Result<()>>> Future for Publishing<'_, E, F> {
    type Output = Result<()>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(event) = this.event.take() {
            let future = (this.start)(this.app, event, this.extra.take());
            this.future.set(Some(future));
        }
        let future = this.future.as_mut().as_pin_mut();
        future.expect("the first poll makes the future").poll(cx)
    }
}

/// Publishes: into the store if there is one, to the listeners otherwise.
pub(crate) async fn run<E: Event>(app: &Arc<Inner>, event: E, extra: Option<Box<Extra>>) -> Result<()> {
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
        app.send_to_sinks(crate::codec::seal(&event, app.codecs.first(), &mut head)?).await?;
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
    let head = extra.map(|mut extra| {
        extra.head.id();
        extra.head
    });
    let failures = match app.publish_policy {
        PublishPolicy::Concurrent => concurrently(app, listeners, event, head.as_ref()).await,
        PublishPolicy::Sequential => one_by_one(app, listeners, event, head.as_ref(), false).await,
        PublishPolicy::StopAtFirst => one_by_one(app, listeners, event, head.as_ref(), true).await,
    };
    match failures {
        None => Ok(()),
        Some(failures) => Err(together(E::META.wire_name(), failures)),
    }
}

/// Calls one listener.
pub(crate) fn listen<'a, E: Event>(
    app: &'a Arc<Inner>,
    installed: &'a Installed,
    event: &'a E,
    head: Option<&Head>,
) -> Call<'a, ()> {
    let Some(listener) = installed.typed::<Arc<dyn Listen<Input = E>>>() else {
        return Call::ready(Err(Error::internal("a listener was handed an event of another type")));
    };
    let plan = &installed.plan;
    let mut scope = Scope::new(app, plan, E::META, head.cloned().map(Extra::of));
    if plan.is_plain(scope.existing()) {
        return Call::start(|| listener.listen(scope, event));
    }
    plan.expose(event, &mut scope);
    let deadline = scope.deadline();
    Call::future(async move {
        let mut body = EventBody::new(listener.as_ref(), scope, event);
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
    let mut pending = Vec::new();
    poll_fn(|cx| {
        for installed in listeners {
            let mut call = listen(app, installed, event, head);
            match Pin::new(&mut call).poll(cx) {
                Poll::Ready(result) => note(&mut failures, installed, result),
                Poll::Pending => pending.push((installed, call)),
            }
        }
        Poll::Ready(())
    })
    .await;
    if !pending.is_empty() {
        let pending = pending.into_iter().map(|(installed, call)| async move { (installed, call.await) });
        let mut pending: FuturesUnordered<_> = pending.collect();
        while let Some((installed, result)) = pending.next().await {
            note(&mut failures, installed, result);
        }
    }
    failures
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
        note(&mut failures, installed, listen(app, installed, event, head).await);
        if stop && failures.is_some() {
            break;
        }
    }
    failures
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
