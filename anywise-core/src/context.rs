//! The stock values a function may take from its message's context.

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::Inner;
use crate::envelope::{Head, TraceContext};
use crate::error::{Error, Kind, Result};
use crate::headers::Headers;
use crate::message::{Command, Query};
use crate::scope::{Demand, FromContext, Scope, absent};
use crate::set::{Has, MessageSet};

/// What is known of the message being handled, beside its body.
#[derive(Clone, Debug)]
pub struct Context(pub(crate) Arc<ContextData>);

#[derive(Debug)]
pub(crate) struct ContextData {
    pub(crate) name: &'static str,
    pub(crate) function: &'static str,
    pub(crate) key: Option<String>,
    pub(crate) head: Head,
}

impl Context {
    /// Wire name of the message.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Stable id of the function at work.
    pub fn function(&self) -> &'static str {
        self.0.function
    }

    /// What orders the message, if its type has a key.
    pub fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// Id of the message: the same for every function that receives it.
    pub fn id(&self) -> Uuid {
        self.0.head.id.unwrap_or_default()
    }

    /// Id shared by everything one request set off.
    pub fn correlation_id(&self) -> Option<&str> {
        self.0.head.correlation_id.as_deref()
    }

    /// Id of the message that caused this one.
    pub fn causation_id(&self) -> Option<Uuid> {
        self.0.head.causation_id
    }

    /// The caller's headers.
    pub fn headers(&self) -> &Headers {
        &self.0.head.headers
    }

    /// Trace context.
    pub fn trace(&self) -> Option<&TraceContext> {
        self.0.head.trace.as_ref()
    }
}

impl FromContext for Context {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        Ok(scope.context())
    }

    fn demand(demand: &mut Demand) {
        demand.key = true;
    }
}

/// The message as JSON, for a guard that must look into messages of any type.
///
/// Made only in front of functions whose guards ask for it: the signature says
/// who reads bodies. `null` for a message that is `local`.
#[derive(Clone, Debug)]
pub struct JsonView(pub serde_json::Value);

impl FromContext for JsonView {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        Ok(Self(scope.existing().and_then(|extra| extra.view.clone()).unwrap_or_default()))
    }

    fn demand(demand: &mut Demand) {
        demand.view = true;
    }
}

/// A value that a guard, or the sender with `.with(value)`, provided.
///
/// A function that takes one cannot start unless some guard provides a `T` on
/// every way to it.
#[derive(Debug)]
pub struct Provided<T>(Arc<T>);

impl<T> Provided<T> {
    /// The shared value.
    pub fn into_inner(self) -> Arc<T> {
        self.0
    }
}

impl<T> Clone for Provided<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Provided<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Send + Sync + 'static> FromContext for Provided<T> {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        scope
            .provided()
            .map(Self)
            .ok_or_else(|| absent(&format!("a provided `{}`", crate::message::TypeInfo::of::<T>().name())))
    }

    fn demand(demand: &mut Demand) {
        demand.provided::<T>();
    }
}

/// A header with a meaning: its name, and how its text is read.
pub trait TypedHeader: Sized + Send {
    /// Name, in lower case.
    const NAME: &'static str;

    /// Reads the text.
    ///
    /// # Errors
    /// That the text is malformed.
    fn parse(text: &str) -> Result<Self>;

    /// The error where the header is missing and not optional.
    fn missing() -> Error {
        absent(&format!("header `{}`", Self::NAME))
    }
}

/// A header of the message, read as `H`.
///
/// Missing headers are errors; take `Option<Header<H>>` where it may be absent.
#[derive(Clone, Debug)]
pub struct Header<H>(pub H);

impl<H> Deref for Header<H> {
    type Target = H;
    fn deref(&self) -> &H {
        &self.0
    }
}

impl<H: TypedHeader> FromContext for Header<H> {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        match scope.header(H::NAME) {
            Some(text) => H::parse(text).map(Self),
            None => Err(H::missing().as_absent()),
        }
    }
}

/// The `Authorization` header (RFC 9110, section 11.6.2).
#[derive(Clone)]
pub struct Authorization {
    scheme: String,
    credentials: String,
}

impl Authorization {
    /// The scheme as sent, for example `Bearer`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The credentials after the scheme.
    pub fn credentials(&self) -> &str {
        &self.credentials
    }

    /// The token, if the scheme is `Bearer` (RFC 6750).
    pub fn bearer(&self) -> Option<&str> {
        self.scheme.eq_ignore_ascii_case("bearer").then_some(self.credentials.as_str())
    }
}

impl std::fmt::Debug for Authorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authorization({} …)", self.scheme)
    }
}

impl TypedHeader for Authorization {
    const NAME: &'static str = "authorization";

