//! The broker's tables, brought up to date.
//!
//! All steps are one transaction, under a lock that every process asks for: one
//! applies them, the others find them applied.

use anywise_core::{Kind, Result};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use crate::postgres::broker::Broker;
use crate::postgres::broker::error::{away, refused, unfit};
use crate::postgres::broker::statements::fill;
use crate::postgres::migrate::make;

/// The oldest server that is known to do.
const OLDEST: i32 = 130_000;
/// The steps, in their order.
const STEPS: &[(&str, &str)] = &[("0001_broker", include_str!("schema.sql"))];

const CHECK: &str = "SELECT current_setting('server_version_num')::int, current_setting('fsync') <> 'off', pg_is_in_recovery()";

impl Broker {
    /// Whether the server is fit to keep anything; says whether it outlives a crash.
    ///
    /// # Errors
    /// `AW3023`: it is not, or `AW2021`: it is too old.
    pub(super) async fn check(&self) -> Result<bool> {
        let mut connection = self.control.get().await?;
        let facts = sqlx::query_as(CHECK).fetch_one(connection.raw()).await;
        connection.put_back_after(&facts);
        let facts = facts.map_err(|error| self.control.error("asking what it is", error))?;
        let (version, is_durable, is_standby): (i32, bool, bool) = facts;
        let address = self.control.address();
        if version < OLDEST {
            let text = format!("PostgreSQL {} is too old: 13 or newer is needed", version / 10_000);
            return Err(refused(Kind::Internal, address, text));
        }
        if is_standby {
            return Err(away(address, "it is a standby, which cannot be written to"));
        }
        if !is_durable && !self.settings.weaker {
            let text = "fsync is off: what it has confirmed would not survive a crash; turn it on, or \
                        `accept_weaker_durability`";
            return Err(unfit(address, text));
        }
        Ok(is_durable)
    }

    /// Applies what is missing.
    ///
    /// # Errors
    /// `AW2021`: the tables are newer than the program, or a step fails; or that
    /// the server does not answer.
    pub(super) async fn migrate(&self) -> Result<()> {
        let mut connection = self.control.get().await?;
        let newer = self.apply(connection.raw()).await;
        connection.put_back_after(&newer);
        match newer.map_err(|error| self.control.error("making its tables", error))? {
            None => Ok(()),
            Some(name) => {
                let text = format!("its tables are newer than this program: it does not know `{name}`");
                Err(refused(Kind::Internal, self.control.address(), text))
            }
        }
    }

    /// Applies what is missing, unless there is a step that nobody knows here.
    async fn apply(&self, connection: &mut PgConnection) -> sqlx::Result<Option<String>> {
        let prefix = &self.settings.prefix;
        let mut transaction = connection.begin().await?;
        for text in [
            "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; SET LOCAL synchronous_commit = on",
            "SELECT pg_advisory_xact_lock(hashtextextended('{prefix}/', 0))",
        ] {
            sqlx::raw_sql(AssertSqlSafe(fill(text, prefix))).execute(&mut *transaction).await?;
        }
        let columns = "name text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now()";
        make(&mut transaction, prefix, "aw_broker_migration", columns).await?;
        let select = fill("SELECT name FROM {s}.aw_broker_migration", prefix);
        let done: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(select)).fetch_all(&mut *transaction).await?;
        if let Some(newer) = done.iter().find(|name| STEPS.iter().all(|(step, _)| step != name)) {
            transaction.rollback().await?;
            return Ok(Some(newer.clone()));
        }
        for (name, text) in STEPS.iter().filter(|(step, _)| done.iter().all(|name| name != step)) {
            sqlx::raw_sql(AssertSqlSafe(fill(text, prefix))).execute(&mut *transaction).await?;
            let insert = fill("INSERT INTO {s}.aw_broker_migration (name) VALUES ($1)", prefix);
            sqlx::query(AssertSqlSafe(insert)).bind(*name).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(None)
    }
}
