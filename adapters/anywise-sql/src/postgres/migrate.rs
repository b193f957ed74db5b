//! The store's tables and the slices', brought up to date.
//!
//! Each step is one transaction, under a lock that every process asks for: one
//! applies it, the others find it applied. A process that dies in one leaves
//! nothing of it.

use std::sync::Arc;

use anywise_core::{Error, Kind, Result};
use sqlx::AssertSqlSafe;
use sqlx::Row;
use sqlx::postgres::PgConnection;

use crate::error::from_sqlx;
use crate::failpoint::point;
use crate::migration::{Applied, pending, sum};
use crate::postgres::Shared;
use crate::postgres::pool::is_answer;
use crate::postgres::transaction::Transaction;

/// Under which the store's own steps are noted; no slice has an empty name.
const OWN: &str = "";
/// The store's own tables, in the order of their steps.
const STEPS: &[(&str, &str)] = &[
    ("0001_store", include_str!("schema.sql")),
    ("0002_inbox", include_str!("inbox.sql")),
    ("0003_begun", include_str!("begun.sql")),
];
/// The lock of migrations, after those of the lanes.
const LOCK: i32 = 1_024;

/// Applies what is missing.
///
/// # Errors
/// `AW7007`: the tables are newer than the program; `AW7008`: a step fails, or was
/// changed; or what the database says.
pub(super) async fn migrate(shared: &Arc<Shared>, slices: &[&'static str]) -> Result<()> {
    while apply_next(shared, slices).await? {}
    Ok(())
}

/// Applies one step; false if there is none.
async fn apply_next(shared: &Arc<Shared>, slices: &[&'static str]) -> Result<bool> {
    let mut transaction = Transaction::begin(&shared.own).await.map_err(from_sqlx)?;
    let connection = transaction.raw();
    prepare(shared, connection).await.map_err(from_sqlx)?;
    let applied = applied(shared, connection).await.map_err(from_sqlx)?;
    let step = next(shared, slices, &applied)?;
    if let Some(step) = &step {
        apply(shared, connection, step).await.map_err(|error| failed(step, error))?;
        point("migrate.each_statement").await?;
    }
    transaction.commit(&shared.own).await?;
    Ok(step.is_some())
}

struct Step {
    slice: &'static str,
    name: &'static str,
    sql: String,
    sum: i64,
}

fn next(shared: &Shared, slices: &[&'static str], applied: &[Applied]) -> Result<Option<Step>> {
    if let Some(own) = next_own(applied)? {
        let sql = own.1.replace("{s}", &format!("\"{}\"", shared.options.schema));
        return Ok(Some(Step { slice: OWN, name: own.0, sql, sum: sum(own.1) }));
    }
    let step = pending(slices, applied, |step| step.postgres)?.into_iter().next();
    Ok(step.map(|step| Step { slice: step.slice, name: step.name, sql: step.sql.to_owned(), sum: step.sum }))
}

fn next_own(applied: &[Applied]) -> Result<Option<&'static (&'static str, &'static str)>> {
    let done: Vec<_> =
        applied.iter().filter(|step| step.slice == OWN).map(|step| step.name.as_str()).collect();
    match done.iter().find(|name| !STEPS.iter().any(|(step, _)| step == *name)) {
        Some(newer) => Err(newer_store(newer)),
        None => Ok(STEPS.iter().find(|(step, _)| !done.contains(step))),
    }
}

/// Takes the lock, and makes what the first step needs.
async fn prepare(shared: &Shared, connection: &mut PgConnection) -> sqlx::Result<()> {
    let schema = &shared.options.schema;
    sqlx::raw_sql("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")
        .execute(&mut *connection)
        .await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1, $2)")
        .bind(shared.space)
        .bind(LOCK)
        .execute(&mut *connection)
        .await?;
    let table = "slice text NOT NULL, name text NOT NULL, sum bigint NOT NULL, at timestamptz NOT NULL DEFAULT now(), \
                 PRIMARY KEY (slice, name)";
    make(connection, schema, "aw_migration", table).await
}

/// Makes a table in which steps are noted, and its schema. What is there is not
/// made again: a role without the right to may still start the program.
pub(super) async fn make(
    connection: &mut PgConnection,
    schema: &str,
    table: &str,
    columns: &str,
) -> sqlx::Result<()> {
    let is_there = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)");
    if !is_there.bind(schema).fetch_one(&mut *connection).await? {
        let create = format!("CREATE SCHEMA \"{schema}\"");
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut *connection).await?;
    }
    let is_there = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL");
    if !is_there.bind(format!("\"{schema}\".{table}")).fetch_one(&mut *connection).await? {
        let create = format!("CREATE TABLE \"{schema}\".{table} ({columns})");
        sqlx::raw_sql(AssertSqlSafe(create)).execute(connection).await?;
    }
    Ok(())
}

async fn applied(shared: &Shared, connection: &mut PgConnection) -> sqlx::Result<Vec<Applied>> {
    let select = format!("SELECT slice, name, sum FROM \"{}\".aw_migration", shared.options.schema);
    let rows = sqlx::query(AssertSqlSafe(select)).fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok(Applied { slice: row.try_get(0)?, name: row.try_get(1)?, sum: row.try_get(2)? }))
        .collect()
}

async fn apply(shared: &Shared, connection: &mut PgConnection, step: &Step) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(step.sql.as_str())).execute(&mut *connection).await?;
    let insert = format!(
        "INSERT INTO \"{}\".aw_migration (slice, name, sum) VALUES ($1, $2, $3)",
        shared.options.schema
    );
    sqlx::query(AssertSqlSafe(insert))
        .bind(step.slice)
        .bind(step.name)
        .bind(step.sum)
        .execute(connection)
        .await?;
    Ok(())
}

/// A lost connection may be tried again; anything else is the step's fault.
fn failed(step: &Step, error: sqlx::Error) -> Error {
    if !is_answer(&error) {
        return from_sqlx(error);
    }
    let text = format!("the migration `{}` of `{}` failed: {error}", step.name, step.slice);
    Error::new(Kind::Internal, "AW7008", text).with_source(error)
}

fn newer_store(name: &str) -> Error {
    let text = format!("the store is newer than this program: it does not know the migration `{name}`");
    Error::new(Kind::Internal, "AW7007", text)
}
