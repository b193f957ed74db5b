//! Events between [anywise](https://docs.rs/anywise) processes over NATS
//! `JetStream`, commands and queries over its request/reply.
//!
//! A [`Nats`] is a transport: events that an application publishes leave through
//! its sink into a stream, and come in through a durable pull consumer of that
//! stream, one for each slice that listens. Requests for handlers here come in
//! through its ingress; those for handlers elsewhere leave through its
//! [`remote`](Nats::remote). This crate only translates between core's ports and
//! the client; retries, backoff, ordering by key and dead letters are core's. No
//! message type appears here, and no type of the client in its interface.
//!
//! What it declares on the server, what is promised, and what that means for
//! operators, is in
//! [`docs/transports/nats.md`](https://github.com/anywise/anywise/blob/main/docs/transports/nats.md).
//!
//! # Examples
//! ```no_run
//! use anywise::prelude::*;
//! use anywise_nats::Nats;
//!
//! # async fn example() -> Result<(), anywise::BuildError> {
//! let nats = Nats::new("nats://127.0.0.1:4222").prefix("shop");
//! let app = App::builder()
//!     .name("shop")
//!     .transport(nats.clone())
//!     .remote(nats.remote())
//!     .build()
//!     .await?;
//! # Ok(())
//! # }
//! ```

mod again;
mod config;
mod connection;
mod delivery;
mod error;
mod names;
mod nats;
mod pull;
mod requests;
mod service;
mod sink;
mod source;
mod topology;
mod wire;

pub use nats::Nats;

/// The page for operators, whose code is compiled with the crate's.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/transports/nats.md")]
struct Page;
