//! What a user says of the broker.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::connection::Link;
use crate::foreign::Mapping;
use crate::sink::Outgoing;
use crate::topology::Declared;

/// RabbitMQ as a transport.
///
/// Making one connects to nothing; `App::build` does.
///
/// # Examples
/// ```
/// use anywise_core::App;
/// use anywise_rabbitmq::RabbitMq;
///
/// let rabbit = RabbitMq::new("amqp://guest:guest@127.0.0.1:5672/%2f")
///     .prefix("shop")
///     .require_route("order.OrderPaid");
/// App::builder().transport(rabbit);
/// ```
#[derive(Debug)]
pub struct RabbitMq {
    pub(crate) settings: Arc<Settings>,
    /// Publishing has a connection of its own: a broker that is short of memory
    /// reads no more from those who publish, and would not read their
    /// acknowledgements either.
    pub(crate) outgoing: Arc<Outgoing>,
    pub(crate) incoming: Arc<Link>,
    pub(crate) declared: Arc<Declared>,
}

/// What was said of the broker.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) url: String,
    pub(crate) name: String,
    pub(crate) prefix: String,
    pub(crate) shared: bool,
    pub(crate) prefetch: u16,
    pub(crate) in_flight: usize,
    pub(crate) heartbeat: Duration,
    pub(crate) patience: Duration,
    pub(crate) max_size: usize,
    pub(crate) routes: Routes,
    pub(crate) foreign: Vec<Mapping>,
    pub(crate) certificates: Option<String>,
    pub(crate) identity: Option<(Vec<u8>, Vec<u8>)>,
}

/// Of which events it is an error that no queue gets them.
#[derive(Clone, Debug)]
pub(crate) enum Routes {
    All,
    Named(BTreeSet<String>),
}

