//! Postgres as a broker: sqlx by hand. A queue of 256 in front of one connection,
//! whose task writes what has come together as one `INSERT`, and tells those who
//! wait. Consuming claims 256 rows with `FOR UPDATE SKIP LOCKED` and deletes them,
//! and waits for a `NOTIFY` where there are none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anywise::sql::PostgresBroker;
use anywise::sql::sqlx::postgres::{PgConnectOptions, PgListener};
use anywise::sql::sqlx::{self, AssertSqlSafe, Connection as _, PgConnection, Row as _};
use anywise::{Transport, new_id};
use tokio::sync::{mpsc, oneshot};

use crate::broker::{Broker, Done, Hand, read};
use crate::ours::shop::Sold;
use crate::place::EVENT;
use crate::tally::Tally;

/// Rows of one statement by hand.
const BATCH: usize = 256;

const TABLES: &str = "
CREATE TABLE hand (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL, taken timestamptz
);
CREATE TABLE same (
    grp text NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, key text,
    head text NOT NULL, body bytea NOT NULL, at timestamptz NOT NULL DEFAULT now(), taken timestamptz
)";

pub(crate) fn url() -> String {
    let url = std::env::var("ANYWISE_POSTGRES");
    url.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned())
}

/// The queue of the task that writes, in a schema of its own.
pub(crate) struct Bare {
    url: String,
    schema: String,
    rows: mpsc::Sender<Line>,
    /// Whether a hint follows each statement: only while somebody waits for one.
    hints: Arc<AtomicBool>,
}

/// An event for the task that writes.
struct Line {
    hand: Hand,
    key: String,
    head: String,
    body: Vec<u8>,
    done: oneshot::Sender<()>,
}

impl Line {
    fn new(hand: Hand, event: &Sold, done: oneshot::Sender<()>) -> Done<Self> {
        let head = if hand == Hand::Same { head(event) } else { String::new() };
        Ok(Self { hand, key: event.order.clone(), head, body: serde_json::to_vec(event)?, done })
    }
}

/// The attributes that ours writes.
fn head(event: &Sold) -> String {
    let (id, time) = (new_id().to_string(), anywise::Timestamp::now().to_string());
    serde_json::json!({
        "ce-specversion": "1.0", "ce-id": id, "ce-source": "/bench", "ce-type": EVENT, "ce-time": time,
        "ce-partitionkey": event.order, "ce-correlationid": id, "content-type": "application/json",
    })
    .to_string()
}

async fn connect(url: &str, schema: &str) -> sqlx::Result<PgConnection> {
    let options: PgConnectOptions = url.parse()?;
    PgConnection::connect_with(&options.options([("search_path", schema)])).await
}

/// Writes what has come together.
async fn write(
    mut connection: PgConnection,
    mut rows: mpsc::Receiver<Line>,
    hints: Arc<AtomicBool>,
) -> sqlx::Result<()> {
    let mut batch = Vec::new();
    while rows.recv_many(&mut batch, BATCH).await > 0 {
        let bodies: Vec<_> = batch.iter().map(|row| row.body.as_slice()).collect();
        let insert = if batch[0].hand == Hand::Plain {
            sqlx::query("INSERT INTO hand (body) SELECT * FROM unnest($1::bytea[])").bind(bodies)
        } else {
            let insert = "INSERT INTO same (grp, name, key, head, body)
                          SELECT 'office', 'shop.Sold', * FROM unnest($2::text[], $3::text[], $1::bytea[])";
            sqlx::query(insert)
                .bind(bodies)
                .bind(batch.iter().map(|row| row.key.as_str()).collect::<Vec<_>>())
                .bind(batch.iter().map(|row| row.head.as_str()).collect::<Vec<_>>())
        };
        insert.execute(&mut connection).await?;
        batch.drain(..).for_each(|row| row.done.send(()).unwrap_or_default());
        if hints.load(Ordering::Relaxed) {
            sqlx::query("NOTIFY bench").execute(&mut connection).await?;
        }
    }
    Ok(())
}

impl Broker for Bare {
    const SAME: Option<&'static str> = Some("same fields");

    async fn connect(url: &str, prefix: &str) -> Done<Self> {
        let mut connection = connect(url, prefix).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA {prefix}"))).execute(&mut connection).await?;
        sqlx::raw_sql(TABLES).execute(&mut connection).await?;
        let (sender, rows) = mpsc::channel(1024);
        let hints = Arc::<AtomicBool>::default();
        // It ends with an error at most: those who wait for its answers see that.
        tokio::spawn(write(connection, rows, Arc::clone(&hints)));
        Ok(Self { url: url.to_owned(), schema: prefix.to_owned(), rows: sender, hints })
    }

    fn transport(&self) -> Arc<dyn Transport> {
        Arc::new(PostgresBroker::new(&self.url).prefix(&self.schema).accept_weaker_durability())
    }

    async fn publish_one(&self, hand: Hand, event: &Sold) -> Done {
        let (done, sent) = oneshot::channel();
        self.rows.send(Line::new(hand, event, done)?).await.map_err(|_| "nobody writes")?;
        Ok(sent.await?)
    }

    /// Like ours, the disk is not waited for.
    async fn consume(&self, hand: Hand, tally: &Tally, count: usize) -> Done {
        let table = if hand == Hand::Plain { "hand" } else { "same" };
        let mut connection = connect(&self.url, &self.schema).await?;
        let quick = "SET synchronous_commit = off; SET enable_seqscan = off; SET enable_hashjoin = off";
        sqlx::raw_sql(quick).execute(&mut connection).await?;
        let mut listener = PgListener::connect(&self.url).await?;
        listener.listen("bench").await?;
        self.hints.store(true, Ordering::Relaxed);
        let claim = format!(
            "UPDATE {table} SET taken = now() WHERE id = ANY (ARRAY(
                SELECT id FROM {table} WHERE taken IS NULL ORDER BY id LIMIT {BATCH} FOR UPDATE SKIP LOCKED
             )) RETURNING id, body"
        );
        let delete = format!("DELETE FROM {table} WHERE id = ANY ($1)");
        let mut done = 0;
        while done < count {
            let rows = sqlx::query(AssertSqlSafe(claim.as_str())).fetch_all(&mut connection).await?;
            if rows.is_empty() {
                drop(tokio::time::timeout(Duration::from_millis(500), listener.recv()).await);
                continue;
            }
            let mut ids = Vec::<i64>::new();
            for row in rows {
                tally.note(read(row.get(1))?.at);
                ids.push(row.get(0));
            }
            done += ids.len();
            sqlx::query(AssertSqlSafe(delete.as_str())).bind(ids).execute(&mut connection).await?;
        }
        self.hints.store(false, Ordering::Relaxed);
        Ok(())
    }

    async fn purge(&self) -> Done {
        let mut connection = connect(&self.url, &self.schema).await?;
        let empty = "TRUNCATE hand, same, aw_broker_message, aw_broker_delivery";
        sqlx::raw_sql(empty).execute(&mut connection).await?;
        Ok(())
    }

    async fn delete(&self) -> Done {
        let mut connection = connect(&self.url, &self.schema).await?;
        let drop = format!("SET client_min_messages = error; DROP SCHEMA IF EXISTS {} CASCADE", self.schema);
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connection).await?;
        Ok(())
    }
}
