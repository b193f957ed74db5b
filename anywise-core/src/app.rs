//! A running application: its table of functions, and the ways into it.
//!
//! After `build` the table never changes. Cloning an [`App`] is cloning an
//! `Arc`; several live side by side in one process.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::AppBuilder;
use crate::catalog::Catalog;
use crate::codec::Codecs;
use crate::context::scope::Extra;
use crate::envelope::Envelope;
use crate::envelope::frame::Frame;
use crate::error::Result;
use crate::error::nearest::hint;
use crate::message::shape::Typed;
use crate::message::{Event, MessageMeta, Request, Slot};
use crate::ports::consumer::policy::ConsumePolicy;
use crate::ports::consumer::status::{Consuming, Status};
use crate::ports::health::{Health, Pulse};
use crate::ports::observer::Observer;
use crate::ports::relay::policy::RelayPolicy;
use crate::ports::store::delivery::{Delivery, Depth};
use crate::ports::store::outcome::Outcome;
use crate::ports::store::{Batch, Store};
use crate::ports::transport::{Ingress, Remote, Sink, Transport};
use crate::registry::{MessageEntry, registry};
use crate::startup::beside::Beside;
use crate::startup::model::Model;
use crate::startup::routing::{Routing, Ways};
use crate::walk::enter::Enter;
use crate::walk::handle::{HandlerOf, Listener, no_handler};
use crate::walk::in_flight::InFlight;
use crate::walk::once::Memories;
use crate::walk::plan::Plan;
use crate::walk::publish::{PublishPolicy, Publishing, Start, publishing};
use crate::walk::receive::{Endpoint, receive};
use crate::walk::record::Caused;
use crate::walk::send::{Sending, sending};

/// A running application.
///
/// # Examples
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use anywise_core::App;
///
/// let app = App::builder().name("empty").build().await?;
/// assert!(app.catalog().functions.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What all clones of an [`App`] share.
pub(crate) struct Inner {
    /// Indexed by slot numbers.
    pub(crate) table: Vec<Option<Row>>,
    pub(crate) by_name: HashMap<&'static str, &'static MessageEntry>,
    pub(crate) model: Model,
    pub(crate) catalog: OnceLock<Catalog>,
    pub(crate) codecs: Codecs,
    pub(crate) publish_policy: PublishPolicy,
    pub(crate) store: Option<Arc<dyn Store>>,
    pub(crate) sinks: Vec<Arc<dyn Sink>>,
    pub(crate) remote: Option<Arc<dyn Remote>>,
    pub(crate) transports: Vec<Arc<dyn Transport>>,
    pub(crate) consumers: Vec<Arc<Status>>,
    /// What other processes run on the same store.
    pub(crate) beside: Beside,
    pub(crate) consume: ConsumePolicy,
    pub(crate) relay: RelayPolicy,
    pub(crate) observers: Vec<Arc<dyn Observer>>,
    pub(crate) pulse: Pulse,
    pub(crate) memories: Memories,
    pub(crate) in_flight: Arc<InFlight>,
    /// What must have ended before a stop has: each gives back what it holds.
    pub(crate) tasks: TaskTracker,
    /// Nothing new is begun.
    pub(crate) draining: CancellationToken,
    /// What has not finished is left.
    pub(crate) stopping: CancellationToken,
    pub(crate) drain: Duration,
}

/// Marks the target of a delivery as a sink, not a listener.
pub(crate) const SINK: &str = "sink:";
/// Marks the target of a delivery as a handler in another process.
pub(crate) const REMOTE: &str = "remote:";

/// Marks the target of a dead letter that came from a transport and reached no
/// function.
pub(crate) const SOURCE: &str = "source:";

/// What this application has for one message type.
pub(crate) struct Row {
    pub(crate) meta: &'static MessageMeta,
    /// A `Waits` or a `Now` of it.
    pub(crate) handler: Option<Typed>,
    /// Whether it is a `Waits`.
    pub(crate) waits: bool,
    /// The handler's plan.
    pub(crate) plan: Plan,
    /// A `Vec<Listener<E>>`, beside `listening`.
    pub(crate) listeners: Option<Typed>,
    /// The listeners' plans.
    pub(crate) listening: Vec<Plan>,
}

impl Row {
    /// The handler, typed.
    #[inline]
    pub(crate) fn handler<M: Request>(&self) -> Option<HandlerOf<'_, M>> {
        HandlerOf::of(self.handler.as_ref()?, self.waits)
    }

    /// The listeners, typed.
    #[inline]
    pub(crate) fn listeners<E: Event>(&self) -> &[Listener<E>] {
        let listeners = self.listeners.as_ref().and_then(|all| all.downcast_ref::<Vec<_>>());
        listeners.map_or(&[], Vec::as_slice)
    }
}

