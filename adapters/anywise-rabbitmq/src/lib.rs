//! Events of anywise over RabbitMQ.
//!
//! ```no_run
//! # async fn example() -> anywise_core::Result<()> {
//! use anywise_core::App;
//! use anywise_rabbitmq::RabbitMq;
//!
//! let rabbit = RabbitMq::new("amqp://guest:guest@127.0.0.1:5672").prefix("shop");
//! let app = App::builder().name("shop").transport(rabbit).build().await?;
//! # Ok(())
//! # }
//! ```
//!
//! One durable topic exchange has the name of the prefix. Each group has a
//! durable quorum queue, bound to the exchange by the wire names of the events
//! that it listens to; what it cannot handle is kept in a queue beside it.
//!
//! ```text
//! out: Sink::send ─► sink ─► confirms ─► exchange `shop` ─► queue `shop.stock`
//! in:  queue `shop.stock` ─► source ─► core ─► Source::settle ─► basic.ack
//!                                         └─► exchange `shop.dead` ─► queue `shop.stock.dead`
//! ```
//!
//! This crate only translates. What is tried again, and when, how keys wait for
//! each other, and when a lost source is subscribed to again, is core's. What is
//! promised, and what it was tested against, is in `docs/transports/rabbitmq.md`.

mod config;
mod confirms;
mod connection;
mod dead;
mod error;
mod foreign;
mod properties;
mod sink;
mod source;
mod topology;
mod transport;
mod unsettled;

pub use config::RabbitMq;
