//! The shop: four slices, one program.
//!
//! The slices `order`, `payment`, `inventory` and `notification` are crates of
//! their own that know only each other's messages. This crate puts them
//! together: it names them, guards all of them, and gives them HTTP, pages and
//! a command line. Nothing about orders or money is in it.

mod app;
pub mod cli;
mod guards;
mod pages;
mod serve;

pub use app::{SLICES, builder};
pub use pages::export;
pub use serve::serve;
