//! Against real servers: the suite that every transport passes, and what is
//! Redis' own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod durability;
mod groups;
mod refusals;
mod server;
mod suite;
#[cfg(feature = "tls")]
mod tls;
mod trouble;
