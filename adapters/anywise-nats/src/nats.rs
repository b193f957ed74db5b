//! [`Nats`]: the transport, and the ports that it is.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use anywise_core::{
    BoxFuture, Envelope, Ingress, Ordered, Remote, Result, Sink, Source, Subscription, Topology, Transport,
    TransportTraits,
};

use crate::config::{Config, DEDUP};
use crate::connection::{Connection, Lazy};
use crate::requests::Requests;
use crate::service::Services;
use crate::source::NatsSource;
use crate::{sink, topology};

/// Events through JetStream, commands and queries over request/reply.
///
/// Making one connects to nothing; clones share one connection. Every setting
/// is made before it is cloned.
///
/// # Examples
/// ```no_run
/// # async fn example() -> Result<(), anywise_core::BuildError> {
/// use anywise_core::App;
/// use anywise_nats::Nats;
///
/// let nats = Nats::new("nats://127.0.0.1:4222").prefix("shop");
/// let app = App::builder()
///     .name("shop")
///     // Events go out and come in, and the handlers here answer others.
///     .transport(nats.clone())
///     // Commands and queries that have no handler here go to those who have it.
///     .remote(nats.remote())
///     .build()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Nats {
    pub(crate) config: Arc<Config>,
    pub(crate) lazy: Arc<Lazy>,
    pub(crate) declared: Arc<Declared>,
}

/// What was declared at the server.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    /// Groups that are what this process wants them to be.
    groups: Mutex<BTreeSet<String>>,
}

impl Declared {
    /// Whether a group was declared here before.
    pub(crate) fn has(&self, group: &str) -> bool {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner).contains(group)
    }

    /// Notes that a group is declared.
    pub(crate) fn add(&self, group: &str) {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner).insert(group.to_owned());
    }
}

impl Nats {
    /// A transport through the servers of one cluster: a URL such as
    /// `nats://127.0.0.1:4222`, or several with commas between them. User and
    /// password may stand in it; they are never shown.
    pub fn new(url: impl Into<String>) -> Self {
        Self { config: Arc::new(Config::of(url.into())), lazy: Arc::default(), declared: Arc::default() }
    }

    /// The way to handlers in other processes, over the same connection.
    pub fn remote(&self) -> impl Remote + use<> {
        Requests::through(self)
    }

    pub(crate) async fn connection(&self) -> Result<&Arc<Connection>> {
        self.lazy.get(&self.config).await
    }
}

impl std::fmt::Debug for Nats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (address, names) = (self.config.address(), &self.config.names);
        f.debug_struct("Nats")
            .field("address", &address)
            .field("prefix", &names.prefix())
            .finish_non_exhaustive()
    }
}

impl Sink for Nats {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn send(&self, envelope: Envelope) -> BoxFuture<'_, Result<()>> {
        Box::pin(sink::send(self, envelope))
    }
}

impl Transport for Nats {
    fn traits(&self) -> TransportTraits {
        let config = &self.config;
        let max_size = self.lazy.made().map(|connection| connection.largest_body());
        let mut traits = TransportTraits::none();
        traits.durable = !config.in_memory;
        traits.ordered = if config.ordered { Ordered::Always } else { Ordered::Alone };
        traits.delay = true;
        traits.dedup = Some(config.dedup.unwrap_or(DEDUP));
        traits.groups = true;
        traits.replay = config.replay;
        traits.requests = true;
        traits.counted = true;
        traits.hold = Some(config.hold);
        traits.max_size = max_size;
        traits
    }

    fn open<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<()>> {
        Box::pin(topology::open(self, topology))
    }

    fn subscribe<'a>(&'a self, subscription: &'a Subscription) -> BoxFuture<'a, Result<Box<dyn Source>>> {
        Box::pin(async move {
            topology::group(self, subscription).await?;
            let source = NatsSource::begin(self, &subscription.group).await?;
            Ok(Box::new(source) as Box<dyn Source>)
        })
    }

    fn remote(self: Arc<Self>) -> Option<Arc<dyn Remote>> {
        Some(Arc::new(Requests::through(&self)))
    }

    fn ingress(self: Arc<Self>) -> Option<Box<dyn Ingress>> {
        let services = Services::of(&self);
        self.config.serves.then(|| Box::new(services) as Box<dyn Ingress>)
    }
}
