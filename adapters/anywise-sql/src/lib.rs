//! Durable stores for [anywise](https://docs.rs/anywise): SQLite and Postgres.
//!
//! A store keeps every delivery until it is settled, and commits what a message
//! did as one: the statements of its [`Tx`], the events it recorded and the mark
//! that it was handled. Requests come in through core's
//! [`Store`](anywise_core::Store) port and through [`Tx`]; they leave as rows.
//! No message type appears in this crate, and none of the application's policy:
//! retries, their waits and what becomes of a delivery are core's.
//!
//! [`PostgresBroker`] is beside all that: Postgres as a transport of events, for
//! processes whose stores have nothing to do with each other.

mod batch;
mod database;
mod error;
mod failpoint;
mod migration;
mod nested;
mod postgres;
mod reader;
mod row;
mod session;
mod sqlite;
mod statement;
mod tx;

pub use database::{Any, Database, Postgres, Sqlite};
pub use migration::{Migration, MigrationEntry};
pub use postgres::{PostgresBroker, PostgresOptions, PostgresStore};
pub use reader::Reader;
pub use sqlite::{SqliteOptions, SqliteStats, SqliteStore};
pub use sqlx;
pub use tx::Tx;

#[doc(hidden)]
pub use failpoint::names as failpoints;
#[cfg(feature = "failpoints")]
#[doc(hidden)]
pub use failpoint::pass as pass_failpoint;

/// The broker's page for operators, whose code is compiled with the crate's.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/transports/postgres.md")]
struct Page;

/// What [`migrations!`] expands to. Not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use inventory;
}
