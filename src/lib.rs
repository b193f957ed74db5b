//! Vertical slices that meet only through messages.
//!
//! An application is a set of slices that never import each other. A slice is
//! plain functions with attributes; they are found at link time, checked
//! together at start-up, and connected only by messages.
//!
//! This crate is the one a user depends on. It holds no logic: it re-exports
//! `anywise-core` and the attributes of `anywise-macros`.

pub use anywise_core::*;
pub use anywise_macros::*;

#[doc(hidden)]
pub use anywise_core::__private;

/// What most slices import.
///
/// `Result` is [`anywise::Result`](crate::Result): its error defaults to
/// [`anywise::Error`](crate::Error), and `Result<T, MyError>` still works.
pub mod prelude {
    pub use anywise_core::{
        App, Authorization, Cancellation, Commands, Context, Deadline, Dispatcher, Error, Events, Fault,
        Header, JsonView, Kind, Next, Principal, Provided, Queries, Result,
    };
    pub use anywise_macros::{
        Fault, command, config, data, event, guard, handler, handlers, listen, one_of, provide, query,
    };
}

#[cfg(doctest)]
mod error_pages;

/// The README, so that its code is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
