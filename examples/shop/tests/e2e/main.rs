//! The shop as strangers meet it: its slices through the dispatcher, its
//! contract over HTTP, its program as a process.

mod architecture;
mod client;
mod crowd;
mod customers;
mod home;
mod http;
mod ledger;
mod operations;
mod process;
mod program;
mod sending;
mod split;
mod stock;
mod survival;
