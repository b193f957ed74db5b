//! Building an application: what it is made of, in the words of its `main`.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::{App, Inner, Row};
use crate::codec::{Codec, Codecs, Json};
use crate::error::{IntoError, Kind};
use crate::message::shape::Install;
use crate::message::{MessageId, MessageMeta, TypeInfo};
use crate::ports::consumer::policy::ConsumePolicy;
use crate::ports::consumer::status::Status;
use crate::ports::health::Pulse;
use crate::ports::observer::Observer;
use crate::ports::relay::policy::RelayPolicy;
use crate::ports::store::Store;
use crate::ports::transport::{Remote, Sink, Topology, Transport};
use crate::registry::function::{Bound, FunctionEntry, bind};
use crate::registry::{Slice, registry};
use crate::startup::check::{self, Surroundings};
use crate::startup::dependency::{Built, Dependencies, Dependency};
use crate::startup::fault::{BuildError, WiringFault};
use crate::startup::model::{Known, Model};
use crate::startup::provision::{Given, Make, Provision};
use crate::walk::guard::{Around, Blind, ErasedCheck, Timed};
use crate::walk::in_flight::InFlight;
use crate::walk::once::Memories;
use crate::walk::plan::{Plan, PlanStep, Route};
use crate::walk::publish::PublishPolicy;

/// Collects what an application is made of.
///
/// # Examples
/// ```
/// # async fn example() -> Result<(), anywise_core::BuildError> {
/// use anywise_core::{App, PublishPolicy};
///
/// let app = App::builder()
///     .name("shop")
///     .provide(String::from("a dependency, borrowed as `&String`"))
///     .publish_policy(PublishPolicy::Sequential)
///     .build()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "an application is built by `build`"]
pub struct AppBuilder {
    name: String,
    slices: Option<Vec<Slice>>,
    functions: Vec<&'static FunctionEntry>,
    given: Vec<Given>,
    sent_along: HashSet<TypeId>,
    config: Value,
    config_fault: Option<String>,
    policy: PublishPolicy,
    codecs: Vec<Arc<dyn Codec>>,
    store: Option<Arc<dyn Store>>,
    sinks: Vec<Arc<dyn Sink>>,
    transports: Vec<Arc<dyn Transport>>,
    consume: ConsumePolicy,
    remote: Option<Arc<dyn Remote>>,
    relay: RelayPolicy,
    observers: Vec<Arc<dyn Observer>>,
    drain: Duration,
}

impl AppBuilder {
    pub(crate) fn new() -> Self {
        Self {
            name: "application".to_owned(),
            slices: None,
            functions: Vec::new(),
            given: Vec::new(),
            sent_along: HashSet::new(),
            config: Value::Object(serde_json::Map::new()),
            config_fault: None,
            policy: PublishPolicy::default(),
            codecs: Vec::new(),
            store: None,
            sinks: Vec::new(),
            transports: Vec::new(),
            consume: ConsumePolicy::default(),
            remote: None,
            relay: RelayPolicy::default(),
            observers: Vec::new(),
            drain: Duration::from_secs(30),
        }
    }

    /// Names the application, for its documents. Default: `application`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Names the slices that run here, and makes the linker keep their crates.
    ///
    /// A slice crate that is only in `Cargo.toml` registers nothing. Without a
    /// call of this everything linked is used. What belongs to no declared
    /// slice, such as a guard beside `main`, always runs. Several calls add up.
    pub fn slices(mut self, slices: impl IntoIterator<Item = Slice>) -> Self {
        self.slices.get_or_insert_default().extend(slices);
        self
    }

    /// Adds functions by hand, on hosts that run no link-time constructors.
    #[doc(hidden)]
    pub fn register(mut self, functions: impl IntoIterator<Item = &'static FunctionEntry>) -> Self {
        self.functions.extend(functions);
        self
    }

    /// Gives a dependency, borrowed by functions as `&T`.
    pub fn provide<T: Dependency>(self, value: T) -> Self {
        self.provide_arc(Arc::new(value))
    }

    /// Gives a shared dependency; also a trait object, borrowed as `&dyn Trait`.
    ///
    /// # Examples
    /// ```
    /// # use std::sync::Arc;
    /// trait Gateway: Send + Sync {}
    /// struct Fake;
    /// impl Gateway for Fake {}
    ///
    /// anywise_core::App::builder().provide_arc::<dyn Gateway>(Arc::new(Fake));
    /// ```
    pub fn provide_arc<T: Dependency + ?Sized>(self, value: Arc<T>) -> Self {
        self.give::<T>(Make::Value(Built::new(value)), false)
    }

