//! How an application uses a database as its broker.

use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anywise_core::{Kind, Result};
use sqlx::postgres::PgConnectOptions;

use crate::batch::Batcher;
use crate::postgres::broker::Broker;
use crate::postgres::broker::error::refused;
use crate::postgres::config::{LONGEST_NAME, is_name};

/// The largest body that one row takes without trouble.
const LARGEST: usize = 256 * 1024 * 1024;

/// A Postgres database as a transport of events, for those who have no other
/// broker.
///
/// It has nothing to do with the store of the processes: each may have its own,
/// of any kind. Making one connects to nothing;
/// [`open`](anywise_core::Transport::open) does. Needs PostgreSQL 13 or newer.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use anywise_sql::PostgresBroker;
///
/// let broker = PostgresBroker::new("postgres://shop@db.internal/events").prefix("shop").hold(Duration::from_secs(60));
/// ```
#[derive(Debug)]
pub struct PostgresBroker {
    pub(super) settings: Settings,
    /// Where events are said to come from.
    pub(super) source: String,
    running: OnceLock<Running>,
}

/// What the user said.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) name: String,
    url: String,
    pub(super) prefix: String,
    pub(super) weaker: bool,
    pub(super) hold: Duration,
    pub(super) patience: Duration,
    pub(super) forget: Duration,
    pub(super) max_size: usize,
    pub(super) connections: u32,
    /// Whether what the server has confirmed survives its crash, as far as is known.
    pub(super) durable: Arc<AtomicBool>,
}

impl std::fmt::Debug for Settings {
    /// Without the address, which may have a password in it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut settings = f.debug_struct("Settings");
        settings.field("name", &self.name).field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// What the settings came to: made at the first use.
pub(super) struct Running {
    pub(super) broker: Arc<Broker>,
    /// One batch after the other.
    pub(super) sends: Batcher<Broker>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

impl PostgresBroker {
    /// The database at `url`: `postgres://[user[:password]@]host[:port]/database`.
    pub fn new(url: impl Into<String>) -> Self {
        let settings = Settings {
            name: "postgres".to_owned(),
            url: url.into(),
            prefix: "anywise".to_owned(),
            weaker: false,
            hold: Duration::from_secs(30),
            patience: Duration::from_secs(5),
            forget: Duration::from_secs(24 * 60 * 60),
            max_size: 1024 * 1024,
            connections: 4,
            durable: Arc::default(),
        };
        Self { source: format!("/{}", settings.prefix), settings, running: OnceLock::new() }
    }

    /// Under which name deliveries to it are kept, and people know it. Default:
    /// `postgres`.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        self.with(|settings| settings.name = name.into())
    }

    /// The schema of its tables, made if it is not there: applications with the
    /// same prefix hear each other. Default: `anywise`. Lower case letters, digits
    /// and `_`, at most 48 of them; anything else is refused when it is opened
    /// (`AW2021`).
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Self {
        self.with(|settings| prefix.clone_into(&mut settings.prefix))
    }

    /// Goes on with a server that may lose what it has confirmed: one whose `fsync`
    /// is off. Default: such a server is refused (`AW3023`).
    #[must_use]
    pub fn accept_weaker_durability(self) -> Self {
        self.with(|settings| settings.weaker = true)
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
    /// as consumers read unless told otherwise; at most 256 MiB.
    #[must_use]
    pub fn max_size(self, bytes: usize) -> Self {
        self.with(|settings| settings.max_size = bytes.min(LARGEST))
    }

    /// Connections for receiving and settling, which all groups share, beside two
    /// for sending and, where there are listeners, one for hints. They are opened when they are needed.
    /// Default: 4; at least 1.
    #[must_use]
    pub fn connections(self, most: u32) -> Self {
        self.with(|settings| settings.connections = most.max(1))
    }

    fn with(self, set: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.settings;
        set(&mut settings);
        Self { source: format!("/{}", settings.prefix), settings, running: OnceLock::new() }
    }

    /// What the settings came to. Called in a runtime.
    pub(super) fn running(&self) -> Result<&Running> {
        if self.running.get().is_none() {
            // Who comes second finds the first one's.
            drop(self.running.set(Running::new(self.settings.clone())?));
        }
        Ok(self.running.get().expect("it was set"))
    }
}

impl Running {
    fn new(settings: Settings) -> Result<Self> {
        let options = PgConnectOptions::from_str(&settings.url)
            .map_err(|error| refused(Kind::Unprocessable, "its address", error))?;
        if !is_name(&settings.prefix) {
            let text = format!(
                "`{}` is no prefix: lower case letters, digits and `_`, at most {LONGEST_NAME} of them",
                settings.prefix
            );
            return Err(refused(Kind::Unprocessable, "its address", text));
        }
        let broker = Arc::new(Broker::new(settings, options));
        Ok(Self { sends: Batcher::start(&broker, 1), broker })
    }
}

impl Settings {
    pub(super) fn is_durable(&self) -> bool {
        // One that is not is refused, unless it was accepted.
        !self.weaker || self.durable.load(Ordering::Relaxed)
    }
}
