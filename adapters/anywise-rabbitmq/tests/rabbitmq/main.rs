//! RabbitMQ as a transport, on a real broker.
//!
//! Tests use the broker at `ANYWISE_RABBITMQ_URL` (default: the local one), each
//! with a prefix of its own that is removed when it ends. Tests that crash or
//! configure a broker start one of their own. Where there is none, they say so
//! and pass, unless `ANYWISE_REQUIRE` names `rabbitmq`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod conformance;
mod connections;
mod corner;
mod dead;
mod foreign;
mod own;
mod proxy;
mod publishing;
mod sharing;
#[cfg(feature = "tls")]
mod tls;
mod topology;
