//! Events between [anywise](https://docs.rs/anywise) processes over Redis
//! Streams.
//!
//! A [`Redis`] is a transport: events that an application publishes leave
//! through its sink as entries of a stream for each group that listens, and
//! come in through one consumer of that stream a process. This crate only
//! translates between core's ports and the client; retries, backoff, ordering by
//! key and dead letters are core's. No message type appears here.
//!
//! What it declares on the server, and what that means for operators, is in
//! [`docs/transports/redis.md`](https://github.com/anywise/anywise/blob/main/docs/transports/redis.md).
//!
//! # Examples
//! ```no_run
//! use anywise::prelude::*;
//! use anywise_redis::Redis;
//!
//! # async fn example() -> Result<(), anywise::BuildError> {
//! let app = App::builder()
//!     .name("shop")
//!     .transport(Redis::new("redis://127.0.0.1:6379").prefix("shop"))
//!     .build()
//!     .await?;
//! # Ok(())
//! # }
//! ```

mod config;
mod connection;
mod durability;
mod entry;
mod error;
mod foreign;
mod names;
mod reader;
mod routes;
mod scripts;
mod sink;
mod source;
#[cfg(feature = "tls")]
mod tls;
mod topology;
mod writer;

pub use config::Redis;

/// The page for operators, whose code is compiled with the crate's.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/transports/redis.md")]
struct Page;