    fn parse(text: &str) -> Result<Self> {
        match text.trim().split_once(' ') {
            Some((scheme, credentials)) if !scheme.is_empty() => {
                Ok(Self { scheme: scheme.to_owned(), credentials: credentials.trim_start().to_owned() })
            }
            _ => Err(Error::new(
                Kind::Unauthenticated,
                "AW1101",
                "header `authorization` is not `<scheme> <credentials>`",
            )),
        }
    }

    fn missing() -> Error {
        nobody()
    }
}

/// On whose behalf a message is handled.
///
/// A guard that returns `Result<Principal>` sets it; it travels with caused
/// messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    id: String,
    scopes: Vec<String>,
}

impl Principal {
    /// A principal without scopes.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), scopes: Vec::new() }
    }

    /// Sets what the principal may do.
    #[must_use]
    pub fn with_scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Who it is.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether the principal has the scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|known| known == scope)
    }
}

impl FromContext for Principal {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        if let Some(principal) = scope.provided::<Self>() {
            return Ok(Self::clone(&principal));
        }
        scope.existing().and_then(|extra| extra.head.principal.clone()).ok_or_else(|| nobody().as_absent())
    }
}

fn nobody() -> Error {
    Error::new(Kind::Unauthenticated, "AW1101", "nobody is signed in")
}

/// When the call must be finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// The moment, if there is one.
    pub fn instant(self) -> Option<Instant> {
        self.0
    }

    /// The time left, if there is a deadline; zero when it has passed.
    pub fn remaining(self) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(Instant::now()))
    }
}

impl FromContext for Deadline {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        Ok(Self(scope.deadline()))
    }
}

/// Says that the work should end: the application is stopping.
#[derive(Clone, Debug)]
pub struct Cancellation(CancellationToken);

impl Cancellation {
    /// Whether the work should end now.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until the work should end.
    pub async fn cancelled(&self) {
        self.0.cancelled().await;
    }
}

impl FromContext for Cancellation {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        Ok(Self(scope.app().stopping.clone()))
    }
}

/// A way back into the dispatcher, for messages known only at run time.
///
/// What a function sends through it is not in its signature: prefer
/// [`Commands`], [`Queries`] and [`Events`](crate::Events).
#[derive(Clone)]
pub struct Dispatcher {
    app: Arc<Inner>,
    head: Head,
}

impl Dispatcher {
    /// Sends a command or query, caused by the message at hand.
    ///
    /// # Errors
    /// The handler's, a guard's, or that there is no handler.
    pub async fn send<M: crate::message::Request>(&self, message: M) -> Result<M::Reply> {
        let extra = Some(crate::scope::Extra::of(self.head.clone()));
        crate::send::run(&self.app, message, extra).await
    }

    /// Publishes an event, caused by the message at hand.
    ///
    /// # Errors
    /// The listeners' failures, together.
    pub async fn publish<E: crate::message::Event>(&self, event: E) -> Result<()> {
        let extra = Some(crate::scope::Extra::of(self.head.clone()));
        crate::publish::run(&self.app, event, extra).await
    }

    /// The application.
    pub fn app(&self) -> crate::App {
        crate::App::from_inner(Arc::clone(&self.app))
    }
}

impl std::fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dispatcher").finish_non_exhaustive()
    }
}

impl FromContext for Dispatcher {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        let head = scope.head().caused();
        Ok(Self { app: Arc::clone(scope.app()), head })
    }
}

/// Sends the commands of the set `S`, a tuple, and no others.
#[derive(Clone, Debug)]
pub struct Commands<S> {
    dispatcher: Dispatcher,
    set: PhantomData<fn() -> S>,
}

impl<S: MessageSet> Commands<S> {
    /// Sends a command and waits for its reply.
    ///
    /// # Errors
    /// The handler's, or a guard's.
    pub async fn send<C: Command, P>(&self, command: C) -> Result<C::Reply>
    where
        S: Has<C, P>,
    {
        self.dispatcher.send(command).await
    }
}

impl<S: MessageSet> FromContext for Commands<S> {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        Ok(Self { dispatcher: scope.take()?, set: PhantomData })
    }

    fn demand(demand: &mut Demand) {
        demand.sends::<S>();
    }
}

/// Asks the queries of the set `S`, a tuple, and no others.
#[derive(Clone, Debug)]
pub struct Queries<S> {
    dispatcher: Dispatcher,
    set: PhantomData<fn() -> S>,
}

impl<S: MessageSet> Queries<S> {
    /// Asks a query.
    ///
    /// # Errors
    /// The handler's, or a guard's.
    pub async fn ask<Q: Query, P>(&self, query: Q) -> Result<Q::Reply>
    where
        S: Has<Q, P>,
    {
        self.dispatcher.send(query).await
    }
}

impl<S: MessageSet> FromContext for Queries<S> {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        Ok(Self { dispatcher: scope.take()?, set: PhantomData })
    }

    fn demand(demand: &mut Demand) {
        demand.sends::<S>();
    }
}
