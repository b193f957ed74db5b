//! The adapter against brokers.
//!
//! The broker is found by `ANYWISE_KAFKA_URL`, by default at `127.0.0.1:19092`;
//! the program for brokers of a test's own by `ANYWISE_TANSU`.
//! `.ci/services.d/kafka` provides both. What is not there is skipped and says
//! so, unless `ANYWISE_REQUIRE` names `kafka`. Errors are planted with the
//! client's mock cluster, which is always there.

mod broker;
mod conformance;
