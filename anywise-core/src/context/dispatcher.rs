//! Ways back into the dispatcher for a function at work.

use std::marker::PhantomData;
use std::sync::Arc;

use super::scope::{Demand, Extra, FromContext, Scope};
use crate::app::{Inner, Row};
use crate::envelope::Head;
use crate::error::{Error, Kind, Result};
use crate::message::set::{CommandSet, Has, QuerySet};
use crate::message::{Command, Query};
use crate::walk::nest::{Join, Lent};
use crate::walk::send::{SendFuture, run};

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
        let extra = Some(Extra::of(self.head.clone()));
        run(&self.app, message, extra).await
    }

    /// Publishes an event, caused by the message at hand.
    ///
    /// # Errors
    /// The listeners' failures, together; with a store, `AW7014` while the
    /// function holds a transaction: record the event in [`Events`](crate::Events).
    pub async fn publish<E: crate::message::Event>(&self, event: E) -> Result<()> {
        if let Some(above) = self.head.above.as_ref().filter(|_| self.app.store.is_some()) {
            above.refuse(E::META.wire_name())?;
        }
        let extra = Some(Extra::of(self.head.clone()));
        crate::walk::publish::run(&self.app, event, extra).await
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
        let chain = scope.chain();
        let mut head = scope.head().caused();
        head.above = Some(chain);
        Ok(Self { app: Arc::clone(scope.app()), head })
    }
}

/// Sends the commands of the set `S`, a tuple, and no others.
///
/// # Examples
/// ```
/// use anywise::prelude::*;
///
/// #[command(reply = String)]
/// struct Reserve {
///     sku: String,
/// }
///
/// #[command]
/// struct Order {
///     sku: String,
/// }
///
/// #[handler]
/// async fn order(cmd: Order, commands: Commands<(Reserve,)>) -> Result<()> {
///     let shelf: String = commands.send(Reserve { sku: cmd.sku }).await?;
///     println!("reserved on {shelf}");
///     Ok(())
/// }
/// ```
///
/// A function that holds a transaction says whether the other's work belongs to
/// it: see [`Nested::within`].
#[derive(Clone, Debug)]
pub struct Commands<S> {
    dispatcher: Dispatcher,
    set: PhantomData<fn() -> S>,
}

impl<S: CommandSet> Commands<S> {
    /// Sends a command; await it for its reply.
    ///
    /// # Errors
    /// The handler's, or a guard's.
    pub fn send<C: Command, P>(&self, command: C) -> Nested<'_, C>
    where
        S: Has<C, P>,
    {
        Nested { dispatcher: &self.dispatcher, command, unit: None }
    }
}

impl<S: CommandSet> FromContext for Commands<S> {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        Ok(Self { dispatcher: scope.take()?, set: PhantomData })
    }

    fn demand(demand: &mut Demand) {
        demand.sends::<S>();
    }
}

/// A command about to be sent by a function; await it for the reply.
#[must_use = "a command is sent when it is awaited"]
pub struct Nested<'a, C> {
    dispatcher: &'a Dispatcher,
    command: C,
    unit: Option<&'a mut dyn Join>,
}

impl<'a, C: Command> Nested<'a, C> {
    /// Makes the work of the command's handler part of this transaction: what it
    /// writes and records is kept if this function succeeds, and not before. An
    /// error of the handler undoes what the handler did, and no more.
    ///
    /// Without it, a handler that writes has a transaction of its own, which is
    /// kept whatever becomes of this one. It would wait for this one: once this
    /// has begun, by its first statement, such a command fails with `AW7014`.
    ///
    /// What the handler records comes before what this function records. Its
    /// handler must be in this process.
    ///
    /// # Examples
    /// ```ignore
    /// #[handler]
    /// async fn order(cmd: Order, tx: &mut Tx<Sqlite>, commands: Commands<(Reserve,)>) -> Result<()> {
    ///     sqlx::query("INSERT INTO orders (sku) VALUES ($1)").bind(&cmd.sku).execute(&mut *tx).await?;
    ///     commands.send(Reserve { sku: cmd.sku }).within(tx).await
    /// }
    /// ```
    pub fn within(mut self, unit: &'a mut impl Join) -> Self {
        self.unit = Some(unit);
        self
    }
}

impl<'a, C: Command> IntoFuture for Nested<'a, C> {
    type Output = Result<C::Reply>;
    type IntoFuture = SendFuture<'a, C::Reply>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { dispatcher: Dispatcher { app, head }, command, unit } = self;
        let mut extra = Extra::of(head.clone());
        let Some(unit) = unit else { return run(app, command, Some(extra)) };
        if app.row(C::slot()).and_then(Row::handler::<C>).is_none() {
            return SendFuture::Ready(Some(Err(elsewhere(C::META.wire_name()))));
        }
        SendFuture::Waits(Box::pin(async move {
            let lent = Lent::new(unit);
            extra.nest = Some(Arc::clone(&lent.nest));
            run(app, command, Some(extra)).await
        }))
    }
}

impl<C> std::fmt::Debug for Nested<'_, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nested").field("within", &self.unit.is_some()).finish_non_exhaustive()
    }
}

fn elsewhere(command: &str) -> Error {
    Error::new(
        Kind::Internal,
        "AW7015",
        format!("`{command}` is sent within a transaction, and its handler is not in this process"),
    )
}

/// Asks the queries of the set `S`, a tuple, and no others.
///
/// # Examples
/// ```
/// use anywise::prelude::*;
///
/// #[query(reply = u32)]
/// struct OnHand {
///     sku: String,
/// }
///
/// #[command(reply = bool)]
/// struct Order {
///     sku: String,
/// }
///
/// #[handler]
/// async fn order(cmd: Order, queries: Queries<(OnHand,)>) -> Result<bool> {
///     Ok(queries.ask(OnHand { sku: cmd.sku }).await? > 0)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Queries<S> {
    dispatcher: Dispatcher,
    set: PhantomData<fn() -> S>,
}

impl<S: QuerySet> Queries<S> {
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

impl<S: QuerySet> FromContext for Queries<S> {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        Ok(Self { dispatcher: scope.take()?, set: PhantomData })
    }

    fn demand(demand: &mut Demand) {
        demand.sends::<S>();
    }
}
