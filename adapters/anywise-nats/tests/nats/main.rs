//! The adapter against real servers.
//!
//! The server is found by `ANYWISE_NATS_URL`, by default at
//! `nats://127.0.0.1:4322`; the program for servers that are crashed by
//! `ANYWISE_NATS_SERVER`. `.ci/services.d/nats` provides both. What is not there
//! is skipped and says so, unless `ANYWISE_REQUIRE` names `nats`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod conformance;
mod dead_letters;
mod declaring;
mod foreign;
mod outages;
mod refusals;
mod requests;
mod server;
