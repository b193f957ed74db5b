//! The order of the walk in front of one function: limits, guards, function.
//!
//! A [`Plan`] is resolved once at start-up. Where no around-guard and no limit
//! stands in front of an asynchronous function, its before-guards run in its
//! own future, which is then the one allocation of the call. Everything else
//! walks in a box of its own.

use std::any::Any;
use std::future::poll_fn;
use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use stackfuture::StackFuture;
use tokio::sync::Semaphore;

use crate::context::scope::{Extra, Scope};
use crate::error::{Error, Kind, Result};
use crate::message::{Event, Message, MessageMeta, Request};
use crate::registry::function::FunctionEntry;
use crate::walk::call::{BoxFuture, Step};
use crate::walk::guard::{Around, ErasedCheck, Next, Rest};
use crate::walk::handle::{HandlerOf, Listener};

/// How one installed function is reached.
pub(crate) struct Plan {
    pub(crate) entry: &'static FunctionEntry,
    pub(crate) meta: &'static MessageMeta,
    /// The guards that run before the function is called.
    outer: Vec<PlanStep>,
    /// The guards that the function's future begins with.
    inner: Vec<Arc<dyn ErasedCheck>>,
    pub(crate) timeout: Option<Duration>,
    limit: Option<Semaphore>,
    key: bool,
    view: Option<crate::codec::View>,
    /// Whether nothing of all this, but `inner`, is there.
    direct: bool,
}

/// A guard in a plan.
pub(crate) enum PlanStep {
    /// Runs before.
    Before(Arc<dyn ErasedCheck>),
    /// Runs around what follows.
    Around(Arc<dyn Around>),
}

/// What a plan is made of.
pub(crate) struct Route {
    pub(crate) guards: Vec<PlanStep>,
    /// Whether the function's future begins with [`pass`].
    pub(crate) passes: bool,
    /// Whether a guard asks for the message's key.
    pub(crate) key: bool,
    /// How a guard that asks for it sees the message.
    pub(crate) view: Option<crate::codec::View>,
}

impl Plan {
    pub(crate) fn new(entry: &'static FunctionEntry, meta: &'static MessageMeta, route: Route) -> Self {
        let Route { guards: mut outer, passes, key, view } = route;
        let after = |at: usize| outer[at..].iter().all(|guard| matches!(guard, PlanStep::Before(_)));
        let own = if passes { (0..=outer.len()).find(|at| after(*at)) } else { None };
        let inner = outer.split_off(own.unwrap_or(outer.len())).into_iter().filter_map(|guard| match guard {
            PlanStep::Before(guard) => Some(guard),
            PlanStep::Around(_) => None,
        });
        let inner = inner.collect();
        let timeout = entry.timeout_ms.map(Duration::from_millis);
        let limit = entry.concurrency.map(|most| Semaphore::new(most as usize));
        let direct = outer.is_empty() && timeout.is_none() && limit.is_none() && !key && view.is_none();
        Self { entry, meta, outer, inner, timeout, limit, key, view, direct }
    }

    /// A plan of a message that nothing receives here.
    pub(crate) fn empty(entry: &'static FunctionEntry, meta: &'static MessageMeta) -> Self {
        Self::new(entry, meta, Route { guards: Vec::new(), passes: false, key: false, view: None })
    }

    /// Whether the function can be called at once.
    #[inline]
    pub(crate) fn is_direct(&self, extra: Option<&Extra>) -> bool {
        self.direct
            && extra.is_none_or(|extra| extra.head.deadline.is_none() && extra.head.idempotency_key.is_none())
    }

    /// Whether nothing but a view of the message stood between.
    pub(crate) fn is_open(&self, deadline: Option<Instant>) -> bool {
        self.outer.is_empty() && self.limit.is_none() && deadline.is_none()
    }

    /// Whether the function's future begins with guards.
    #[inline]
    pub(crate) fn is_guarded(&self) -> bool {
        !self.inner.is_empty()
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

/// Runs the guards that stand directly in front of a function, in its future.
///
/// # Errors
/// The first guard's that refuses.
pub fn pass<'a>(scope: &'a mut Scope<'_>, message: &'a (dyn Any + Send + Sync)) -> Pass<'a> {
    Pass::from(async move {
        for guard in &scope.plan().inner {
            let mut step = pin!(guard.check(scope, message));
            poll_fn(|cx| step.as_mut().poll(cx)).await?;
        }
        Ok(())
    })
}

/// The guards that stand directly in front of a function, its type forgotten:
/// a future that begins with them does not compile them once more.
type Pass<'a> = StackFuture<'a, Result<()>, 320>;

