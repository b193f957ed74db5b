//! The order of the walk in front of one function: limits, guards, function.
//!
//! A [`Plan`] is resolved once at start-up. The steps run as one future beside
//! the caller's; only the function itself, and an around-guard's future too
//! large to lie in line, are boxed.

use std::any::Any;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::context::scope::{Extra, Scope};
use crate::error::{Error, Kind, Result};
use crate::message::Message;
use crate::registry::function::FunctionEntry;
use crate::walk::call::{Call, Step};
use crate::walk::guard::{Around, ErasedCheck, Next};
use crate::walk::handle::{Handler, Listen, ReplyOf};

/// How one installed function is reached.
pub(crate) struct Plan {
    pub(crate) entry: &'static FunctionEntry,
    pub(crate) steps: Vec<PlanStep>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) limit: Option<Semaphore>,
    pub(crate) key: bool,
    pub(crate) view: Option<crate::codec::View>,
}

/// A guard in a plan.
pub(crate) struct PlanStep {
    pub(crate) entry: &'static FunctionEntry,
    pub(crate) guard: PlanGuard,
}

/// A bound guard.
pub(crate) enum PlanGuard {
    /// Runs before.
    Before(Arc<dyn ErasedCheck>),
    /// Runs around what follows.
    Around(Arc<dyn Around>),
}

impl PlanStep {
    /// Waits for the guard, as long as its attribute allows.
    async fn finish(&self, step: Step<'_>) -> Result<()> {
        match self.entry.timeout_ms {
            None => step.await,
            Some(limit) => tokio::time::timeout(Duration::from_millis(limit), Box::pin(step))
                .await
                .unwrap_or_else(|_| Err(timed_out(self.entry.id()))),
        }
    }
}

impl Plan {
    /// A plan with nothing between the caller and the function.
    pub(crate) fn plain(entry: &'static FunctionEntry) -> Self {
        Self { entry, steps: Vec::new(), timeout: None, limit: None, key: false, view: None }
    }

    /// Whether nothing stands between the caller and the function.
    #[inline]
    pub(crate) fn is_plain(&self, extra: Option<&Extra>) -> bool {
        self.steps.is_empty()
            && self.timeout.is_none()
            && self.limit.is_none()
            && !self.key
            && self.view.is_none()
            && extra.is_none_or(|extra| extra.head.deadline.is_none())
    }

    /// Puts what the guards want to see of the message into the scope.
    pub(crate) fn expose<M: Message>(&self, message: &M, scope: &mut Scope<'_>) {
        if self.key {
            scope.extra().key = message.key();
        }
        if let Some(view) = self.view {
            scope.extra().view = view(message).ok();
        }
    }
}

