//! The slice `notification`: tells customers what became of their orders.
//!
//! It only listens; nobody needs to know that it exists.

mod handlers;
mod listeners;
mod store;

anywise::slice!(pub SLICE = "notification", "Tells customers what became of their orders.");