/// What a stop left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopped {
    /// Pieces of work that had not finished at the deadline.
    pub left: usize,
}

impl App {
    /// Begins an application.
    pub fn builder() -> AppBuilder {
        AppBuilder::new()
    }

    pub(crate) fn from_inner(inner: Arc<Inner>) -> Self {
        Self(inner)
    }

    pub(crate) fn inner(&self) -> Arc<Inner> {
        Arc::clone(&self.0)
    }

    /// Sends a command or query; await the result for the typed reply.
    ///
    /// # Examples
    /// ```no_run
    /// # use anywise_core::{App, Request};
    /// # use std::time::Duration;
    /// # async fn example<M: Request>(app: App, message: M) -> anywise_core::Result<M::Reply> {
    /// app.send(message).header("tenant", "acme").deadline(Duration::from_secs(2)).await
    /// # }
    /// ```
    #[inline]
    pub fn send<M: Request>(&self, message: M) -> Sending<'_, M> {
        sending(&self.0, message)
    }

    /// Publishes an event; await it until every listener has finished, or,
    /// with a store, until it is durable.
    ///
    /// No listener is fine.
    #[inline]
    pub fn publish<E: Event>(&self, event: E) -> Publishing<'_, E, impl Start<'_, E>> {
        publishing(&self.0, event)
    }

    /// Handles an envelope and says how it ended.
    pub async fn dispatch(&self, envelope: Envelope) -> Outcome {
        let _entered = self.0.in_flight.enter();
        if !self.0.by_name.contains_key(envelope.name.as_str()) {
            if registry().knows_event(&envelope.name) {
                return Outcome::Skip;
            }
            let near = hint(&envelope.name, self.0.by_name.keys().copied());
            return Outcome::DeadLetter(format!(
                "AW2005: message type `{}` is not known here{near}",
                envelope.name
            ));
        }
        match receive(&self.0, envelope).await {
            Ok(reply) => Outcome::Done(reply),
            Err(error) if error.code() == "AW1502" => Outcome::Stop,
            Err(error) if error.kind().is_retryable() => {
                Outcome::Retry(error.retry_after().unwrap_or(Duration::from_secs(1)))
            }
            Err(error) => Outcome::DeadLetter(error.to_string()),
        }
    }

    /// A way to one command or query for an ingress: JSON in, JSON out.
    pub fn endpoint(&self, message: &str) -> Option<Endpoint> {
        let entry = *self.0.by_name.get(message)?;
        let Enter::Request(_) = entry.enter else { return None };
        entry.wire?;
        Some(Endpoint { app: Arc::clone(&self.0), entry })
    }

    /// Whether the message has a handler in this application.
    pub fn handles(&self, message: &str) -> bool {
        self.0
            .by_name
            .get(message)
            .is_some_and(|entry| self.0.row((entry.slot)()).is_some_and(|row| row.handler.is_some()))
    }

    /// Whether a handler here, or the remote, answers the message.
    pub fn reaches(&self, message: &str) -> bool {
        self.handles(message) || self.0.remote.as_ref().is_some_and(|remote| remote.reaches(message))
    }

    /// Everything registered in this application.
    pub fn catalog(&self) -> &Catalog {
        self.0.catalog()
    }

    /// Where each message goes.
    pub fn routing(&self) -> Routing {
        let Inner { remote, sinks, beside, model, .. } = &*self.0;
        Routing::of(model, &Ways { remote: remote.as_ref(), sinks, beside })
    }

    /// The same as [`catalog`](Self::catalog), as text for people.
    pub fn inspect(&self) -> String {
        crate::startup::inspect::text(self.0.catalog())
    }

    /// The consumers of the application's transports: one for each slice that
    /// listens to something, at each transport.
    pub fn consumers(&self) -> impl Iterator<Item = Consuming> + '_ {
        self.0.consumers.iter().map(|status| Consuming(Arc::clone(status)))
    }

    /// Handles a request that came as a frame, for an ingress that is no HTTP:
    /// the reply's body, in the request's format.
    ///
    /// The message's id is its idempotency key unless it has another: a command
    /// that comes twice is carried out once, if there is a store.
    ///
    /// # Errors
    /// That the frame is no request for a handler here, a guard's, or the
    /// handler's.
    pub async fn answer(&self, request: Frame) -> Result<bytes::Bytes> {
        let _entered = self.0.in_flight.enter();
        let size = request.body.len();
        if size > self.0.consume.max_size {
            return Err(crate::ports::consumer::reading::too_large(size, self.0.consume.max_size));
        }
        let mut envelope = Envelope::from_frame(&request, None, self.0.consume.trusted)?;
        envelope.idempotency_key.get_or_insert_with(|| envelope.id.to_string());
        crate::walk::receive::request(&self.0, envelope).await
    }

    /// Serves an ingress until Ctrl-C or SIGTERM, then drains and stops.
    ///
    /// # Errors
    /// That the ingress could not serve.
    pub async fn serve(&self, ingress: impl Ingress) -> Result<Stopped> {
        self.serve_until(ingress, signalled()).await
    }

    /// Serves an ingress until `stop` is done, then drains and stops.
    ///
    /// # Errors
    /// That the ingress could not serve.
    pub async fn serve_until(
        &self,
        ingress: impl Ingress,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<Stopped> {
        let intake = self.0.draining.child_token();
        let serving = Box::new(ingress).serve(self.clone(), intake.clone());
        tokio::pin!(serving);
        tokio::select! {
            result = &mut serving => result?,
            () = stop => {
                intake.cancel();
                serving.await?;
            }
            () = self.0.draining.cancelled() => serving.await?,
        }
        Ok(self.stop(self.0.drain).await)
    }

    /// Waits until everything the application started itself has finished:
    /// deliveries of recorded messages, and what they caused. What is scheduled
    /// for later, what waits behind a dead letter, and what waits in a shared
    /// store for other processes, is not waited for; retries are.
    pub async fn settled(&self) {
        loop {
            self.0.in_flight.idle().await;
            let Some(store) = &self.0.store else { return };
            match store.depth().await {
                Ok(depths) if self.0.in_flight.count() == 0 && !depths.iter().any(|one| self.awaits(one)) => {
                    return;
                }
                Err(_) if self.0.stopping.is_cancelled() => return,
                // A retry may be due much later: look again without spinning.
                _ => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
    }

    /// Whether something is still to be done here.
    fn awaits(&self, depth: &Depth) -> bool {
        depth.unsettled() > 0 && self.0.takes(&depth.target)
    }

    /// The application's store, for operators.
    pub fn store(&self) -> Option<&Arc<dyn Store>> {
        self.0.store.as_ref()
    }

    /// What waits in the store, by target; nothing without a store.
    ///
    /// # Errors
    /// The store's.
    pub async fn depth(&self) -> Result<Vec<Depth>> {
        match &self.0.store {
            Some(store) => store.depth().await,
            None => Ok(Vec::new()),
        }
    }

    /// Whether the application keeps up: not while it stops, not when its store
    /// fails or does not answer within 5 s, and not when a delivery for one of
    /// its functions has been due for longer than
    /// [`RelayPolicy::late`](crate::RelayPolicy::late).
    ///
    /// The store is asked at most once a second, however many ask for it.
    ///
    /// # Examples
    /// ```
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use anywise_core::{App, MemoryStore};
    ///
    /// let app = App::builder().store(MemoryStore::new()).build().await?;
    /// assert!(app.health().await.is_ready());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn health(&self) -> Health {
        crate::ports::health::health(&self.0).await
    }

    /// Takes on nothing new, waits for at most `within` for what has begun,
    /// gives back what is left, and closes the store.
    ///
    /// Work that had not finished is neither done nor failed: with a store it
    /// is taken up again by the next process.
    pub async fn stop(&self, within: Duration) -> Stopped {
        self.0.draining.cancel();
        let drained = tokio::time::timeout(within, self.0.in_flight.idle()).await;
        let left = if drained.is_ok() { 0 } else { self.0.in_flight.count() };
        self.0.stopping.cancel();
        if left > 0 {
            tracing::warn!(left, "stopped with work in flight");
            // What is stopped gives its claims back.
            let _ = tokio::time::timeout(GIVE_BACK, self.0.in_flight.idle()).await;
        }
        self.0.tasks.close();
        let _ = tokio::time::timeout(GIVE_BACK, self.0.tasks.wait()).await;
        if let Some(store) = &self.0.store
            && let Err(error) = store.close().await
        {
            tracing::error!(%error, store = store.name(), "closing failed");
        }
        Stopped { left }
    }
}

/// How long stopped work may take to give its claims back.
const GIVE_BACK: Duration = Duration::from_secs(1);

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("name", &self.0.model.application).finish_non_exhaustive()
    }
}