    /// Gives a dependency that `make` builds during [`build`](Self::build).
    pub fn provide_with<T: Dependency, E: IntoError>(
        self,
        make: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Self {
        let make = async move {
            let value = make.await.map_err(IntoError::into_error)?;
            Ok(Built::new(Arc::new(value)))
        };
        self.give::<T>(Make::Future(Box::pin(make)), false)
    }

    /// Replaces a dependency, whatever else provides one of its type.
    pub fn replace<T: Dependency + ?Sized>(self, value: Arc<T>) -> Self {
        self.give::<T>(Make::Value(Built::new(value)), true)
    }

    fn give<T: Dependency + ?Sized>(mut self, make: Make, replaces: bool) -> Self {
        self.given.push(Given { info: TypeInfo::of::<T>(), make, replaces });
        self
    }

    /// Says that senders provide a `T` with `.with(value)`, so that functions
    /// may take `Provided<T>` without a guard that provides one.
    pub fn sender_provides<T: Send + Sync + 'static>(mut self) -> Self {
        self.sent_along.insert(TypeId::of::<T>());
        self
    }

    /// Sets the configuration that `#[config]` structs are read from: anything
    /// that serialises to a map, such as a parsed TOML or JSON file.
    pub fn config(mut self, config: impl Serialize) -> Self {
        match serde_json::to_value(config) {
            Ok(config) => self.config = config,
            Err(error) => self.config_fault = Some(error.to_string()),
        }
        self
    }

    /// Overlays the configuration with environment variables: `SHOP_PAYMENT__RETRIES`
    /// sets `payment.retries` for the prefix `SHOP`. Values are read as JSON if
    /// they are JSON, as text otherwise.
    pub fn config_env(mut self, prefix: &str) -> Self {
        let prefix = format!("{prefix}_");
        for (name, value) in std::env::vars() {
            let Some(path) = name.strip_prefix(&prefix) else { continue };
            let path = path.to_ascii_lowercase();
            let path: Vec<_> = path.split("__").collect();
            let value = serde_json::from_str(&value).unwrap_or(Value::String(value));
            crate::registry::config::set(&mut self.config, &path, value);
        }
        self
    }

    /// How listeners run when there is no store. Default: [`PublishPolicy::Concurrent`].
    pub fn publish_policy(mut self, policy: PublishPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Adds a codec. The first one writes; all read. Default: JSON alone.
    pub fn codec(mut self, codec: impl Codec) -> Self {
        self.codecs.push(Arc::new(codec));
        self
    }

    /// Sets the store: recorded messages are then kept in it until they are
    /// handled, each for each of its receivers.
    pub fn store(self, store: impl Store) -> Self {
        self.store_arc(Arc::new(store))
    }

    /// The same with a store that others hold too.
    pub fn store_arc(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(Arc::clone(&store));
        store.install(self)
    }

    /// How deliveries are tried. Default: [`RelayPolicy::default`].
    pub fn relay(mut self, policy: RelayPolicy) -> Self {
        self.relay = policy;
        self
    }

    /// Adds an observer of deliveries, for metrics. There may be several.
    pub fn observe(mut self, observer: impl Observer) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// Adds a sink that takes every event out of the process.
    pub fn sink(mut self, sink: impl Sink) -> Self {
        self.sinks.push(Arc::new(sink));
        self
    }

    /// Adds a broker: every event goes out through it, and what the slices here
    /// listen to comes in, from whichever process it was published by.
    ///
    /// # Examples
    /// ```
    /// # async fn example() -> Result<(), anywise_core::BuildError> {
    /// use anywise_core::{App, MemoryBroker};
    ///
    /// let broker = MemoryBroker::new("broker", 1024);
    /// let orders = App::builder().name("shop").transport(broker.clone()).build().await?;
    /// let stock = App::builder().name("shop").transport(broker).build().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn transport(self, transport: impl Transport) -> Self {
        self.transport_arc(Arc::new(transport))
    }

    /// The same with a transport that others hold too.
    pub fn transport_arc(mut self, transport: Arc<dyn Transport>) -> Self {
        self.sinks.push(Arc::clone(&transport) as Arc<dyn Sink>);
        self.transports.push(transport);
        self
    }

    /// How transports are consumed. Default: [`ConsumePolicy::default`].
    pub fn consume_policy(mut self, policy: ConsumePolicy) -> Self {
        self.consume = policy;
        self
    }

    /// Sets where commands and queries go that have no handler here.
    pub fn remote(self, remote: impl Remote) -> Self {
        self.remote_arc(Arc::new(remote))
    }

    /// The same with a remote that others hold too, such as a transport's.
    pub fn remote_arc(mut self, remote: Arc<dyn Remote>) -> Self {
        self.remote = Some(remote);
        self
    }

