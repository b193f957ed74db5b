//! The same rows by hand, through the same client: one connection, statements
//! for many rows, and a commit a batch.

use anywise::sql::sqlx::{self, AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection};
use anywise::{Envelope, new_id};

use crate::ours::effect::Happened;
use crate::place::Database;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A connection with the settings of the store's own.
pub(crate) enum Bare {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// A row as the store keeps it.
struct Line {
    id: anywise::Uuid,
    head: String,
    body: Vec<u8>,
}

impl Line {
    fn new(n: u64) -> Self {
        let event = Happened::new(n);
        let body = format!(r#"{{"n":{},"account":"{}","text":"{}"}}"#, event.n, event.account, event.text);
        let mut envelope = Envelope::json("bench.Effect", body);
        envelope.id = new_id();
        Self { id: envelope.id, head: envelope.stored_head(), body: envelope.body.to_vec() }
    }
}

/// What a handler writes.
const EFFECT: &str = "INSERT INTO effect (n, account) VALUES ($1, $2)";

const TARGET: &str = "bench_durable::ours::effect::writes";

impl Bare {
    pub(crate) async fn open(database: &Database) -> Result<Self, Failure> {
        Ok(match database {
            Database::Folder(folder) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new()
                    .filename(folder.path().join("bench.db"))
                    .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
                    .synchronous(sqlx::sqlite::SqliteSynchronous::Full);
                let mut connection = SqliteConnection::connect_with(&options).await?;
                let effect = "CREATE TABLE IF NOT EXISTS effect (n BIGINT NOT NULL, account TEXT NOT NULL)";
                sqlx::raw_sql(effect).execute(&mut connection).await?;
                Self::Sqlite(connection)
            }
            Database::Schema { url, schema } => {
                let mut connection = PgConnection::connect(url).await?;
                let setup = format!(
                    "SET search_path TO {schema}; \
                     CREATE TABLE IF NOT EXISTS effect (n BIGINT NOT NULL, account TEXT NOT NULL)"
                );
                sqlx::raw_sql(AssertSqlSafe(setup)).execute(&mut connection).await?;
                Self::Postgres(connection)
            }
        })
    }

    /// Inserts `count` rows from number `from` on, and commits.
    pub(crate) async fn insert(&mut self, from: usize, count: usize) -> Result<(), Failure> {
        let lines: Vec<_> = (from..from + count).map(|n| Line::new(n as u64)).collect();
        match self {
            Self::Sqlite(connection) => {
                let rows = vec!["(0, 0, ?, ?, ?, ?, NULL, ?, ?, ?)"; count].join(", ");
                let text = format!(
                    "INSERT INTO aw_delivery (state, due, crc, created, msg_id, target, key, name, head, body) VALUES {rows}"
                );
                let mut insert = sqlx::query(AssertSqlSafe(text));
                for line in lines {
                    insert = insert
                        .bind(7_i64)
                        .bind(1_i64)
                        .bind(line.id.as_bytes().to_vec())
                        .bind(TARGET)
                        .bind("bench.Effect")
                        .bind(line.head)
                        .bind(line.body);
                }
                let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
                insert.execute(&mut *transaction).await?;
                transaction.commit().await?;
            }
            Self::Postgres(connection) => {
                let (mut ids, mut heads, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
                for line in lines {
                    ids.push(line.id.to_string());
                    heads.push(line.head);
                    bodies.push(line.body);
                }
                let insert = "INSERT INTO aw_delivery (state, due, crc, msg_id, target, name, head, body) \
                              SELECT 0, now(), 7, id::uuid, $1, $2, head, body \
                              FROM unnest($3::text[], $4::text[], $5::bytea[]) AS t(id, head, body)";
                let mut transaction = connection.begin().await?;
                let insert = sqlx::query(insert).bind(TARGET).bind("bench.Effect");
                insert.bind(ids).bind(heads).bind(bodies).execute(&mut *transaction).await?;
                transaction.commit().await?;
            }
        }
        Ok(())
    }

    /// Claims at most `count` rows and commits; their numbers.
    pub(crate) async fn claim(&mut self, count: i64) -> Result<Vec<i64>, Failure> {
        const BY_STATE: &str = "UPDATE aw_delivery SET state = 1, epoch = epoch + 1, attempts = attempts + 1 \
             WHERE id IN (SELECT id FROM aw_delivery WHERE state = 0 AND losses < 3 AND target = $1 ORDER BY id LIMIT $2) \
             RETURNING id, head, body";
        const LOCKED: &str = "WITH c AS MATERIALIZED (SELECT id FROM aw_delivery WHERE state = 0 AND losses < 3 AND target = $1 \
             ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED) \
             UPDATE aw_delivery d SET state = 1, epoch = epoch + 1, attempts = attempts + 1 FROM c WHERE d.id = c.id \
             RETURNING d.id, head, body";
        Ok(match self {
            Self::Sqlite(connection) => {
                let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
                let rows =
                    sqlx::query(BY_STATE).bind(TARGET).bind(count).fetch_all(&mut *transaction).await?;
                transaction.commit().await?;
                rows.iter().map(|row| row.get(0)).collect()
            }
            Self::Postgres(connection) => {
                let mut transaction = connection.begin().await?;
                let rows = sqlx::query(LOCKED).bind(TARGET).bind(count).fetch_all(&mut *transaction).await?;
                transaction.commit().await?;
                rows.iter().map(|row| row.get(0)).collect()
            }
        })
    }

    /// Writes the effect of each row, one statement each as a handler would,
    /// removes them together, and commits.
    pub(crate) async fn finish(&mut self, ids: &[i64], effect: bool) -> Result<(), Failure> {
        let list = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let delete = format!("DELETE FROM aw_delivery WHERE id IN ({list}) AND epoch = 1 AND state = 1");
        match self {
            Self::Sqlite(connection) => {
                let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
                for id in ids.iter().filter(|_| effect) {
                    sqlx::query(EFFECT)
                        .bind(id)
                        .bind(format!("account-{id}"))
                        .execute(&mut *transaction)
                        .await?;
                }
                sqlx::raw_sql(AssertSqlSafe(delete)).execute(&mut *transaction).await?;
                transaction.commit().await?;
            }
            Self::Postgres(connection) => {
                let mut transaction = connection.begin().await?;
                for id in ids.iter().filter(|_| effect) {
                    sqlx::query(EFFECT)
                        .bind(id)
                        .bind(format!("account-{id}"))
                        .execute(&mut *transaction)
                        .await?;
                }
                sqlx::raw_sql(AssertSqlSafe(delete)).execute(&mut *transaction).await?;
                transaction.commit().await?;
            }
        }
        Ok(())
    }
}
