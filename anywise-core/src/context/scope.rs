//! What surrounds one call of one function: the way to its context, its
//! dependencies' application and its unit of work.
//!
//! A scope is three words. Everything that most calls do not need (headers,
//! provided values, staged events) lies in [`Extra`], which is allocated when
//! first touched.

use std::any::{Any, TypeId};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::app::Inner;
use crate::context::{Context, ContextData};
use crate::envelope::Head;
use crate::error::{Error, Kind, Result};
use crate::message::MessageMeta;
use crate::ports::store::Store;
use crate::walk::nest::{Chain, Nest, Waiting};
use crate::walk::once::Remember;
use crate::walk::plan::Plan;
use crate::walk::work::Work;

/// Where one call takes place.
///
/// Two words that are passed in registers, as a [`Scope`] is not: it is made of
/// them where it stays.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    app: &'a Arc<Inner>,
    plan: &'a Plan,
}

impl<'a> Place<'a> {
    #[inline]
    pub(crate) fn new(app: &'a Arc<Inner>, plan: &'a Plan) -> Self {
        Self { app, plan }
    }
}

/// What a call brings with it, if it brings something.
pub struct Luggage(pub(crate) Option<Box<Extra>>);

/// The surroundings of one call; handed to [`FromContext`] and
/// [`UnitOfWork`](crate::UnitOfWork) implementations.
pub struct Scope<'a> {
    place: Place<'a>,
    extra: Option<Box<Extra>>,
}

/// What most calls do not need.
#[derive(Default)]
pub(crate) struct Extra {
    pub(crate) head: Head,
    pub(crate) key: Option<String>,
    pub(crate) view: Option<serde_json::Value>,
    pub(crate) shared: Option<Arc<ContextData>>,
    pub(crate) values: Vec<(TypeId, Arc<dyn Any + Send + Sync>)>,
    pub(crate) work: Work,
    /// Its guards have run, before it was looked up whether it was answered before.
    pub(crate) passed: bool,
    pub(crate) remember: Option<Arc<Remember>>,
    /// The transaction that its function's work joins.
    pub(crate) nest: Option<Arc<Nest>>,
    /// Its function, as those see it that it sends to.
    chain: Option<Arc<Chain>>,
}

impl Extra {
    pub(crate) fn of(head: Head) -> Box<Self> {
        Box::new(Self { head, ..Self::default() })
    }

    pub(crate) fn provide(&mut self, id: TypeId, value: Arc<dyn Any + Send + Sync>) {
        self.values.push((id, value));
    }
}

impl<'a> Scope<'a> {
    /// The scope of a call at `place`.
    #[doc(hidden)]
    #[inline]
    pub fn new(place: Place<'a>, luggage: Luggage) -> Self {
        Self { place, extra: luggage.0 }
    }

    /// What it was made of.
    #[inline]
    pub(crate) fn apart(self) -> (Place<'a>, Luggage) {
        (self.place, Luggage(self.extra))
    }

    /// Drops it, at no cost when nothing is in it.
    #[doc(hidden)]
    #[inline]
    pub fn close(self) {
        if self.extra.is_none() {
            std::mem::forget(self);
        }
    }

