//! The slice `inventory`: knows what is in stock and reserves it for orders.
//!
//! It hears of paid orders and answers with an event whether there is enough.

mod fault;
mod handlers;
mod listeners;
mod store;

anywise::slice!(pub SLICE = "inventory", "Knows what is in stock and reserves it for orders.");
