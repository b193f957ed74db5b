//! Postgres as a broker: events between processes whose stores have nothing to do
//! with each other.
//!
//! A message is a row for each group that listens, written in the statement that
//! publishes it; what is settled is deleted. What was given to somebody stands in a
//! second, narrow table, so that nothing large is ever written twice.
//!
//! ```text
//! out: sink ─► batch ─► message rows ─► hint
//! in:  hint, or a while ─► reader: claim ─► source ─► settle: delete
//! ```
//!
//! - [`sink`]: publishing, many at a time;
//! - [`topology`]: the routes of groups, and why none misses an event;
//! - [`reader`]: taking messages, one process of a group at a time;
//! - [`source`]: what one process holds, and how it ends;
//! - `schema.sql`: the tables, and in which order a key is given out.

mod config;
mod error;
mod head;
mod hints;
mod line;
mod migrate;
mod reader;
mod sink;
mod source;
mod statements;
mod topology;

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::postgres::PgConnectOptions;
use tokio::sync::{OnceCell, watch};
use uuid::Uuid;

use crate::postgres::broker::config::Settings;
use crate::postgres::broker::error::address;
use crate::postgres::broker::hints::Hints;
use crate::postgres::broker::line::Line;
use crate::postgres::broker::statements::Statements;

pub use config::PostgresBroker;

/// What the sink, the sources and their tasks share in one process.
#[derive(Debug)]
pub(crate) struct Broker {
    settings: Settings,
    sql: Statements,
    /// For receiving and settling: what it commits need not outlive the server.
    control: Arc<Line>,
    /// For publishing: what it commits is on disk.
    writing: Line,
    hints: Arc<Hints>,
    /// Whether the tables are there.
    opened: OnceCell<()>,
    /// Sources that ended and may still hold something.
    abandoned: Mutex<Vec<Place>>,
    /// Dropped with this: hints end.
    _stop: watch::Sender<()>,
}

/// Who holds messages of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    group: String,
    owner: Uuid,
}

impl Broker {
    fn new(settings: Settings, options: PgConnectOptions) -> Self {
        let address: Arc<str> = address(&options).into();
        let patience = settings.patience;
        // A plan that was made while a table was small must not scan it when it has
        // grown, nor sort it to give out its first rows. There is one for each statement
        // then, and it is not made again for each message.
        let options = options.application_name(&format!("anywise-broker/{}", std::process::id())).options([
            ("enable_seqscan", "off"),
            ("enable_bitmapscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            ("enable_material", "off"),
            ("plan_cache_mode", "force_generic_plan"),
            ("statement_timeout", "10s"),
            ("lock_timeout", "3s"),
            ("idle_in_transaction_session_timeout", "15s"),
        ]);
        let later = options.clone().options([("synchronous_commit", "off")]);
        let control = Arc::new(Line::new(later, settings.connections, &address, patience));
        let writing = options.clone().options([("synchronous_commit", "on")]);
        let (stop, stopped) = watch::channel(());
        let hints = Hints::start(&settings.prefix, &control, options, stopped);
        Self {
            sql: Statements::new(&settings.prefix),
            writing: Line::new(writing, 1, &address, patience),
            control,
            hints,
            opened: OnceCell::new(),
            abandoned: Mutex::default(),
            _stop: stop,
            settings,
        }
    }

    fn abandoned(&self) -> std::sync::MutexGuard<'_, Vec<Place>> {
        self.abandoned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
