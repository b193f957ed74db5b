//! Units of work: what a function changes, kept or undone as one.
//!
//! A unit of work begins before the function, is handed to [`Work`] after its
//! `Ok`, and is dropped, which undoes it, on an error, panic, timeout or
//! cancellation. The commit of everything one message did is one step, here.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::app::Inner;
use crate::context::scope::{Extra, Scope};
use crate::envelope::Envelope;
use crate::error::Result;
use crate::message::set::{EventSet, Has, MessageSet};
use crate::message::{Event, MessageMeta};
use crate::ports::store::Delivery;
use crate::walk::call::BoxFuture;

/// Something begun for one message, kept if its function succeeds.
///
/// `begin` is cheap and reserves nothing: a transaction starts with its first
/// statement, so that what a function awaits before it holds nothing.
///
/// # Examples
/// ```
/// use anywise_core::{Result, Scope, UnitOfWork, Work};
///
/// /// Lines for the audit log, written when the message has succeeded.
/// #[derive(Default)]
/// struct Audit(Vec<String>);
///
/// impl UnitOfWork for Audit {
///     fn begin(_: &mut Scope<'_>) -> Result<Self> {
///         Ok(Self::default())
///     }
///
///     fn finish(self, _: &mut Work) -> Result<()> {
///         self.0.iter().for_each(|line| println!("audit: {line}"));
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a unit of work",
    label = "borrowed by `&mut`, but not `UnitOfWork`",
    note = "after the message `&mut T` is a unit of work, `&T` an application dependency, `T` a value from the context"
)]
pub trait UnitOfWork: Sized + Send {
    /// Begins it.
    ///
    /// # Errors
    /// That it cannot be begun.
    fn begin(scope: &mut Scope<'_>) -> Result<Self>;

    /// Hands what it collected to the work that will be committed.
    ///
    /// # Errors
    /// That it cannot be kept; everything is then undone.
    fn finish(self, work: &mut Work) -> Result<()>;

    /// Says at start-up what it emits and which transaction it belongs to.
    fn demand(_demand: &mut WorkDemand) {}
}

/// What units of work say of themselves at start-up.
#[derive(Debug, Default)]
pub struct WorkDemand {
    pub(crate) emits: Vec<&'static MessageMeta>,
    pub(crate) transactions: Vec<&'static str>,
}

impl WorkDemand {
    /// The function may emit the events of the set `S`.
    pub fn emits<S: MessageSet>(&mut self) {
        self.emits.extend(S::describe());
    }

    /// The unit is a transaction of the named resource. A function whose
    /// units name two resources is refused: they cannot commit together.
    pub fn transaction(&mut self, resource: &'static str) {
        self.transactions.push(resource);
    }
}

/// A transaction that commits with the events recorded beside it.
pub trait Transaction: Send {
    /// Commits, together with `deliveries` of the recorded events.
    ///
    /// # Errors
    /// That nothing was committed.
    fn commit(self: Box<Self>, deliveries: Vec<Delivery>) -> BoxFuture<'static, Result<()>>;
}

/// Everything one message's function wants kept.
#[derive(Default)]
pub struct Work {
    staged: Vec<Box<dyn Staged>>,
    transaction: Option<Box<dyn Transaction>>,
}

impl Work {
    /// Makes `transaction` the one that everything commits with.
    pub fn enlist(&mut self, transaction: Box<dyn Transaction>) {
        self.transaction = Some(transaction);
    }
}

/// A recorded event with what it inherits from its cause.
pub(crate) type StagedEvent = (Box<dyn Staged>, Option<Box<Extra>>);

/// A recorded event, still a Rust value.
pub(crate) trait Staged: Send {
    fn seal(&self, app: &Inner, extra: &mut Extra) -> Result<Envelope>;
    fn deliver(self: Box<Self>, app: &Arc<Inner>, extra: Option<Box<Extra>>) -> BoxFuture<'_, Result<()>>;
    fn name(&self) -> &'static str;
    fn is_local(&self) -> bool;
}

impl<E: Event> Staged for E {
    fn seal(&self, app: &Inner, extra: &mut Extra) -> Result<Envelope> {
        crate::codec::seal(self, app.codecs.first(), &mut extra.head)
    }

    fn deliver(self: Box<Self>, app: &Arc<Inner>, extra: Option<Box<Extra>>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { crate::walk::publish::deliver_here(app, *self, extra).await })
    }

    fn name(&self) -> &'static str {
        E::META.wire_name()
    }

    fn is_local(&self) -> bool {
        E::META.is_local()
    }
}

/// Records the events of the set `S`, a tuple, and no others.
///
/// They are delivered after the function's work is committed, in the order
/// they were recorded; an error drops them all.
///
/// # Examples
/// ```
/// use anywise::prelude::*;
///
/// #[command]
/// struct Pay {
///     order_id: String,
/// }
///
/// #[event]
/// struct Paid {
///     order_id: String,
/// }
///
/// #[handler]
/// async fn pay(cmd: Pay, events: &mut Events<(Paid,)>) {
///     events.publish(Paid { order_id: cmd.order_id });
/// }
/// ```
pub struct Events<S> {
    staged: Vec<Box<dyn Staged>>,
    set: PhantomData<fn() -> S>,
}

impl<S: EventSet> Events<S> {
    /// Records an event.
    pub fn publish<E: Event, P>(&mut self, event: E)
    where
        S: Has<E, P>,
    {
        self.staged.push(Box::new(event));
    }
}

impl<S> std::fmt::Debug for Events<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").field("recorded", &self.staged.len()).finish()
    }
}

impl<S: EventSet> UnitOfWork for Events<S> {
    fn begin(_: &mut Scope<'_>) -> Result<Self> {
        Ok(Self { staged: Vec::new(), set: PhantomData })
    }

    fn finish(mut self, work: &mut Work) -> Result<()> {
        work.staged.append(&mut self.staged);
        Ok(())
    }

    fn demand(demand: &mut WorkDemand) {
        demand.emits::<S>();
    }
}

/// The message's work, which takes what a finished unit collected.
#[inline]
pub fn work<'s>(scope: &'s mut Scope<'_>) -> &'s mut Work {
    &mut scope.extra().work
}

/// Commits what the message's function did.
///
/// The order is the promise: first the transaction and the events in one
/// commit, then the deliveries, which nothing waits for.
///
/// # Errors
/// That nothing was committed.
pub async fn commit(scope: &mut Scope<'_>) -> Result<()> {
    let Some(Work { staged, transaction }) = scope.take_work() else { return Ok(()) };
    let app = scope.app();
    let (mut deliveries, mut later) = (Vec::new(), Vec::new());
    for event in staged {
        let mut extra = scope.caused_event();
        if app.store.is_some() && !event.is_local() {
            deliveries.extend(app.deliveries(&event.seal(app, &mut extra)?));
        } else {
            later.push((event, Some(extra)));
        }
    }
    match transaction {
        Some(transaction) => transaction.commit(deliveries).await?,
        None => app.keep(deliveries).await?,
    }
    app.deliver_later(later);
    Ok(())
}
