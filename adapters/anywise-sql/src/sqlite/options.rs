//! How a store on SQLite is opened, and opening it.

use std::fs::{DirBuilder, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anywise_core::{Error, Kind, Result};
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, SqliteConnection, SqlitePool};
use tokio::sync::mpsc;

use crate::sqlite::lock::{Lock, cannot};
use crate::sqlite::schema;
use crate::sqlite::shared::{Common, Shared};
use crate::sqlite::store::SqliteStore;
use crate::sqlite::writer::Writer;

/// Requests that wait for the writer; more callers wait at the door.
const QUEUE: usize = 1024;

/// The oldest SQLite that is known to keep its promises: older ones can lose a
/// commit when the write-ahead log is reset.
const OLDEST: [u32; 3] = [3, 51, 3];

/// How a store on SQLite is opened; made by [`Sqlite::options`](crate::Sqlite::options).
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use anywise_sql::Sqlite;
///
/// let options = Sqlite::options("shop.db").hold_limit(Duration::from_secs(2)).readers(4);
/// ```
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    path: PathBuf,
    hold_limit: Duration,
    readers: u32,
    synchronous: String,
    most_pages: Option<u32>,
}

impl SqliteOptions {
    pub(super) fn new(path: &Path) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            path: path.to_owned(),
            hold_limit: Duration::from_secs(5),
            readers: u32::try_from(cores).unwrap_or(8).min(8),
            synchronous: "FULL".to_owned(),
            most_pages: None,
        }
    }

    /// How long a handler may keep the one write slot, from its first statement
    /// to its return. After that it is rolled back and fails with `AW7011`.
    /// Default: 5 seconds.
    #[must_use]
    pub fn hold_limit(mut self, limit: Duration) -> Self {
        self.hold_limit = limit;
        self
    }

    /// Connections for reading. Default: one a core, at most 8.
    #[must_use]
    pub fn readers(mut self, readers: u32) -> Self {
        self.readers = readers.max(1);
        self
    }

    /// SQLite's `synchronous`: anything but `FULL` loses acknowledged messages
    /// when the power goes. For the tests that prove that.
    #[doc(hidden)]
    #[must_use]
    pub fn synchronous(mut self, level: impl Into<String>) -> Self {
        self.synchronous = level.into();
        self
    }

    /// SQLite's `max_page_count`: the database is full when it has so many pages
    /// of 4 KiB. For tests.
    #[doc(hidden)]
    #[must_use]
    pub fn max_page_count(mut self, pages: u32) -> Self {
        self.most_pages = Some(pages);
        self
    }

    /// Opens the store: takes the file's lock, brings the framework's tables up
    /// to date, and makes what a process that is gone had claimed ready again.
    ///
    /// # Errors
    /// See [`Sqlite::open`](crate::Sqlite::open).
    pub async fn open(self) -> Result<SqliteStore> {
        let path = self.path.display().to_string();
        if path.is_empty() || path.contains(":memory:") || path.contains("mode=memory") {
            return Err(in_memory());
        }
        make(&self.path)?;
        let lock = Lock::take(&self.path)?;
        let opened = self.start(lock).await;
        opened.map_err(|error| match error {
            Open::Sqlx(error) => cannot(&format!("`{path}` cannot be opened"), error),
            Open::Ours(error) => error,
        })
    }

    async fn start(self, lock: Lock) -> Result<SqliteStore, Open> {
        let mut connection = self.connection().connect().await?;
        if let Err(error) = self.prepare(&mut connection).await {
            drop(connection.close().await);
            return Err(error);
        }
        let found = schema::take_over(&mut connection, lock.work.before()).await?;
        lock.work
            .forget()
            .map_err(|error| cannot("the lock file cannot be written", error))
            .map_err(Open::Ours)?;
        let readers = self.pool();
        let (requests, queue) = mpsc::channel(QUEUE);
        let common = Arc::new(Common::default());
        let work = Arc::clone(&lock.work);
        let writer =
            Writer::new(connection, queue, Arc::clone(&common), Arc::clone(&work), self.hold_limit, found);
        tokio::spawn(writer.run(readers.clone(), lock));
        Ok(SqliteStore::new(Shared::new(requests, common, work, readers, self.path)))
    }

    async fn prepare(&self, connection: &mut SqliteConnection) -> Result<(), Open> {
        let version: String =
            sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut *connection).await?;
        if parse(&version) < OLDEST.to_vec() {
            return Err(Open::Ours(too_old(&version)));
        }
        if let Some(pages) = self.most_pages {
            let pragma = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
            sqlx::raw_sql(pragma).execute(&mut *connection).await?;
        }
        schema::update(connection).await.map_err(Open::Ours)
    }

    /// The one connection for writing.
    fn connection(&self) -> SqliteConnectOptions {
        let synchronous = self.synchronous.parse().unwrap_or(SqliteSynchronous::Full);
        self.common()
            .synchronous(synchronous)
            .pragma("wal_autocheckpoint", "0")
            .pragma("journal_size_limit", "67108864")
            .pragma("cache_size", "-32768")
            .statement_cache_capacity(512)
    }

    fn pool(&self) -> SqlitePool {
        SqlitePoolOptions::new()
            .max_connections(self.readers)
            .connect_lazy_with(self.common().pragma("query_only", "ON").statement_cache_capacity(256))
    }

    fn common(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(Duration::from_secs(5))
            .foreign_keys(true)
            .pragma("mmap_size", "0")
            .pragma("temp_store", "MEMORY")
            .pragma("cell_size_check", "ON")
            .pragma("trusted_schema", "OFF")
            .disable_statement_logging()
    }
}

/// Why it was not opened.
enum Open {
    Sqlx(sqlx::Error),
    Ours(Error),
}

impl From<sqlx::Error> for Open {
    fn from(error: sqlx::Error) -> Self {
        Self::Sqlx(error)
    }
}

/// Makes the file, and its folder, for their owner alone.
fn make(path: &Path) -> Result<()> {
    let at = |error| cannot(&format!("`{}` cannot be made", path.display()), error);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(at)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(at(error)),
    }
}

fn in_memory() -> Error {
    let text = "a store on SQLite is a file: for one that forgets with its process, take `MemoryStore`";
    Error::new(Kind::Invalid, "AW3021", text)
}

fn parse(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or_default()).collect()
}

fn too_old(version: &str) -> Error {
    let [a, b, c] = OLDEST;
    let text = format!("SQLite {version} can lose what was committed: at least {a}.{b}.{c} is needed");
    Error::new(Kind::Internal, "AW7001", text)
}
