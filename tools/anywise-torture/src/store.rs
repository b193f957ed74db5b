//! The stores of the child, set for a quick run.

use std::path::Path;
use std::time::Duration;

use anywise::Retention;
use anywise_sql::{Postgres, PostgresStore, Sqlite, SqliteStore};

use crate::planted::planted;

/// SQLite in a file; of at most so many pages. `TORTURE_SYNCHRONOUS` plants a bug.
pub(crate) async fn sqlite(path: &Path, pages: Option<u32>) -> anywise::Result<SqliteStore> {
    let mut options = Sqlite::options(path).readers(2);
    if let Some(pages) = pages {
        options = options.max_page_count(pages);
    }
    if let Ok(level) = std::env::var("TORTURE_SYNCHRONOUS") {
        options = options.synchronous(level);
    }
    options.open().await
}

/// Postgres, with claims that run out soon.
pub(crate) async fn postgres(url: &str, lease: Duration) -> anywise::Result<PostgresStore> {
    Postgres::options(url)?.lease(lease).connections(8).connect().await
}

/// Little is kept, so that there is something to sweep.
pub(crate) fn retention() -> Retention {
    let mut retention = Retention::default();
    retention.settled_dead_letters = Duration::from_millis(50);
    retention.most_replies = 20_000;
    retention.most_inbox = 100_000;
    if planted("short_memory") {
        retention.inbox = Duration::from_secs(1);
    }
    retention
}