impl Inner {
    #[inline]
    pub(crate) fn row(&self, slot: &Slot) -> Option<&Row> {
        self.table.get(slot.number())?.as_ref()
    }

    /// Whether events go to the listeners here and nowhere else.
    #[inline]
    pub(crate) fn is_direct(&self) -> bool {
        self.store.is_none() && self.sinks.is_empty()
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        self.catalog.get_or_init(|| crate::startup::describe::catalog(&self.model))
    }

    /// Delivers recorded messages, in their order, in a task of their own.
    pub(crate) fn deliver_later(self: &Arc<Self>, messages: Vec<Caused>) {
        if messages.is_empty() {
            return;
        }
        let app = Arc::clone(self);
        let entered = self.in_flight.enter();
        tokio::spawn(async move {
            let _entered = entered;
            for (message, extra) in messages {
                let name = message.meta().wire_name();
                if let Err(error) = message.deliver(&app, extra).await {
                    tracing::error!(message = name, %error, "a recorded message failed");
                }
            }
        });
    }

    /// The deliveries of an event: one for each listener, one for each sink.
    pub(crate) fn deliveries(&self, envelope: &Envelope) -> Vec<Delivery> {
        let entry = self.by_name.get(envelope.name.as_str());
        let row = entry.and_then(|entry| self.row((entry.slot)()));
        let listeners = row.map_or(&[][..], |row| &row.listening).iter();
        let listeners = listeners.map(|plan| Delivery::new(plan.entry.id(), envelope.clone()));
        let sinks = self.sinks.iter().map(|sink| {
            let outgoing = self.outgoing(envelope.clone());
            Delivery::new(format!("{SINK}{}", sink.name()), outgoing)
        });
        let beside = self.beside.listeners(&envelope.name).iter();
        let beside = beside.map(|id| Delivery::new(*id, envelope.clone()));
        listeners.chain(beside).chain(sinks).collect()
    }

