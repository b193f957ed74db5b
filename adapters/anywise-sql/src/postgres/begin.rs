//! The moment in which a delivery's function is called.
//!
//! Many that begin at the same time are one statement, on a connection whose
//! commits do not wait for the disk: what it says need only outlive this process.
//! If the server loses it, no message is suspected of that.

use std::collections::HashSet;
use std::sync::Arc;

use anywise_core::{BoxFuture, Claim, Error, Result};

use crate::batch::Worker;
use crate::error::from_sqlx;
use crate::failpoint::point;
use crate::postgres::pool::Connections;
use crate::postgres::statements::Sql;
use crate::postgres::worker::same;

/// Notes what begins.
#[derive(Debug)]
pub(super) struct Beginner {
    pub(super) connections: Arc<Connections>,
    pub(super) sql: Sql,
    pub(super) owner: String,
}

impl Beginner {
    /// Which of these are held, and have begun now.
    async fn begin(&self, claims: &[Claim]) -> Result<HashSet<i64>> {
        let mut connection = self.connections.get().await.map_err(from_sqlx)?;
        let query = sqlx::query_scalar(self.sql.text())
            .bind(claims.iter().map(|claim| claim.id).collect::<Vec<_>>())
            .bind(claims.iter().map(|claim| claim.epoch).collect::<Vec<_>>())
            .bind(&self.owner);
        let begun = query.fetch_all(connection.raw()).await;
        connection.put_back_after(&begun);
        point("queue.after_begin").await?;
        Ok(begun.map_err(from_sqlx)?.into_iter().collect())
    }
}

impl Worker for Beginner {
    type Request = Claim;
    type Answer = bool;

    fn work(self: Arc<Self>, claims: Vec<Claim>) -> BoxFuture<'static, Vec<Result<bool>>> {
        Box::pin(async move {
            let begun: Result<_, Error> = self.begin(&claims).await;
            match begun {
                Ok(begun) => claims.iter().map(|claim| Ok(begun.contains(&claim.id))).collect(),
                Err(error) => claims.iter().map(|_| Err(same(&error))).collect(),
            }
        })
    }
}
