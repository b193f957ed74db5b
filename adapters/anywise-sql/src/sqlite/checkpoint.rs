//! Keeping the write-ahead log short.
//!
//! SQLite would do so inside of some commit; the writer does it between two
//! rounds, and knows what it costs.

use sqlx::Row;
use sqlx::sqlite::SqliteArguments;
use tokio::time::Instant;

use crate::failpoint::point;
use crate::sqlite::stats::count;
use crate::sqlite::writer::Writer;

/// Bytes of a page and its head in the log.
const FRAME: i64 = 4096 + 24;
/// The log is copied into the database from this size on.
const COPY: i64 = 4 << 20;
/// And emptied from this, even if its readers have to be waited for.
const EMPTY: i64 = 32 << 20;
/// Rounds between two looks at its size.
const ROUNDS: u32 = 4;
/// After readers have kept it from being emptied.
const LATER: std::time::Duration = std::time::Duration::from_secs(1);

/// What is known of the log.
#[derive(Debug, Default)]
pub(super) struct Log {
    rounds: u32,
    not_before: Option<Instant>,
}

impl Writer {
    /// Looks at the log from time to time.
    pub(super) async fn tend_log(&mut self) {
        self.log.rounds += 1;
        if self.log.rounds < ROUNDS || self.common.failure().is_some() {
            return;
        }
        self.log.rounds = 0;
        if let Err(error) = self.shorten().await {
            tracing::warn!(%error, "the write-ahead log could not be copied into the database");
            if crate::error::is_fatal(&error) {
                self.lose(&error);
                self.round.lost = None;
            }
        }
    }

    async fn shorten(&mut self) -> sqlx::Result<()> {
        let (all, copied) = self.checkpoint("PRAGMA wal_checkpoint(NOOP)").await?;
        if (all - copied) * FRAME < COPY && all * FRAME < EMPTY {
            return Ok(());
        }
        if self.log.not_before.is_some_and(|at| Instant::now() < at) {
            return Ok(());
        }
        point("ckpt.before").await?;
        let (all, copied) = self.checkpoint("PRAGMA wal_checkpoint(PASSIVE)").await?;
        if all * FRAME >= EMPTY || copied < all {
            self.log.not_before = (!self.truncate().await?).then(|| Instant::now() + LATER);
        }
        count(&self.common.counters.checkpoints);
        point("ckpt.after").await?;
        Ok(())
    }

    /// Waits for the log's readers, not for long; says whether it is empty.
    async fn truncate(&mut self) -> sqlx::Result<bool> {
        self.execute("PRAGMA busy_timeout = 100").await?;
        let truncated = self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)").await;
        self.execute("PRAGMA busy_timeout = 5000").await?;
        Ok(truncated? == (0, 0))
    }

    /// Pages in the log, and how many of them are in the database.
    async fn checkpoint(&mut self, sql: &'static str) -> sqlx::Result<(i64, i64)> {
        let rows = self.fetch_with(sql, SqliteArguments::default()).await?;
        let Some(row) = rows.first() else { return Ok((0, 0)) };
        Ok((row.try_get(1)?, row.try_get(2)?))
    }

    /// At the end: so that the file is whole without its log.
    pub(super) async fn empty_log(&mut self) {
        if let Err(error) = self.truncate().await {
            tracing::warn!(%error, "the write-ahead log could not be emptied; it is read at the next start");
        }
    }
}
