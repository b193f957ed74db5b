//! Messages over HTTP to real servers of anywise-axum, and to others.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod contracts;
mod crossing;
mod desk;
mod errors;
mod hostile;
mod instances;
mod names;
mod once;
mod server;
#[cfg(feature = "tls")]
mod tls;
mod trust;
