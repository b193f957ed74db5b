//! Ways back into the dispatcher for a function at work.

use std::marker::PhantomData;
use std::sync::Arc;

use super::scope::{Demand, FromContext, Scope};
use crate::app::Inner;
use crate::envelope::Head;
use crate::error::Result;
use crate::message::set::{CommandSet, Has, QuerySet};
use crate::message::{Command, Query};

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
        let extra = Some(crate::context::scope::Extra::of(self.head.clone()));
        crate::walk::send::run(&self.app, message, extra).await
    }

    /// Publishes an event, caused by the message at hand.
    ///
    /// # Errors
    /// The listeners' failures, together.
    pub async fn publish<E: crate::message::Event>(&self, event: E) -> Result<()> {
        let extra = Some(crate::context::scope::Extra::of(self.head.clone()));
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
        let head = scope.head().caused();
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
#[derive(Clone, Debug)]
pub struct Commands<S> {
    dispatcher: Dispatcher,
    set: PhantomData<fn() -> S>,
}

impl<S: CommandSet> Commands<S> {
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

impl<S: CommandSet> FromContext for Commands<S> {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        Ok(Self { dispatcher: scope.take()?, set: PhantomData })
    }

    fn demand(demand: &mut Demand) {
        demand.sends::<S>();
    }
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