    /// How long a stop waits for work in flight. Default: 30 s.
    pub fn drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Checks the wiring and builds the application.
    ///
    /// # Errors
    /// Every fault of the wiring, at once.
    pub async fn build(self) -> Result<App, BuildError> {
        let mut model = Model::select(self.name, self.slices.as_deref(), &self.functions);
        model.given = self.given.iter().map(|one| one.info).collect();
        model.store = self.store.as_ref().map(|store| store.name().to_owned());
        model.durable = self.store.as_ref().is_some_and(|store| store.traits().durable);
        model.transactions = self.store.as_ref().map_or(&[], |store| store.traits().transactions);
        let mut faults = Vec::new();
        if let Some(error) = self.config_fault {
            let message = format!("the configuration cannot be read: {error}");
            faults.push(WiringFault::new(
                "AW4111",
                message,
                [],
                "give `.config(..)` a map with text for keys",
            ));
        }
        let around = Surroundings {
            slices: self.slices.as_deref(),
            remote: self.remote.as_ref(),
            sinks: &self.sinks,
            sent_along: &self.sent_along,
        };
        check::all(&model, &around, &mut faults);
        let provision = Provision::plan(&model, &self.given, &mut faults);
        if let Some(store) = self.store.as_ref().filter(|_| faults.is_empty())
            && let Err(error) = store.open(&model.slice_names()).await
        {
            faults.push(WiringFault::new(
                "AW4114",
                format!("the store `{}` could not be opened: {error}", store.name()),
                [],
                "mend what the error says",
            ));
        }
        let topology = model.topology();
        if faults.is_empty() {
            open_all(&self.transports, &topology, &mut faults).await;
        }
        if faults.is_empty() {
            let dependencies = provision.build(self.given, &self.config, &mut faults).await;
            if faults.is_empty() {
                let parts = Parts {
                    codecs: Codecs(if self.codecs.is_empty() { vec![Arc::new(Json)] } else { self.codecs }),
                    policy: self.policy,
                    store: self.store,
                    sinks: self.sinks,
                    transports: self.transports,
                    topology,
                    consume: self.consume,
                    remote: self.remote,
                    relay: self.relay,
                    observers: self.observers,
                    drain: self.drain,
                };
                return Ok(assemble(model, &dependencies, parts));
            }
        }
        Err(BuildError::new(&model.application, faults))
    }
}

/// How long a broker may take to be there before the application starts
/// without it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the transports. One that does not answer is opened again later: what is
/// for it waits in the store.
async fn open_all(transports: &[Arc<dyn Transport>], topology: &Topology, faults: &mut Vec<WiringFault>) {
    for transport in transports {
        let name = transport.name();
        match tokio::time::timeout(PATIENCE, transport.open(topology)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) if error.kind() == Kind::Unavailable => {
                tracing::warn!(transport = name, %error, "starting without it");
            }
            Err(_) => tracing::warn!(transport = name, "starting without it: it does not answer"),
            Ok(Err(error)) => faults.push(WiringFault::new(
                "AW4140",
                format!("the transport `{name}` cannot be used: {error}"),
                [],
                "mend what the error says",
            )),
        }
    }
}

struct Parts {
    codecs: Codecs,
    policy: PublishPolicy,
    store: Option<Arc<dyn Store>>,
    sinks: Vec<Arc<dyn Sink>>,
    transports: Vec<Arc<dyn Transport>>,
    topology: Topology,
    consume: ConsumePolicy,
    remote: Option<Arc<dyn Remote>>,
    relay: RelayPolicy,
    observers: Vec<Arc<dyn Observer>>,
    drain: Duration,
}