    /// An event as it leaves: it says which slices have it already.
    pub(crate) fn outgoing(&self, mut envelope: Envelope) -> Envelope {
        let entry = self.by_name.get(envelope.name.as_str());
        let row = entry.and_then(|entry| self.row((entry.slot)()));
        let listeners = row.map_or(&[][..], |row| &row.listening).iter();
        let slices: BTreeSet<_> = listeners.map(|plan| registry().slice_of(plan.entry.module)).collect();
        envelope.heard_by = slices.into_iter().map(str::to_owned).collect();
        envelope
    }

    /// Where a durable command goes: its handler here, or the remote.
    pub(crate) fn target_of(&self, meta: &'static MessageMeta) -> Result<String> {
        let name = meta.wire_name();
        let row = self.by_name.get(name).and_then(|entry| self.row((entry.slot)()));
        if let Some(row) = row.filter(|row| row.handler.is_some()) {
            return Ok(row.plan.entry.id().to_owned());
        }
        if self.remote.as_ref().is_some_and(|remote| remote.reaches(name)) {
            return Ok(format!("{REMOTE}{name}"));
        }
        if let Some(id) = self.beside.handler(meta) {
            return Ok(id.to_owned());
        }
        Err(no_handler(meta))
    }

    /// Whether deliveries to `target` are taken here.
    pub(crate) fn takes(&self, target: &str) -> bool {
        if let Some(name) = target.strip_prefix(SINK) {
            return self.sinks.iter().any(|sink| sink.name() == name);
        }
        if let Some(name) = target.strip_prefix(REMOTE) {
            return self.remote.as_ref().is_some_and(|remote| remote.reaches(name));
        }
        if target.starts_with(SOURCE) {
            return self.consumers.iter().any(|consumer| consumer.target() == target);
        }
        let mut plans = self.table.iter().flatten().flat_map(|row| row.listening.iter().chain([&row.plan]));
        plans.any(|plan| plan.entry.is(target))
    }

    /// Commits a batch to the store.
    pub(crate) async fn keep(&self, batch: Batch) -> Result<()> {
        match &self.store {
            Some(store) if !batch.is_empty() => store.commit(batch).await,
            _ => Ok(()),
        }
    }

    pub(crate) async fn send_to_sinks(&self, envelope: Envelope) -> Result<()> {
        let Some((last, sinks)) = self.sinks.split_last() else { return Ok(()) };
        let envelope = self.outgoing(envelope);
        for sink in sinks {
            sink.send(envelope.clone()).await?;
        }
        last.send(envelope).await
    }

    /// Sends a request whose handler is elsewhere.
    pub(crate) async fn send_away<M: Request>(
        &self,
        message: M,
        extra: Option<Box<Extra>>,
    ) -> Result<M::Reply> {
        let name = M::META.wire_name();
        let Some(remote) = self.remote.as_ref().filter(|remote| remote.reaches(name)) else {
            return Err(no_handler(M::META));
        };
        let mut head = extra.map(|extra| extra.head).unwrap_or_default();
        let codec = self.codecs.first();
        let mut envelope = crate::codec::seal(&message, codec, &mut head)?;
        envelope.idempotency_key = head.idempotency_key.take();
        let call = remote.call(envelope);
        let body = match head.deadline {
            None => call.await?,
            Some(at) => tokio::time::timeout_at(at.into(), call)
                .await
                .unwrap_or_else(|_| Err(crate::walk::plan::timed_out(name)))?,
        };
        crate::codec::open_reply::<M>(codec, &body)
    }
}

/// Waits for Ctrl-C, or SIGTERM where there is one.
async fn signalled() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.draining.cancel();
        self.stopping.cancel();
    }
}
