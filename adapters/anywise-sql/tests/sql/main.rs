//! The store on SQLite, and transactions of handlers on it.

mod claims;
mod files;
mod full;
mod group;
mod migrations;
mod slot;
mod support;
mod transactions;
