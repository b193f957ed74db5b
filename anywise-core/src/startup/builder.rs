//! Building an application: what it is made of, in the words of its `main`.

use std::any::TypeId;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::app::App;
use crate::codec::{Codec, Codecs, Json};
use crate::error::{IntoError, Kind, Result};
use crate::message::TypeInfo;
use crate::ports::consumer::policy::ConsumePolicy;
use crate::ports::observer::Observer;
use crate::ports::relay::policy::RelayPolicy;
use crate::ports::store::Store;
use crate::ports::transport::{Remote, Sink, Topology, Transport};
use crate::registry::Slice;
use crate::registry::function::FunctionEntry;
use crate::startup::assemble::{Parts, assemble};
use crate::startup::away::{Remotes, reached};
use crate::startup::beside::Beside;
use crate::startup::check::{self, Surroundings};
use crate::startup::dependency::{Built, Dependency};
use crate::startup::fault::{BuildError, WiringFault};
use crate::startup::model::Model;
use crate::startup::provision::{Given, Make, Provision};
use crate::startup::routing::{Routing, Ways};
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
    shares: bool,
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
            shares: false,
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

    /// Sets where commands and queries go that have no handler here. There may be
    /// several; the first that reaches a message takes it.
    pub fn remote(self, remote: impl Remote) -> Self {
        self.remote_arc(Arc::new(remote))
    }

    /// The same with a remote that others hold too, such as a transport's.
    pub fn remote_arc(mut self, remote: Arc<dyn Remote>) -> Self {
        self.remote = Some(match self.remote {
            None => remote,
            Some(first) => Arc::new(Remotes(first, remote)),
        });
        self
    }

    /// Where each message would go, without connecting to anything and without
    /// checking the rest.
    ///
    /// # Examples
    /// ```
    /// use anywise_core::{App, MemoryBroker};
    ///
    /// let routing = App::builder().name("shop").transport(MemoryBroker::new("broker", 16)).routing();
    /// println!("{routing}");
    /// println!("{}", routing.explain("order.PlaceOrder").unwrap_err());
    /// ```
    pub fn routing(&self) -> Routing {
        let model = Model::select(self.name.clone(), self.slices.as_deref(), &self.functions);
        let beside = self.beside(&model);
        Routing::of(&model, &Ways { remote: self.remote.as_ref(), sinks: &self.sinks, beside: &beside })
    }

    /// Says for [`routing`](Self::routing) that the store, which need not be at
    /// hand yet, will be one that other processes share.
    pub fn on_a_shared_store(mut self) -> Self {
        self.shares = true;
        self
    }

    /// What other processes run on the same store.
    fn beside(&self, model: &Model) -> Beside {
        let shared = self.store.as_ref().is_some_and(|store| store.traits().shared);
        if (shared || self.shares) && self.transports.is_empty() {
            Beside::of(model)
        } else {
            Beside::default()
        }
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
        let mut model = Model::select(self.name.clone(), self.slices.as_deref(), &self.functions);
        model.given = self.given.iter().map(|one| one.info).collect();
        model.store = self.store.as_ref().map(|store| store.name().to_owned());
        model.durable = self.store.as_ref().is_some_and(|store| store.traits().durable);
        model.transactions = self.store.as_ref().map_or(&[], |store| store.traits().transactions);
        let mut faults = Vec::new();
        if let Some(error) = &self.config_fault {
            let message = format!("the configuration cannot be read: {error}");
            faults.push(WiringFault::new(
                "AW4111",
                message,
                [],
                "give `.config(..)` a map with text for keys",
            ));
        }
        let beside = self.beside(&model);
        model.away = reached(self.remote.as_deref());
        let around = Surroundings {
            beside: &beside,
            slices: self.slices.as_deref(),
            remote: self.remote.as_ref(),
            sinks: &self.sinks,
            transports: &self.transports,
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
                    beside,
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
