//! The framework as a user meets it: one module a behaviour.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answering;
mod context;
mod dependencies;
mod durable;
mod envelopes;
mod faults;
mod functions;
mod guards;
mod isolation;
mod observing;
mod policies;
mod ports;
mod publishing;
mod sending;
mod split;
mod stopping;
mod transports;
mod wiring_faults;
