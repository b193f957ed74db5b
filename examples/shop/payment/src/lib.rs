//! The slice `payment`: takes money and gives it back.
//!
//! It asks `order` what an order costs, and tells what it took and gave back
//! with events. [`Gateway`] is its way to the card company; an application may
//! bring another one.

mod checkout;
mod fault;
mod gateway;
mod guards;
mod handlers;
mod listeners;
mod store;

pub use gateway::{Declined, Gateway};

anywise::slice!(pub SLICE = "payment", "Takes money and gives it back.");
