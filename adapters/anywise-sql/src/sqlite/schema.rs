//! The framework's own tables, and taking them over from a process that is gone.

use anywise_core::{Claim, Error, Kind, Result};
use sqlx::{Connection, SqliteConnection};

use crate::error::from_sqlx;
use crate::failpoint::{mutant, point};
use crate::sqlite::lock::cannot;
use crate::sqlite::statements::{LOST, RELEASE_ALL, SUSPECTS};

/// The steps from an empty file to the tables of today; never changed, only
/// added to.
const STEPS: [&str; 2] = [include_str!("schema.sql"), include_str!("inbox.sql")];

/// Brings the tables up to date, all of it or nothing.
///
/// # Errors
/// `AW7007`: they are newer than this program.
pub(super) async fn update(connection: &mut SqliteConnection) -> Result<()> {
    let version =
        version(connection).await.map_err(|error| cannot("the schema's version cannot be read", error))?;
    if version > STEPS.len() {
        return Err(newer(version));
    }
    if version < STEPS.len() {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(from_sqlx)?;
        for step in &STEPS[version..] {
            for statement in step.split_inclusive(";\n") {
                point("migrate.each_statement").await?;
                sqlx::raw_sql(statement).execute(&mut *transaction).await.map_err(from_sqlx)?;
            }
        }
        let set =
            "INSERT INTO aw_meta (k, v) VALUES ('schema', ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v";
        let set = sqlx::query(set).bind(STEPS.len().to_string());
        set.execute(&mut *transaction).await.map_err(from_sqlx)?;
        transaction.commit().await.map_err(from_sqlx)?;
    }
    Ok(())
}

async fn version(connection: &mut SqliteConnection) -> sqlx::Result<usize> {
    let table =
        "CREATE TABLE IF NOT EXISTS aw_meta (k TEXT PRIMARY KEY, v TEXT NOT NULL) STRICT, WITHOUT ROWID";
    sqlx::raw_sql(table).execute(&mut *connection).await?;
    let version: Option<String> =
        sqlx::query_scalar("SELECT v FROM aw_meta WHERE k = 'schema'").fetch_optional(connection).await?;
    Ok(version.and_then(|version| version.parse().ok()).unwrap_or_default())
}

fn newer(version: usize) -> Error {
    let text = format!(
        "the database's tables are of version {version}, this program knows them up to {}: run the newer program",
        STEPS.len()
    );
    Error::new(Kind::Internal, "AW7007", text)
}

/// What was found in the tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// The highest number that a delivery can have been given.
    pub(super) last_id: i64,
    /// There are deliveries that may have ended a process.
    pub(super) suspects: bool,
}

/// Makes ready what was claimed: its process is gone, and had the file alone.
/// What had `begun` counts as lost.
pub(super) async fn take_over(connection: &mut SqliteConnection, begun: &[Claim]) -> sqlx::Result<Found> {
    let begun: Vec<_> = begun.iter().map(|claim| (claim.id, claim.epoch)).collect();
    let begun = serde_json::to_string(&begun).expect("numbers are text");
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut lost = 0;
    if !mutant("attempts_after_handler") {
        lost = sqlx::query(LOST).bind(begun).execute(&mut *transaction).await?.rows_affected();
    }
    sqlx::query(RELEASE_ALL).execute(&mut *transaction).await?;
    transaction.commit().await?;
    if lost > 0 {
        tracing::warn!(lost, "deliveries were at work when the last process ended; they are tried again");
    }
    let last_id = "SELECT coalesce((SELECT CAST(v AS INTEGER) FROM aw_meta WHERE k = 'last_id'), 0)";
    let last_id = sqlx::query_scalar(last_id).fetch_one(&mut *connection).await?;
    let suspects = sqlx::query_scalar(SUSPECTS).fetch_one(&mut *connection).await?;
    Ok(Found { last_id, suspects })
}
