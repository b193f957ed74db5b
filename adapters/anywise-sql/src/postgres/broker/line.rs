//! Statements to the server: each answered in time, or its connection is closed.

use std::sync::Arc;
use std::time::Duration;

use anywise_core::{Error, Result};
use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow};
use tokio::time::timeout;

use crate::postgres::broker::error::{away, translate};
use crate::postgres::pool::{Connection, Connections, is_answer};

/// A statement and what is bound to it.
pub(super) type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, PgArguments>;

/// Connections to the server, all of one kind.
#[derive(Debug)]
pub(super) struct Line {
    connections: Arc<Connections>,
    address: Arc<str>,
    patience: Duration,
}

impl Line {
    /// At most `most` of them; none is opened before it is asked for.
    pub(super) fn new(options: PgConnectOptions, most: u32, address: &Arc<str>, patience: Duration) -> Self {
        let connections = Connections::new(options, most, patience);
        Self { connections, address: Arc::clone(address), patience }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// One of the connections.
    pub(super) async fn get(&self) -> Result<Connection> {
        self.connections.get().await.map_err(|error| self.error("connecting", error))
    }

    pub(super) fn error(&self, what: &str, error: sqlx::Error) -> Error {
        translate(&self.address, what, error)
    }

    /// The rows that a statement gives.
    pub(super) async fn rows(&self, what: &str, query: Query<'_>) -> Result<Vec<PgRow>> {
        let mut connection = self.get().await?;
        let answer = timeout(self.patience, query.fetch_all(connection.raw())).await;
        self.settle(what, connection, answer.ok())
    }

    /// How many rows a statement concerns.
    pub(super) async fn run(&self, what: &str, query: Query<'_>) -> Result<u64> {
        let mut connection = self.get().await?;
        let answer = timeout(self.patience, query.execute(connection.raw())).await;
        self.settle(what, connection, answer.ok()).map(|done| done.rows_affected())
    }

    fn settle<T>(&self, what: &str, connection: Connection, answer: Option<sqlx::Result<T>>) -> Result<T> {
        let Some(answer) = answer else {
            self.connections.distrust();
            return Err(away(&self.address, format!("{what}: no answer within {:?}", self.patience)));
        };
        connection.put_back_after(&answer);
        answer.map_err(|error| {
            if !is_answer(&error) {
                self.connections.distrust();
            }
            self.error(what, error)
        })
    }
}
