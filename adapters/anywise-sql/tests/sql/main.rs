//! The stores against their databases, and transactions of handlers on them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod claims;
mod contract;
mod files;
mod full;
mod group;
mod migrations;
mod nested;
mod postgres;
mod slot;
mod support;
mod suspects;
mod transactions;