/// Binds every function and fills the table. Nothing here can fail: the checks
/// have passed.
fn assemble(model: Model, dependencies: &Dependencies, parts: Parts) -> App {
    let guards = Guards::bind(&model, dependencies);
    let mut table: Vec<Option<Row>> = Vec::new();
    for (_, known) in model.receivers() {
        let installs = match bind(known.entry, dependencies) {
            Some(Bound::Function(install)) => vec![install],
            Some(Bound::Functions(installs)) => installs,
            _ => continue,
        };
        for Install { meta, slot, typed, put, waits, passes } in installs {
            let number = slot.assign();
            if table.len() <= number {
                table.resize_with(number + 1, || None);
            }
            let plan = guards.plan(&model, known, meta, passes);
            let row = table[number].get_or_insert_with(|| Row::new(meta, known.entry));
            if known.is_handler() {
                put(&mut row.handler, typed);
                row.waits = waits;
                row.plan = plan;
            } else {
                put(&mut row.listeners, typed);
                row.listening.push(plan);
            }
        }
    }
    let mut by_name = HashMap::new();
    for row in table.iter().flatten() {
        if let Some(entry) = registry().entry(row.meta) {
            by_name.insert(row.meta.wire_name(), entry);
            by_name.extend(row.meta.aliases.iter().map(|alias| (*alias, entry)));
        }
    }
    let consumers = consumers(&parts);
    let inner = Arc::new(Inner {
        consumers,
        table,
        by_name,
        model,
        catalog: OnceLock::new(),
        codecs: parts.codecs,
        publish_policy: parts.policy,
        store: parts.store,
        sinks: parts.sinks,
        transports: parts.transports,
        consume: parts.consume,
        remote: parts.remote,
        relay: parts.relay,
        observers: parts.observers,
        pulse: Pulse::default(),
        memories: Memories::default(),
        in_flight: Arc::new(InFlight::default()),
        tasks: TaskTracker::new(),
        draining: CancellationToken::new(),
        stopping: CancellationToken::new(),
        drain: parts.drain,
    });
    if inner.store.is_some() {
        crate::ports::relay::start(&inner);
    }
    crate::ports::schedule::start(&inner);
    crate::ports::consumer::start(&inner, &parts.topology);
    App::from_inner(inner)
}

fn consumers(parts: &Parts) -> Vec<Arc<Status>> {
    let each = |transport: &Arc<dyn Transport>| {
        let name = transport.name().to_owned();
        let groups = parts.topology.subscriptions.iter();
        groups.map(move |one| Arc::new(Status::new(&name, &one.group)))
    };
    parts.transports.iter().flat_map(each).collect()
}

impl Row {
    fn new(meta: &'static MessageMeta, entry: &'static FunctionEntry) -> Self {
        Self {
            meta,
            handler: None,
            waits: false,
            plan: Plan::empty(entry, meta),
            listeners: None,
            listening: Vec::new(),
        }
    }
}

/// The bound guards, by place in the model.
struct Guards(HashMap<usize, BoundGuard>);

enum BoundGuard {
    Blind(Arc<dyn ErasedCheck>),
    Of(HashMap<MessageId, Arc<dyn ErasedCheck>>),
    Around(Arc<dyn Around>),
}

impl Guards {
    fn bind(model: &Model, dependencies: &Dependencies) -> Self {
        let mut guards = HashMap::new();
        for at in &model.guards {
            let entry = model.functions[*at].entry;
            let bound = match bind(entry, dependencies) {
                Some(Bound::GuardAny(guard)) => BoundGuard::Blind(timed_check(entry, Arc::new(Blind(guard)))),
                Some(Bound::Around(guard)) => BoundGuard::Around(timed_around(entry, guard)),
                Some(Bound::Guard(guards)) => {
                    let checks =
                        guards.into_iter().map(|(meta, check)| (meta.id(), timed_check(entry, check)));
                    BoundGuard::Of(checks.collect())
                }
                _ => continue,
            };
            guards.insert(*at, bound);
        }
        Self(guards)
    }

    fn plan(&self, model: &Model, known: &Known, meta: &'static MessageMeta, passes: bool) -> Plan {
        let own = &known.signature.demand;
        let (mut key, mut view, mut guards) = (own.key, own.view, Vec::new());
        for at in model.chain(known, meta) {
            let guard = match self.0.get(&at) {
                Some(BoundGuard::Blind(check)) => PlanStep::Before(Arc::clone(check)),
                Some(BoundGuard::Of(checks)) => match checks.get(&meta.id()) {
                    Some(check) => PlanStep::Before(Arc::clone(check)),
                    None => continue,
                },
                Some(BoundGuard::Around(guard)) => PlanStep::Around(Arc::clone(guard)),
                None => continue,
            };
            let demand = &model.functions[at].signature.demand;
            key |= demand.key;
            view |= demand.view;
            guards.push(guard);
        }
        let view = if view { registry().wire(meta).map(|wire| wire.view) } else { None };
        Plan::new(known.entry, meta, Route { guards, passes, key, view })
    }
}

fn timed_check(entry: &'static FunctionEntry, guard: Arc<dyn ErasedCheck>) -> Arc<dyn ErasedCheck> {
    match entry.timeout_ms {
        Some(limit) => Arc::new(Timed::new(guard, limit, entry)),
        None => guard,
    }
}

fn timed_around(entry: &'static FunctionEntry, guard: Arc<dyn Around>) -> Arc<dyn Around> {
    match entry.timeout_ms {
        Some(limit) => Arc::new(Timed::new(guard, limit, entry)),
        None => guard,
    }
}
