//! The messages of the shop: all that its slices know of each other.
//!
//! One module a slice, holding its commands, queries and events, and the data
//! inside them. What a message causes is in its slice's crate, not here. Slices
//! depend on this crate and never on each other.

pub mod inventory;
mod money;
pub mod notification;
pub mod order;
pub mod payment;

pub use money::Cents;
