//! The shop: four slices, one program.
//!
//! The slices `order`, `payment`, `inventory` and `notification` are crates of
//! their own that know only each other's messages. This crate puts them
//! together: it names them, guards all of them, and gives them a store, HTTP,
//! pages and a command line. Nothing about orders or money is in it.

mod app;
pub mod cli;
mod data;
mod guards;
mod http;
mod network;
mod operate;
mod operations;
mod pages;

pub use app::{SLICES, builder};
pub use data::{Data, Scratch};
pub use http::http;
pub use pages::export;
