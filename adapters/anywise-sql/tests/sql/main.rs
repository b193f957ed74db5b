//! The stores against their databases, and transactions of handlers on them.

mod claims;
mod contract;
mod files;
mod full;
mod group;
mod migrations;
mod postgres;
mod slot;
mod support;
mod transactions;
