//! Kafka for anywise: events between processes.
//!
//! ```no_run
//! use anywise::prelude::*;
//! use anywise_kafka::Kafka;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let kafka = Kafka::new("kafka-1:9092,kafka-2:9092").prefix("shop").partitions(12).replication(3);
//! let app = App::builder().transport(kafka).build().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Out: [`Sink::send`](anywise_core::Sink::send) makes a record of an envelope,
//! a CloudEvent in binary mode with the envelope's key, and is done when every
//! in-sync replica has it. In: each subscription is a member of the consumer
//! group `<prefix>.<group>`. What it receives is read from the partitions when
//! there is room for it; what is settled moves the offset of its partition as
//! far as nothing before it is missing, and is done when the broker has
//! confirmed that.
//!
//! What is declared on the broker, what is guaranteed and what was tested is in
//! `docs/transports/kafka.md`.

mod begin;
mod config;
mod connection;
mod error;
mod member;
mod partition;
mod record;
mod sink;
mod source;
mod topology;
mod tracker;
mod transport;

pub use config::{Balance, Compression, Kafka, Layout, Missing};

/// The page for operators, whose code is compiled with the crate's.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/transports/kafka.md")]
struct Page;
