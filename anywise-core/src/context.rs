//! The stock values a function may take from its message's context.

mod dispatcher;
mod header;
mod principal;
pub(crate) mod scope;

pub use dispatcher::{Commands, Dispatcher, Nested, Queries};
pub use header::{Authorization, Header, TypedHeader};
pub use principal::Principal;

use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::catalog::MessageKind;
use crate::context::scope::{Demand, FromContext, Scope, absent};
use crate::envelope::headers::Headers;
use crate::envelope::{Head, TraceContext};
use crate::error::Result;

/// What is known of the message being handled, beside its body.
#[derive(Clone, Debug)]
pub struct Context(pub(crate) Arc<ContextData>);

#[derive(Debug)]
pub(crate) struct ContextData {
    pub(crate) name: &'static str,
    pub(crate) kind: MessageKind,
    pub(crate) function: &'static str,
    pub(crate) key: Option<String>,
    pub(crate) head: Head,
}

impl Context {
    /// Wire name of the message.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Whether the message is a command, a query or an event.
    pub fn kind(&self) -> MessageKind {
        self.0.kind
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
///
/// # Examples
/// ```
/// use anywise::prelude::*;
///
/// #[guard(commands)]
/// fn no_script(body: JsonView) -> Result<()> {
///     if body.0.to_string().contains("<script") {
///         return Err(Error::new(Kind::Unprocessable, "body.script", "no scripts, please"));
///     }
///     Ok(())
/// }
/// ```
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
///
/// # Examples
/// ```
/// use anywise::prelude::*;
///
/// struct Tenant(String);
///
/// #[guard(queries)]
/// fn tenant(principal: Principal) -> Result<Tenant> {
///     Ok(Tenant(principal.id().to_owned()))
/// }
///
/// #[query(reply = String)]
/// struct WhoseShop;
///
/// #[handler]
/// fn whose_shop(_: WhoseShop, tenant: Provided<Tenant>) -> String {
///     tenant.0.clone()
/// }
/// ```
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

/// When the call must be finished: the sender's deadline or the function's
/// `timeout`, whichever is sooner.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use anywise::prelude::*;
///
/// #[query(reply = String)]
/// struct Weather;
///
/// #[handler(timeout = "2s")]
/// fn weather(_: Weather, deadline: Deadline) -> String {
///     match deadline.remaining() {
///         Some(left) if left < Duration::from_millis(100) => "as yesterday".into(),
///         _ => "sunny".into(),
///     }
/// }
/// ```
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
///
/// # Examples
/// ```
/// use anywise::prelude::*;
///
/// #[command]
/// struct Reindex {
///     pages: u32,
/// }
///
/// #[handler]
/// async fn reindex(cmd: Reindex, stop: Cancellation) {
///     for page in 0..cmd.pages {
///         if stop.is_cancelled() {
///             break;
///         }
///         println!("page {page}");
///     }
/// }
/// ```
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
