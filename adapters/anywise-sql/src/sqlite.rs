//! The store on SQLite.

use std::sync::Arc;

use anywise_core::{Batch, BoxFuture, Durable, Result};
use futures_core::stream::BoxStream;
use sqlx::SqlStr;

use crate::session::{Run, Yield};
use crate::statement::Statement;

/// The store on SQLite.
#[derive(Debug)]
pub struct SqliteStore(Arc<Shared>);

impl SqliteStore {
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }
}

/// What sessions need of the store.
#[derive(Debug)]
pub struct Shared;

/// An open transaction.
#[derive(Debug)]
pub enum Session {}

impl Session {
    pub(crate) async fn open(_shared: &Arc<Shared>, _function: &'static str) -> sqlx::Result<Self> {
        Err(sqlx::Error::PoolClosed)
    }

    pub(crate) fn commit(self, _batch: Batch) -> BoxFuture<'static, Result<Durable>> {
        match self {}
    }
}

impl Run<sqlx::Sqlite> for &mut Session {
    fn many<'r>(self: Box<Self>, _: Statement<sqlx::Sqlite>) -> BoxStream<'r, Yield<sqlx::Sqlite>>
    where
        Self: 'r,
    {
        match **self {}
    }

    fn optional<'r>(
        self: Box<Self>,
        _: Statement<sqlx::Sqlite>,
    ) -> BoxFuture<'r, sqlx::Result<Option<sqlx::sqlite::SqliteRow>>>
    where
        Self: 'r,
    {
        match **self {}
    }

    fn prepare<'r>(self: Box<Self>, _: SqlStr) -> BoxFuture<'r, sqlx::Result<sqlx::sqlite::SqliteStatement>>
    where
        Self: 'r,
    {
        match **self {}
    }

    fn describe<'r>(self: Box<Self>, _: SqlStr) -> BoxFuture<'r, sqlx::Result<sqlx::Describe<sqlx::Sqlite>>>
    where
        Self: 'r,
    {
        match **self {}
    }
}

/// How a store on SQLite is opened.
#[derive(Debug)]
pub struct SqliteOptions;