/// Addresses may hold passwords, and are not shown.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("name", &self.name)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl RabbitMq {
    /// The broker at an address: `amqp://user:password@host:5672/vhost`.
    ///
    /// A virtual host is percent-encoded; without one it is `/`. An address
    /// that begins with `amqps` needs the feature `tls`.
    pub fn new(url: impl Into<String>) -> Self {
        Self::of(Settings {
            url: url.into(),
            name: "rabbitmq".to_owned(),
            prefix: "anywise".to_owned(),
            shared: false,
            prefetch: 512,
            in_flight: 1024,
            heartbeat: Duration::from_secs(5),
            patience: Duration::from_secs(30),
            max_size: 16 * 1024 * 1024,
            routes: Routes::Named(BTreeSet::new()),
            foreign: Vec::new(),
            certificates: None,
            identity: None,
        })
    }

    fn of(settings: Settings) -> Self {
        let settings = Arc::new(settings);
        let declared = Arc::new(Declared::new(Arc::clone(&settings)));
        let link = |role| Arc::new(Link::new(Arc::clone(&settings), role));
        let (outgoing, incoming) = (link("out"), link("in"));
        let outgoing = Outgoing::new(Arc::clone(&settings), outgoing, Arc::clone(&declared));
        Self { outgoing: Arc::new(outgoing), incoming, declared, settings }
    }

    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = (*self.settings).clone();
        change(&mut settings);
        Self::of(settings)
    }

    /// What it is called in deliveries, logs and `app.consumers()`. Default:
    /// `rabbitmq`.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        self.with(|settings| settings.name = name.into())
    }

    /// The exchange, and what the names of queues begin with. All processes of
    /// an application have the same. Default: `anywise`.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        self.with(|settings| settings.prefix = prefix.into())
    }

    /// Has all processes of a group consume at the same time.
    ///
    /// Default: false. One of them consumes, and another takes over as soon as
    /// the broker sees it end (`x-single-active-consumer`): the events of a key
    /// come in order, whoever consumes. With `true` the load is shared, and
    /// events of one key may be handled by two processes at one time
    /// ([`Ordered::Alone`](anywise_core::Ordered::Alone)).
    ///
    /// It is a property of the queue: what exists has to be deleted to change it.
    #[must_use]
    pub fn shared(self, shared: bool) -> Self {
        self.with(|settings| settings.shared = shared)
    }

    /// Messages that the broker has sent to a source and that are not settled, at
    /// most. Default: 512, twice what core holds, so that more is there when it has
    /// room; at least 1. Should not be less than `ConsumePolicy::prefetch`.
    #[must_use]
    pub fn prefetch(self, messages: u16) -> Self {
        self.with(|settings| settings.prefetch = messages.max(1))
    }

    /// Messages that are published and not confirmed, at most. Default: 1024;
    /// at least 1.
    #[must_use]
    pub fn in_flight(self, messages: usize) -> Self {
        self.with(|settings| settings.in_flight = messages.max(1))
    }

    /// How often both sides show that they live; a connection over which nothing
    /// comes for twice as long is given up. Whole seconds. Default: 5 s; at
    /// least 1 s.
    #[must_use]
    pub fn heartbeat(self, every: Duration) -> Self {
        self.with(|settings| settings.heartbeat = every.max(Duration::from_secs(1)))
    }

    /// How long the broker may take to answer: to connect, to declare, to
    /// confirm. After that it counts as away. Default: 30 s.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        self.with(|settings| settings.patience = patience)
    }

    /// The largest body that is sent, in bytes. Default: 16 MiB, what a broker
    /// of version 4 takes. The broker's own limit (`max_message_size`) must not
    /// be lower.
    #[must_use]
    pub fn max_size(self, bytes: usize) -> Self {
        self.with(|settings| settings.max_size = bytes)
    }

    /// Has publishing an event fail, to be tried again, while no queue gets it
    /// (`AW2029`). May be said of several events, by their wire names.
    ///
    /// Default: none but those that this application itself listens to. Any
    /// other event may have no listener, and is then published to nobody.
    #[must_use]
    pub fn require_route(self, event: impl Into<String>) -> Self {
        self.with(|settings| {
            if let Routes::Named(names) = &mut settings.routes {
                names.insert(event.into());
            }
        })
    }

    /// [`require_route`](Self::require_route) for every event.
    #[must_use]
    pub fn require_routes(self) -> Self {
        self.with(|settings| settings.routes = Routes::All)
    }

    /// Takes what comes from `exchange` with `routing_key` for the event `event`,
    /// if it is no CloudEvent itself.
    ///
    /// The queues of groups that listen to the event are bound to it; the
    /// exchange must exist. In the key `*` stands for one word and `#` for any
    /// number of them.
    #[must_use]
    pub fn foreign(
        self,
        exchange: impl Into<String>,
        routing_key: impl Into<String>,
        event: impl Into<String>,
    ) -> Self {
        self.with(|settings| settings.foreign.push(Mapping::new(exchange, routing_key, event)))
    }

    /// Trusts these certificates, in PEM form, beside the system's; for
    /// addresses that begin with `amqps`.
    #[must_use]
    pub fn certificates(self, pem: impl Into<String>) -> Self {
        self.with(|settings| settings.certificates = Some(pem.into()))
    }

    /// Shows this certificate to the broker, a chain and its key, in PEM form;
    /// for addresses that begin with `amqps`.
    #[must_use]
    pub fn identity(self, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.with(|settings| settings.identity = Some((chain.into(), key.into())))
    }
}

impl Settings {
    pub(crate) fn queue(&self, group: &str) -> String {
        format!("{}.{group}", self.prefix)
    }

    pub(crate) fn dead_exchange(&self) -> String {
        format!("{}.dead", self.prefix)
    }

    pub(crate) fn dead_queue(&self, group: &str) -> String {
        format!("{}.{group}.dead", self.prefix)
    }
}

impl Routes {
    pub(crate) fn require(&self, event: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.contains(event),
        }
    }
}
