//! The HTTP adapter as clients meet it, over real sockets.

mod client;
mod connections;
mod corpus;
mod disconnects;
mod h2;
mod idempotency;
mod limits;
mod malformed;
mod panics;
mod routing;
mod shop;
mod shutdown;
mod trust;