/// The function at the end of a chain, with its message: typed inside, seen
/// without its type by the chain.
pub(crate) trait Body: Send {
    /// Shows the scope, until the function has started.
    fn scope(&mut self, see: &mut dyn FnMut(&mut Scope<'_>));
    fn check<'g>(&'g mut self, guard: &'g dyn ErasedCheck) -> Step<'g>;
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
        Some(at) => tokio::time::timeout_at(at.into(), limited(plan, body))
            .await
            .unwrap_or_else(|_| Err(timed_out(plan.entry.id()))),
    }
}

async fn limited(plan: &Plan, body: &mut (dyn Body + '_)) -> Result<()> {
    let _permit = match &plan.limit {
        Some(limit) => Some(limit.acquire().await.expect("a plan's limit is never closed")),
        None => None,
    };
    steps(&plan.outer, body).await
}

/// Runs the guards of `chain` and then the function.
pub(crate) async fn steps(chain: &[PlanStep], body: &mut (dyn Body + '_)) -> Result<()> {
    for (at, step) in chain.iter().enumerate() {
        match step {
            PlanStep::Before(guard) => {
                let mut step = pin!(body.check(guard.as_ref()));
                poll_fn(|cx| step.as_mut().poll(cx)).await?;
            }
            PlanStep::Around(guard) => {
                let mut rest = Chain { rest: &chain[at + 1..], body, ran: false };
                {
                    let mut step = pin!(guard.around(Next::new(&mut rest)));
                    poll_fn(|cx| step.as_mut().poll(cx)).await?;
                }
                return if rest.ran { Ok(()) } else { Err(swallowed()) };
            }
        }
    }
    poll_fn(|cx| body.poll(cx)).await
}

/// What an around-guard runs.
struct Chain<'c> {
    rest: &'c [PlanStep],
    body: &'c mut (dyn Body + 'c),
    ran: bool,
}

impl Rest for Chain<'_> {
    fn begin(&mut self) -> Option<(&[PlanStep], &mut dyn Body)> {
        (!mem::replace(&mut self.ran, true)).then_some((self.rest, self.body))
    }

    fn body(&mut self) -> &mut dyn Body {
        self.body
    }

    fn reply(&self) -> Option<&(dyn Any + Send + Sync)> {
        self.body.reply()
    }
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
pub(crate) struct RequestBody<'a, M: Request> {
    handler: HandlerOf<'a, M>,
    state: BodyState<'a, M, M::Reply>,
    reply: Option<M::Reply>,
}

/// How far a function at the end of a chain has come.
enum BodyState<'a, I, R> {
    Before(Scope<'a>, I),
    Running(BoxFuture<'a, Result<R>>),
    After,
}

impl<I, R> BodyState<'_, I, R> {
    /// Polls a function that is running.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<R>> {
        let Self::Running(future) = self else { return Poll::Ready(Err(swallowed())) };
        let polled = future.as_mut().poll(cx);
        if polled.is_ready() {
            *self = Self::After;
        }
        polled
    }
}

impl<'a, M: Request> RequestBody<'a, M> {
    pub(crate) fn new(handler: HandlerOf<'a, M>, scope: Scope<'a>, message: M) -> Self {
        Self { handler, state: BodyState::Before(scope, message), reply: None }
    }

    pub(crate) fn into_reply(self) -> Result<M::Reply> {
        self.reply.ok_or_else(swallowed)
    }
}

impl<M: Request> Body for RequestBody<'_, M> {
    fn scope(&mut self, see: &mut dyn FnMut(&mut Scope<'_>)) {
        if let BodyState::Before(scope, _) = &mut self.state {
            see(scope);
        }
    }

    fn check<'g>(&'g mut self, guard: &'g dyn ErasedCheck) -> Step<'g> {
        match &mut self.state {
            BodyState::Before(scope, message) => guard.check(scope, message),
            _ => Step::ready(Err(swallowed())),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if let BodyState::Before(..) = self.state
            && let BodyState::Before(mut scope, message) = mem::replace(&mut self.state, BodyState::After)
        {
            match self.handler {
                HandlerOf::Waits(handler) => {
                    let (place, luggage) = scope.apart();
                    self.state = BodyState::Running(handler.handle(place, luggage, message));
                }
                HandlerOf::Now(handler) => {
                    let result = handler.handle(&mut scope, message);
                    return Poll::Ready(result.map(|reply| self.reply = Some(reply)));
                }
            }
        }
        self.state.poll(cx).map_ok(|reply| self.reply = Some(reply))
    }

    fn reply(&self) -> Option<&(dyn Any + Send + Sync)> {
        self.reply.as_ref().map(|reply| reply as _)
    }
}

/// A listener with its event.
pub(crate) struct EventBody<'a, E> {
    listener: &'a Listener<E>,
    state: BodyState<'a, &'a E, ()>,
}

impl<'a, E: Event> EventBody<'a, E> {
    pub(crate) fn new(listener: &'a Listener<E>, scope: Scope<'a>, event: &'a E) -> Self {
        Self { listener, state: BodyState::Before(scope, event) }
    }
}

impl<E: Event> Body for EventBody<'_, E> {
    fn scope(&mut self, see: &mut dyn FnMut(&mut Scope<'_>)) {
        if let BodyState::Before(scope, _) = &mut self.state {
            see(scope);
        }
    }

    fn check<'g>(&'g mut self, guard: &'g dyn ErasedCheck) -> Step<'g> {
        match &mut self.state {
            BodyState::Before(scope, event) => guard.check(scope, *event),
            _ => Step::ready(Err(swallowed())),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if let BodyState::Before(..) = self.state
            && let BodyState::Before(mut scope, event) = mem::replace(&mut self.state, BodyState::After)
        {
            match self.listener {
                Listener::Waits(listener) => {
                    let (place, luggage) = scope.apart();
                    self.state = BodyState::Running(listener.listen(place, luggage, event));
                }
                Listener::Now(listener) => return Poll::Ready(listener.listen(&mut scope, event)),
            }
        }
        self.state.poll(cx)
    }

    fn reply(&self) -> Option<&(dyn Any + Send + Sync)> {
        None
    }
}