/// The function at the end of a chain, with its message: typed inside, seen
/// without its type by the chain.
pub(crate) trait Body: Send {
    /// Shows the scope, until the function has started.
    fn scope(&mut self, see: &mut dyn FnMut(&mut Scope<'_>));
    fn check<'g>(&'g mut self, guard: &'g dyn ErasedCheck) -> Step<'g>;
    fn start(&mut self);
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>>;
    fn reply(&self) -> Option<&(dyn Any + Send + Sync)>;
}

/// Walks `plan` and the function of `body`.
///
/// # Errors
/// The first guard's that refuses, the function's, or that time ran out.
pub(crate) async fn walk(plan: &Plan, deadline: Option<Instant>, body: &mut (dyn Body + '_)) -> Result<()> {
    match deadline {
        None => limited(plan, body).await,
        Some(at) => tokio::time::timeout_at(at.into(), Box::pin(limited(plan, body)))
            .await
            .unwrap_or_else(|_| Err(timed_out(plan.entry.id()))),
    }
}

async fn limited(plan: &Plan, body: &mut (dyn Body + '_)) -> Result<()> {
    let _permit = match &plan.limit {
        Some(limit) => Some(limit.acquire().await.expect("a plan's limit is never closed")),
        None => None,
    };
    steps(&plan.steps, body).await
}

/// Runs the guards of `chain` and then the function.
pub(crate) async fn steps(chain: &[PlanStep], body: &mut (dyn Body + '_)) -> Result<()> {
    for (at, step) in chain.iter().enumerate() {
        match &step.guard {
            PlanGuard::Before(guard) => step.finish(Step::start(|| body.check(guard.as_ref()))).await?,
            PlanGuard::Around(guard) => {
                let mut ran = false;
                let next = Next::new(&chain[at + 1..], body, &mut ran);
                step.finish(Step::start(|| guard.around(next))).await?;
                return if ran { Ok(()) } else { Err(swallowed()) };
            }
        }
    }
    body.start();
    poll_fn(|cx| body.poll(cx)).await
}

#[cold]
fn swallowed() -> Error {
    Error::internal("an around-guard returned `Ok` without running its message: return `Err` to refuse")
}

#[cold]
pub(crate) fn timed_out(function: &str) -> Error {
    Error::new(Kind::Timeout, "AW1501", format!("`{function}` did not finish in time"))
}

/// A handler with its message.
pub(crate) struct RequestBody<'a, I: crate::message::shape::RequestInput> {
    handler: &'a Handler<I>,
    scope: Option<Scope<'a>>,
    message: Option<I>,
    call: Option<Call<'a, ReplyOf<I>>>,
    reply: Option<ReplyOf<I>>,
}

impl<'a, I: crate::message::shape::RequestInput> RequestBody<'a, I> {
    pub(crate) fn new(handler: &'a Handler<I>, scope: Scope<'a>, message: I) -> Self {
        Self { handler, scope: Some(scope), message: Some(message), call: None, reply: None }
    }

    pub(crate) fn into_reply(self) -> Result<ReplyOf<I>> {
        self.reply.ok_or_else(swallowed)
    }
}

impl<I: crate::message::shape::RequestInput> Body for RequestBody<'_, I> {
    fn scope(&mut self, see: &mut dyn FnMut(&mut Scope<'_>)) {
        if let Some(scope) = &mut self.scope {
            see(scope);
        }
    }

    fn check<'g>(&'g mut self, guard: &'g dyn ErasedCheck) -> Step<'g> {
        match (&mut self.scope, &self.message) {
            (Some(scope), Some(message)) => guard.check(scope, message),
            _ => Step::ready(Err(swallowed())),
        }
    }

    fn start(&mut self) {
        if let (Some(scope), Some(message)) = (self.scope.take(), self.message.take()) {
            let handler = self.handler;
            self.call = Some(Call::start(|| handler.handle(scope, message)));
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let Some(call) = &mut self.call else { return Poll::Ready(Err(swallowed())) };
        Pin::new(call).poll(cx).map(|result| result.map(|reply| self.reply = Some(reply)))
    }

    fn reply(&self) -> Option<&(dyn Any + Send + Sync)> {
        self.reply.as_ref().map(|reply| reply as _)
    }
}

/// A listener with its event.
pub(crate) struct EventBody<'a, E> {
    listener: &'a dyn Listen<Input = E>,
    scope: Option<Scope<'a>>,
    event: &'a E,
    call: Option<Call<'a, ()>>,
}

impl<'a, E: crate::message::shape::EventInput> EventBody<'a, E> {
    pub(crate) fn new(listener: &'a dyn Listen<Input = E>, scope: Scope<'a>, event: &'a E) -> Self {
        Self { listener, scope: Some(scope), event, call: None }
    }
}

impl<E: crate::message::shape::EventInput> Body for EventBody<'_, E> {
    fn scope(&mut self, see: &mut dyn FnMut(&mut Scope<'_>)) {
        if let Some(scope) = &mut self.scope {
            see(scope);
        }
    }

    fn check<'g>(&'g mut self, guard: &'g dyn ErasedCheck) -> Step<'g> {
        match &mut self.scope {
            Some(scope) => guard.check(scope, self.event),
            None => Step::ready(Err(swallowed())),
        }
    }

    fn start(&mut self) {
        if let Some(scope) = self.scope.take() {
            let (listener, event) = (self.listener, self.event);
            self.call = Some(Call::start(|| listener.listen(scope, event)));
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut self.call {
            Some(call) => Pin::new(call).poll(cx),
            None => Poll::Ready(Err(swallowed())),
        }
    }

    fn reply(&self) -> Option<&(dyn Any + Send + Sync)> {
        None
    }
}
