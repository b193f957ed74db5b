//! The ports: what an adapter implements, and an in-memory reference of each.

pub(crate) mod consumer;
pub(crate) mod discovery;
pub(crate) mod health;
pub(crate) mod memory;
pub(crate) mod observer;
pub(crate) mod policy;
pub(crate) mod relay;
pub(crate) mod requests;
pub(crate) mod schedule;
pub(crate) mod store;
pub(crate) mod transport;
