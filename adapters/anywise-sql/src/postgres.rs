//! The store on Postgres: as many processes as there are share the work.
//!
//! There is no leader and no list of processes. Each delivery is held by a
//! claim with an epoch, for the time of a lease by the database's clock; a
//! process that stood still past it finds its claim gone when it commits, in the
//! transaction of its effect, and nothing of it is kept.
//!
//! - [`round`]: what commits and settlements write, and why each key stays in
//!   order;
//! - [`transaction`]: one transaction, and what has become of it;
//! - [`claiming`]: claims, and their leases;
//! - [`listen`]: hints between processes;
//! - [`broker`]: beside all that, and without a store: Postgres as a transport.

mod begin;
mod broker;
mod claiming;
mod config;
mod inbox;
mod job;
mod lanes;
mod letters;
mod listen;
mod marks;
mod migrate;
mod pool;
mod round;
mod session;
mod short;
mod statements;
mod store;
mod transaction;
mod worker;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use anywise_core::{Error, Kind, Result};
use sqlx::Row;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use crate::Postgres;
use crate::batch::Batcher;
use crate::error::from_sqlx;
use crate::postgres::begin::Beginner;
use crate::postgres::claiming::Holds;
use crate::postgres::job::News;
use crate::postgres::marks::Marks;
use crate::postgres::pool::{Connections, readers};
use crate::postgres::statements::Statements;

pub use broker::PostgresBroker;
pub use config::PostgresOptions;
pub(crate) use session::Session;

/// Rounds carried out at a time: a second one would halve the first, and wait for
/// the same disk.
const WORKERS: usize = 1;
/// Connections of the store itself: its worker's, and for the rest.
const OWN: u32 = 4;
/// Connections for what need not outlive the server.
const PASSING: u32 = 3;
/// The oldest server that is known to do: `pg_xact_status` and its like.
const OLDEST: i32 = 130_000;

impl Postgres {
    /// Connects to the database of `postgres://user@host/name`, with default
    /// options.
    ///
    /// # Errors
    /// As [`PostgresOptions::connect`].
    pub async fn connect(url: &str) -> Result<PostgresStore> {
        PostgresOptions::parse(url)?.connect().await
    }

    /// Options for the database of `postgres://user@host/name`.
    ///
    /// # Errors
    /// `AW3023`: that the address cannot be read.
    pub fn options(url: &str) -> Result<PostgresOptions> {
        PostgresOptions::parse(url)
    }
}

/// The store on Postgres.
///
/// [`Postgres::connect`] connects; [`Postgres::options`] gives options.
pub struct PostgresStore {
    shared: Arc<Shared>,
    batcher: Batcher<Shared>,
    beginners: Batcher<Beginner>,
    /// Dropped when the store closes: hints end.
    stop: Mutex<Option<watch::Sender<()>>>,
}

/// What sessions and tasks need of the store.
pub(crate) struct Shared {
    options: PostgresOptions,
    /// Who holds this store's claims.
    owner: String,
    /// The space of its advisory locks: another for each schema.
    space: i32,
    channel: String,
    sql: Statements,
    own: Arc<Connections>,
    /// For what is said of this process alone: its claims, that a function begins,
    /// hints.
    passing: Arc<Connections>,
    beginner: Arc<Beginner>,
    sessions: Arc<Connections>,
    readers: PgPool,
    holds: Holds,
    marks: Marks,
    /// There may be something to claim.
    ready: Notify,
    /// Other processes should hear of it.
    news: Notify,
}

impl PostgresStore {
    async fn connect(options: PostgresOptions) -> Result<Self> {
        let shared = Arc::new(Shared::new(options));
        shared.check().await?;
        let batcher = Batcher::start(&shared, WORKERS);
        let beginners = Batcher::start(&shared.beginner, 1);
        let (stop, stopped) = watch::channel(());
        if shared.options.notify {
            let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(shared.options.for_store());
            listen::start(&shared, pool, &stopped);
        }
        Ok(Self { shared, batcher, beginners, stop: Mutex::new(Some(stop)) })
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    fn stop(&self) -> Option<watch::Sender<()>> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Shared {
    fn new(options: PostgresOptions) -> Self {
        let patience = options.patience;
        let schema = options.schema.clone();
        let owner = format!("{}/{}", options.node, Uuid::new_v4());
        let sql = Statements::new(&schema);
        // These statements have one good plan: it is not made anew for each claim.
        let planned = options.for_store().options([("plan_cache_mode", "force_generic_plan")]);
        let passing = Connections::passing(planned, PASSING, patience);
        let beginner =
            Beginner { connections: Arc::clone(&passing), sql: sql.begin.clone(), owner: owner.clone() };
        Self {
            owner,
            passing,
            beginner: Arc::new(beginner),
            space: crc32fast::hash(schema.as_bytes()).cast_signed(),
            channel: format!("anywise_{schema}"),
            sql,
            own: Connections::new(options.for_store(), OWN, patience),
            sessions: Connections::new(options.for_functions(), options.connections, patience),
            readers: readers(options.for_functions(), options.connections, patience),
            holds: Holds::new(),
            marks: Marks::default(),
            ready: Notify::new(),
            news: Notify::new(),
            options,
        }
    }

    /// A claim has ended, one way or another.
    fn let_go(&self, claim: anywise_core::Claim) {
        self.holds.let_go(claim.id);
    }

    /// There is something to claim: this process is told, and the others.
    fn announce(&self, news: News) {
        if news == News::None {
            return;
        }
        if news == News::Ready {
            self.marks.forget();
        }
        self.ready.notify_one();
        if self.options.notify {
            self.news.notify_one();
        }
    }

    /// Whether the server is fit to keep anything.
    async fn check(&self) -> Result<()> {
        let mut connection = self.own.get().await.map_err(from_sqlx)?;
        let row = sqlx::query(CHECK).fetch_one(connection.raw()).await;
        connection.put_back_after(&row);
        let row = row.map_err(from_sqlx)?;
        let found = || Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?));
        let (version, commit, sync, is_standby): (i32, String, String, bool) = found().map_err(from_sqlx)?;
        if version < OLDEST {
            return Err(unfit(format!("PostgreSQL {} is too old: 13 or newer is needed", version / 10_000)));
        }
        if commit == "off" {
            return Err(unfit("synchronous_commit is off: a commit would be answered before it is durable"));
        }
        if sync == "off" {
            return Err(unfit("fsync is off: nothing would survive a loss of power"));
        }
        if is_standby {
            return Err(unfit("the server is a standby, which cannot be written to"));
        }
        Ok(())
    }
}

const CHECK: &str = "
SELECT current_setting('server_version_num')::int, current_setting('synchronous_commit'),
       current_setting('fsync'), pg_is_in_recovery()";

impl PostgresOptions {
    /// The store's own connections. A plan that was made while a table was small
    /// must not scan it when it has grown.
    fn for_store(&self) -> PgConnectOptions {
        let scans = ["enable_seqscan", "enable_hashjoin", "enable_mergejoin"];
        self.for_functions().options(scans.map(|scan| (scan, "off")))
    }

    /// Connections for the statements of functions.
    fn for_functions(&self) -> PgConnectOptions {
        self.connect.clone().application_name(&format!("anywise/{}", self.node)).options([
            ("search_path", self.schema.as_str()),
            ("statement_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "15s"),
            ("lock_timeout", "3s"),
        ])
    }
}

fn unfit(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::Internal, "AW3023", text)
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("schema", &self.shared.options.schema).finish_non_exhaustive()
    }
}
