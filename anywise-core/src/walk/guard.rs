//! Guards: what runs before or around handlers and listeners.
//!
//! A before-guard refuses or provides a value. An around-guard holds [`Next`]
//! and sees the reply. Which guards stand in front of which function is
//! decided once, at start-up; see [`plan`](crate::plan).

use std::any::{Any, TypeId};
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use crate::catalog::MessageKind;
use crate::context::Principal;
use crate::context::scope::Scope;
use crate::error::{Error, IntoError, Result};
use crate::message::{MessageMeta, TypeInfo};
use crate::registry::function::FunctionEntry;
use crate::walk::call::{AroundStep, Caught, Step};
use crate::walk::plan::{Body, PlanStep, timed_out};

/// A bound guard of the messages of its input.
pub trait Check: Send + Sync + 'static {
    /// The first parameter.
    type Input: Send + Sync + 'static;
    /// Calls the function.
    fn check<'a>(&'a self, scope: &'a mut Scope<'_>, message: &'a Self::Input) -> Step<'a>;
}

/// A bound guard that does not look at its message.
pub trait CheckAny: Send + Sync + 'static {
    /// Calls the function.
    fn check<'a>(&'a self, scope: &'a mut Scope<'_>) -> Step<'a>;
}

/// A bound around-guard.
pub trait Around: Send + Sync + 'static {
    /// Calls the function.
    fn around<'a>(&'a self, next: Next<'a>) -> AroundStep<'a>;
}

/// A before-guard as the plan holds it.
pub trait ErasedCheck: Send + Sync {
    /// Calls the guard with a message of any type.
    fn check<'a>(&'a self, scope: &'a mut Scope<'_>, message: &'a (dyn Any + Send + Sync)) -> Step<'a>;
}

/// A guard that may take only so long.
pub(crate) struct Timed<G: ?Sized> {
    guard: Arc<G>,
    limit: Duration,
    entry: &'static FunctionEntry,
}

impl<G: ?Sized> Timed<G> {
    pub(crate) fn new(guard: Arc<G>, limit: u64, entry: &'static FunctionEntry) -> Self {
        Self { guard, limit: Duration::from_millis(limit), entry }
    }

    async fn wait(&self, step: impl Future<Output = Result<()>>) -> Result<()> {
        let waited = tokio::time::timeout(self.limit, step).await;
        waited.unwrap_or_else(|_| Err(timed_out(self.entry.id())))
    }
}

impl ErasedCheck for Timed<dyn ErasedCheck> {
    fn check<'a>(&'a self, scope: &'a mut Scope<'_>, message: &'a (dyn Any + Send + Sync)) -> Step<'a> {
        Step::future(self.wait(self.guard.check(scope, message)))
    }
}

impl Around for Timed<dyn Around> {
    fn around<'a>(&'a self, next: Next<'a>) -> AroundStep<'a> {
        AroundStep::future(self.wait(self.guard.around(next)))
    }
}

/// A guard that ignores its message.
pub(crate) struct Blind(pub(crate) Arc<dyn CheckAny>);

impl ErasedCheck for Blind {
    fn check<'a>(&'a self, scope: &'a mut Scope<'_>, _: &'a (dyn Any + Send + Sync)) -> Step<'a> {
        self.0.check(scope)
    }
}

/// The rest of the chain: the guards after this one, and the function.
///
/// # Examples
/// ```
/// use std::time::Instant;
///
/// use anywise::prelude::*;
///
/// #[guard(around, commands)]
/// async fn timed(cx: Context, mut next: Next<'_>) -> Result<()> {
///     let began = Instant::now();
///     let result = next.run().await;
///     println!("{} took {:?}", cx.name(), began.elapsed());
///     result
/// }
/// ```
pub struct Next<'a>(&'a mut (dyn Rest + 'a));

/// The rest of a chain, with its message.
pub(crate) trait Rest: Send {
    /// Begins it: what remains to be polled, unless it has begun before.
    fn begin(&mut self) -> Option<(&[PlanStep], &mut dyn Body)>;
    fn body(&mut self) -> &mut dyn Body;
    fn reply(&self) -> Option<&(dyn Any + Send + Sync)>;
}

impl<'a> Next<'a> {
    pub(crate) fn new(rest: &'a mut (dyn Rest + 'a)) -> Self {
        Self(rest)
    }

    /// Runs the rest of the chain and the function.
    ///
    /// # Errors
    /// A guard's or the function's; and, on a second call, that the message
    /// has been handled already.
    pub async fn run(&mut self) -> Result<()> {
        match self.0.begin() {
            None => Err(Error::internal("an around-guard ran its message twice")),
            Some(([], body)) => Caught::new(poll_fn(|cx| body.poll(cx))).await,
            // Boxed, since it holds the next around-guard, which may hold the one after.
            Some((rest, body)) => Box::pin(Caught::new(crate::walk::plan::steps(rest, body))).await,
        }
    }

    /// The reply, after [`run`](Self::run) succeeded, if it is an `R`.
    pub fn reply<R: 'static>(&self) -> Option<&R> {
        self.0.reply()?.downcast_ref()
    }
}

impl std::fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}

/// Takes a value for a parameter of an around-guard.
///
/// # Errors
/// What `take` says.
pub fn take_next<T>(next: &mut Next<'_>, take: fn(&mut Scope<'_>) -> Result<T>) -> Result<T> {
    let mut taken = None;
    next.0.body().scope(&mut |scope| taken = Some(take(scope)));
    taken.unwrap_or_else(|| Err(Error::internal("the message has been handed on already")))
}