    pub(crate) fn plan(&self) -> &'a Plan {
        self.place.plan
    }

    #[doc(hidden)]
    #[inline]
    pub fn is_guarded(&self) -> bool {
        self.place.plan.is_guarded() && self.extra.as_ref().is_none_or(|extra| !extra.passed)
    }

    pub(crate) fn app(&self) -> &'a Arc<Inner> {
        self.place.app
    }

    pub(crate) fn extra(&mut self) -> &mut Extra {
        self.extra.get_or_insert_with(Box::default)
    }

    pub(crate) fn existing(&self) -> Option<&Extra> {
        self.extra.as_deref()
    }

    pub(crate) fn take_work(&mut self) -> Option<Work> {
        self.extra.as_mut().map(|extra| std::mem::take(&mut extra.work))
    }

    /// The extra of a message that this one causes.
    pub(crate) fn caused(&mut self) -> Box<Extra> {
        Extra::of(self.extra().head.caused())
    }

    /// The extra of an event that this message's function recorded. It is
    /// delivered after the reply, so that the sender's deadline is not its own.
    pub(crate) fn caused_event(&mut self) -> Box<Extra> {
        let mut extra = self.caused();
        extra.head.deadline = None;
        extra
    }

    /// The function, for those that it sends to and waits for.
    pub(crate) fn chain(&mut self) -> Arc<Chain> {
        let function = self.function();
        let extra = self.extra();
        let above = extra.head.above.clone();
        Arc::clone(extra.chain.get_or_insert_with(|| Chain::new(function, above)))
    }

    /// Who waits for the function, and for whom it may wait; none if there is
    /// nobody.
    pub fn waiting(&self) -> Option<Waiting> {
        let extra = self.existing()?;
        let (own, above) = (extra.chain.clone(), extra.head.above.clone());
        (own.is_some() || above.is_some()).then(|| Waiting { function: self.function(), own, above })
    }

    /// The transaction that the function's work is to join, if it was sent
    /// `.within(tx)`.
    pub fn nest(&self) -> Option<Arc<Nest>> {
        self.existing()?.nest.clone()
    }

    /// The application's store, if it has one.
    pub fn store(&self) -> Option<&Arc<dyn Store>> {
        self.place.app.store.as_ref()
    }

    /// Stable id of the function that is called.
    pub fn function(&self) -> &'static str {
        self.place.plan.entry.id()
    }

    /// Wire name of the message being handled.
    pub fn message_name(&self) -> &'static str {
        self.place.plan.meta.wire_name()
    }

    /// What is known of the message beside its body.
    pub fn head(&mut self) -> &mut Head {
        &mut self.extra().head
    }

    /// The value of the message's header `name`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.existing()?.head.headers.get(name)
    }

    /// Takes another value from the context.
    ///
    /// # Errors
    /// What [`FromContext::from_context`] of `T` says.
    pub fn take<T: FromContext>(&mut self) -> Result<T> {
        T::from_context(self)
    }

    /// The value of type `T` that a guard or the sender provided.
    pub fn provided<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let id = TypeId::of::<T>();
        let (_, value) = self.existing()?.values.iter().rev().find(|(known, _)| *known == id)?;
        Arc::clone(value).downcast().ok()
    }

    /// When this call must be finished: the sender's deadline or this
    /// function's `timeout`, whichever is sooner.
    pub fn deadline(&self) -> Option<Instant> {
        let own = self.place.plan.timeout.map(|timeout: Duration| Instant::now() + timeout);
        match (self.existing().and_then(|extra| extra.head.deadline), own) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    pub(crate) fn context(&mut self) -> Context {
        let meta = self.place.plan.meta;
        let function = self.place.plan.entry.id();
        let extra = self.extra();
        if extra.shared.is_none() {
            extra.head.id();
            extra.shared = Some(Arc::new(ContextData {
                name: meta.wire_name(),
                kind: meta.kind,
                function,
                key: extra.key.clone(),
                head: extra.head.clone(),
            }));
        }
        Context(Arc::clone(extra.shared.as_ref().expect("set just above")))
    }
}

/// A value a function takes, by value, from the context of its message.
///
/// # Examples
/// ```
/// use anywise_core::{Error, FromContext, Kind, Result, Scope};
///
/// /// The tenant the caller named.
/// struct Tenant(String);
///
/// impl FromContext for Tenant {
///     fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
///         match scope.header("tenant") {
///             Some(name) => Ok(Self(name.to_owned())),
///             None => Err(Error::new(Kind::Invalid, "tenant.missing", "header `tenant` is missing")),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken from a message's context",
    label = "taken by value, but not `FromContext`",
    note = "only the first parameter is the message; after it `T` is a value from the context, `&T` a dependency, `&mut T` a unit of work",
    note = "for what a guard provides, take `Provided<{Self}>`; `Next` belongs to `#[guard(around, ..)]`, as its last parameter"
)]
pub trait FromContext: Sized + Send {
    /// Takes the value.
    ///
    /// # Errors
    /// That the message's context does not have it.
    fn from_context(scope: &mut Scope<'_>) -> Result<Self>;

    /// Says at start-up what taking the value demands.
    fn demand(_demand: &mut Demand) {}
}

/// What a function demands of its surroundings; filled at start-up.
#[derive(Debug, Default)]
pub struct Demand {
    pub(crate) provided: Vec<crate::message::TypeInfo>,
    pub(crate) sends: Vec<&'static MessageMeta>,
    pub(crate) key: bool,
    pub(crate) view: bool,
}

impl Demand {
    /// Some guard must provide a `T` on every way to the function.
    pub fn provided<T: Send + Sync + 'static>(&mut self) {
        self.provided.push(crate::message::TypeInfo::of::<T>());
    }

    /// The function may send the messages of the set `S`.
    pub fn sends<S: crate::message::set::MessageSet>(&mut self) {
        self.sends.extend(S::describe());
    }
}

impl<T: FromContext> FromContext for Option<T> {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        match T::from_context(scope) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn demand(demand: &mut Demand) {
        // What is optional demands nothing; key and sets stay.
        let provided = demand.provided.len();
        T::demand(demand);
        demand.provided.truncate(provided);
    }
}

pub(crate) fn absent(what: &str) -> Error {
    Error::new(Kind::Invalid, "AW1050", format!("{what} is missing")).as_absent()
}
