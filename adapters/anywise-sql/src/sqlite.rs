//! The store on SQLite: one process, one file, one writer.
//!
//! Everything that changes the file is a [`Request`](request::Request) to the
//! [`writer`], a task that owns the only connection for writing. It serves what
//! has come in the meantime in one transaction, so that many share one write to
//! the disk, and answers them all after it. Reading has connections of its own.

mod checkpoint;
mod claims;
mod inbox;
mod letters;
mod lock;
mod migrate;
mod options;
mod plain;
mod reads;
mod request;
mod round;
mod schema;
mod session;
mod shared;
mod slot;
mod statements;
mod stats;
mod store;
mod work;
mod writer;

use std::path::Path;

use anywise_core::Result;

use crate::database::Sqlite;

pub use options::SqliteOptions;
pub(crate) use session::Session;
pub(crate) use shared::Shared;
pub use stats::SqliteStats;
pub use store::SqliteStore;

impl Sqlite {
    /// Opens the store in the file at `path`, which is made if it is not there.
    ///
    /// # Errors
    /// `AW3021`: a database in memory; `AW7001`: the file cannot be opened;
    /// `AW7002`: another process has it; `AW7007`: it was written by a newer
    /// program.
    ///
    /// # Examples
    /// ```
    /// use anywise_core::{Result, Store};
    /// use anywise_sql::Sqlite;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<()> {
    /// # let folder = std::env::temp_dir().join(format!("anywise-open-{}", std::process::id()));
    /// let store = Sqlite::open(folder.join("shop.db")).await?;
    /// assert!(store.traits().durable);
    /// # store.close().await?;
    /// # std::fs::remove_dir_all(folder)?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(path: impl AsRef<Path>) -> Result<SqliteStore> {
        Self::options(path).open().await
    }

    /// How the store in the file at `path` is opened.
    pub fn options(path: impl AsRef<Path>) -> SqliteOptions {
        SqliteOptions::new(path.as_ref())
    }
}
