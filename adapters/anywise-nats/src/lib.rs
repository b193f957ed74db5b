//! NATS for anywise: events through `JetStream`, commands and queries over
//! request/reply.
//!
//! TODO docs
//!
//! [`Sink`]: anywise_core::Sink

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