/// Marks [`Next`] for a compile-time check.
#[diagnostic::on_unimplemented(
    message = "the last parameter of an around-guard must be `Next<'_>`",
    label = "expected `Next<'_>`",
    note = "take `mut next: Next<'_>` last and call `next.run().await`"
)]
pub trait IsNext {}
impl IsNext for Next<'_> {}

/// What a guard returns: `Result<()>` to let pass, `Result<T>` to let pass and
/// provide a `T`.
#[diagnostic::on_unimplemented(
    message = "a guard must return a `Result`, but returns `{Self}`",
    label = "expected `Result<()>` or `Result<T>`",
    note = "`Err` refuses the message; `Ok(value)` lets it pass and provides the value"
)]
pub trait GuardOutput {
    /// What is provided; `()` is nothing.
    type Value: Send + Sync + 'static;
    #[doc(hidden)]
    const DECLARED: &'static [crate::error::FaultInfo];
    #[doc(hidden)]
    fn into_result(self) -> Result<Self::Value>;
}

impl<T: Send + Sync + 'static, E: IntoError> GuardOutput for Result<T, E> {
    type Value = T;
    const DECLARED: &'static [crate::error::FaultInfo] = E::DECLARED;
    fn into_result(self) -> Result<T> {
        self.map_err(IntoError::into_error)
    }
}

/// Lets the message pass, and keeps what the guard provided.
///
/// # Errors
/// None; the type is that of a guard's last expression.
pub fn provide<T: Send + Sync + 'static>(value: T, scope: &mut Scope<'_>) -> Result<()> {
    let id = TypeId::of::<T>();
    if id == TypeId::of::<()>() {
        return Ok(());
    }
    let value: Arc<dyn Any + Send + Sync> = Arc::new(value);
    if let Some(principal) = value.downcast_ref::<Principal>() {
        scope.head().principal = Some(principal.clone());
    }
    scope.extra().provide(id, value);
    Ok(())
}

/// What a guard stands in front of.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    breadth: Breadth,
    kinds: [bool; 3],
}

#[derive(Clone, Copy, Debug)]
enum Breadth {
    All,
    Slice,
    Family(fn() -> TypeInfo),
    Messages(&'static [fn() -> &'static MessageMeta]),
}

#[doc(hidden)]
impl Target {
    const fn of(breadth: Breadth) -> Self {
        Self { breadth, kinds: [false; 3] }
    }

    pub const fn all() -> Self {
        Self::of(Breadth::All)
    }

    pub const fn kinds() -> Self {
        Self::of(Breadth::All)
    }

    pub const fn slice() -> Self {
        Self::of(Breadth::Slice)
    }

    pub const fn family(family: fn() -> TypeInfo) -> Self {
        Self::of(Breadth::Family(family))
    }

    pub const fn messages(messages: &'static [fn() -> &'static MessageMeta]) -> Self {
        Self::of(Breadth::Messages(messages))
    }

    #[must_use]
    pub const fn commands(mut self) -> Self {
        self.kinds[0] = true;
        self
    }

    #[must_use]
    pub const fn queries(mut self) -> Self {
        self.kinds[1] = true;
        self
    }

    #[must_use]
    pub const fn events(mut self) -> Self {
        self.kinds[2] = true;
        self
    }
}

impl Target {
    fn picks_kinds(&self) -> bool {
        self.kinds.contains(&true)
    }

    /// Broad targets run outside narrow ones.
    pub(crate) fn rank(&self) -> u8 {
        match self.breadth {
            Breadth::All if !self.picks_kinds() => 0,
            Breadth::All => 1,
            Breadth::Slice => 2,
            Breadth::Family(_) => 3,
            Breadth::Messages(_) => 4,
        }
    }

    /// Whether a function of `slice` that receives `message` is a target of a
    /// guard that belongs to `own_slice`.
    pub(crate) fn covers(&self, own_slice: &str, slice: &str, message: &MessageMeta) -> bool {
        let kind = match message.kind {
            MessageKind::Command => self.kinds[0],
            MessageKind::Query => self.kinds[1],
            MessageKind::Event => self.kinds[2],
        };
        (kind || !self.picks_kinds())
            && match self.breadth {
                Breadth::All => true,
                Breadth::Slice => own_slice == slice,
                Breadth::Family(family) => {
                    let id = family().id;
                    message.families.iter().any(|member| member().id == id)
                }
                Breadth::Messages(messages) => messages.iter().any(|one| one().id() == message.id()),
            }
    }

    /// The target in the words of the attribute.
    pub(crate) fn words(&self) -> String {
        let mut words = match self.breadth {
            Breadth::All if self.picks_kinds() => Vec::new(),
            Breadth::All => vec!["all".to_owned()],
            Breadth::Slice => vec!["slice".to_owned()],
            Breadth::Family(family) => vec![format!("family = {}", family().name())],
            Breadth::Messages(messages) => {
                let names: Vec<_> = messages.iter().map(|one| one().wire_name()).collect();
                vec![format!("messages({})", names.join(", "))]
            }
        };
        for (picked, word) in self.kinds.iter().zip(["commands", "queries", "events"]) {
            if *picked {
                words.push(word.to_owned());
            }
        }
        words.join(", ")
    }
}
