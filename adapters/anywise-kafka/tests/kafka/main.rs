//! The adapter against brokers.
//!
//! The broker is found by `ANYWISE_KAFKA_URL`, by default at `127.0.0.1:19092`;
//! other clients by `ANYWISE_KAFKA_PYTHON` and `ANYWISE_KAFKA_JAVA`, folders with
//! kafka-python and with the jars of kafka-clients. `.ci/services.d/kafka`
//! provides them all. What is not there is skipped and says so, unless
//! `ANYWISE_REQUIRE` names `kafka`. Errors are planted with the client's mock
//! cluster, which is always there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod broker;
mod conformance;
mod declaring;
mod interop;
mod receiving;
mod sending;
