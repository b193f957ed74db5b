//! How an application uses a Redis server.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use anywise_core::Result;

use crate::connection::Connection;
use crate::foreign::Mapping;
use crate::names::Names;
use crate::source::Place;
use crate::writer::Writer;

/// Field of an entry that has the body.
pub(crate) const BODY: &str = "data";
/// The largest body that Redis takes.
const LARGEST: usize = 512 * 1024 * 1024 - 1;

/// A Redis server as a transport of events.
///
/// Making one connects to nothing; [`open`](anywise_core::Transport::open) does.
/// Needs Redis 7.0 or newer, one server or a primary with replicas; clusters are
/// not supported.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use anywise_redis::Redis;
///
/// let redis = Redis::new("redis://127.0.0.1:6379")
///     .prefix("shop")
///     .hold(Duration::from_secs(60))
///     .foreign("printer:jobs", "press.Printed");
/// ```
#[derive(Debug)]
pub struct Redis {
    pub(crate) settings: Settings,
    broker: OnceLock<Arc<Broker>>,
}

/// What the user said.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) names: Names,
    pub(crate) weaker: bool,
    pub(crate) replicas: u32,
    pub(crate) hold: Duration,
    pub(crate) patience: Duration,
    pub(crate) forget: Duration,
    pub(crate) max_size: usize,
    pub(crate) foreign: Vec<Mapping>,
    pub(crate) certificates: Option<String>,
    pub(crate) identity: Option<(Vec<u8>, Vec<u8>)>,
}

/// Addresses may hold passwords, and are not shown.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("name", &self.name)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

/// What the settings came to: made at the first use.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(crate) settings: Arc<Settings>,
    pub(crate) control: Arc<Connection>,
    pub(crate) writer: Writer,
    /// Consumers that ended and may still hold something.
    pub(crate) abandoned: Mutex<Vec<Place>>,
}

impl Redis {
    /// The server at `url`: `redis://[user[:password]@]host[:port][/database]`,
    /// or `redis+unix:///path`. One that begins with `rediss` needs the feature
    /// `tls`; the server's certificate is always checked.
    pub fn new(url: impl Into<String>) -> Self {
        let settings = Settings {
            name: "redis".to_owned(),
            url: url.into(),
            names: Names::new("anywise"),
            weaker: false,
            replicas: 0,
            hold: Duration::from_secs(30),
            patience: Duration::from_secs(5),
            forget: Duration::from_secs(24 * 60 * 60),
            max_size: 1024 * 1024,
            foreign: Vec::new(),
            certificates: None,
            identity: None,
        };
        Self { settings, broker: OnceLock::new() }
    }

    /// Under which name deliveries to it are kept, and people know it. Default:
    /// `redis`.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        self.with(|settings| settings.name = name.into())
    }

    /// What all keys and groups begin with: applications with the same prefix
    /// hear each other. Default: `anywise`.
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Self {
        self.with(|settings| settings.names = Names::new(prefix))
    }

    /// Goes on with a server that may lose what it has confirmed: one without an
    /// append-only file, one that syncs it later, one that evicts keys, or one
    /// that does not say (`CONFIG` forbidden). Default: such a server is refused
    /// (`AW3023`), but for one that syncs later and tells when (`appendfsync
    /// everysec` from 7.2 on): then a send waits for it, up to a second.
    #[must_use]
    pub fn accept_weaker_durability(self) -> Self {
        self.with(|settings| settings.weaker = true)
    }

    /// How many replicas must have an event before it counts as sent. Default: 0:
    /// what only the primary had is lost in a failover.
    #[must_use]
    pub fn replicas(self, count: u32) -> Self {
        self.with(|settings| settings.replicas = count)
    }

    /// How long a message may be held that is neither settled nor extended before
    /// it is given to another. Default: 30 s; at least 100 ms.
    #[must_use]
    pub fn hold(self, hold: Duration) -> Self {
        self.with(|settings| settings.hold = hold.max(Duration::from_millis(100)))
    }

    /// How long the server may take to answer before it counts as away. Default:
    /// 5 s.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        self.with(|settings| settings.patience = patience)
    }

    /// How long a group goes on getting an event that none of its processes asks
    /// for any more. Default: 24 h, so that an old process that starts during a
    /// release takes nothing from new ones.
    #[must_use]
    pub fn forget_after(self, time: Duration) -> Self {
        self.with(|settings| settings.forget = time)
    }

    /// The largest body that is sent, in bytes (`AW2006`). Default: 1 MiB, as much
    /// as consumers read unless told otherwise; at most 512 MiB.
    #[must_use]
    pub fn max_size(self, bytes: usize) -> Self {
        self.with(|settings| settings.max_size = bytes.min(LARGEST))
    }

    /// Takes the entries of a stream that others write for the event `name`; the
    /// body is in the field `data`. Groups that listen to the event get them,
    /// from when they first exist. The stream is never trimmed here.
    #[must_use]
    pub fn foreign(self, stream: impl Into<String>, name: impl Into<String>) -> Self {
        self.foreign_field(stream, name, BODY)
    }

    /// The same, with the body in another field.
    #[must_use]
    pub fn foreign_field(
        self,
        stream: impl Into<String>,
        name: impl Into<String>,
        field: impl Into<String>,
    ) -> Self {
        let mapping = Mapping { stream: stream.into(), name: name.into(), field: field.into() };
        self.with(|settings| settings.foreign.push(mapping))
    }

    /// Trusts these certificates, in PEM form, instead of the system's; for
    /// addresses that begin with `rediss`.
    #[must_use]
    pub fn certificates(self, pem: impl Into<String>) -> Self {
        self.with(|settings| settings.certificates = Some(pem.into()))
    }

    /// Shows this certificate to the server, a chain and its key, in PEM form;
    /// for addresses that begin with `rediss`.
    #[must_use]
    pub fn identity(self, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.with(|settings| settings.identity = Some((chain.into(), key.into())))
    }

    fn with(self, set: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.settings;
        set(&mut settings);
        Self { settings, broker: OnceLock::new() }
    }

    /// What the settings came to.
    pub(crate) fn broker(&self) -> Result<&Arc<Broker>> {
        if let Some(broker) = self.broker.get() {
            return Ok(broker);
        }
        let broker = Arc::new(Broker::new(self.settings.clone())?);
        Ok(self.broker.get_or_init(|| broker))
    }
}

impl Broker {
    fn new(settings: Settings) -> Result<Self> {
        let client = Connection::client(&settings)?;
        let patience = settings.patience;
        let settings = Arc::new(settings);
        // Its own: who waits for a sync holds up what comes behind it.
        let writing = Arc::new(Connection::new(&client, patience, patience));
        Ok(Self {
            control: Arc::new(Connection::new(&client, patience, Duration::ZERO)),
            writer: Writer::new(writing, Arc::clone(&settings)),
            settings,
            abandoned: Mutex::default(),
        })
    }
}
