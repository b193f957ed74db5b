//! The slice `order`: takes orders and follows them until they are confirmed or
//! cancelled.
//!
//! It knows no other slice. That an order is paid, or that its stock is
//! reserved, it hears from events; what it wants done about them it says with
//! events and commands of its own.

mod fault;
mod handlers;
mod listeners;
mod order;
mod store;

anywise::slice!(pub SLICE = "order", "Takes orders and follows them until they are confirmed or cancelled.");
