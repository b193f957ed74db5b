//! The framework as a user meets it: one module a behaviour.

mod answering;
mod context;
mod dependencies;
mod envelopes;
mod functions;
mod guards;
mod isolation;
mod ports;
mod publishing;
mod sending;
mod stopping;
mod wiring_faults;
