//! Vertical slices that meet only through messages.
//!
//! An application is a set of slices that never import each other. A slice is
//! plain functions with attributes; they are found at link time, checked
//! together at start-up, and connected only by messages.
//!
//! This crate is the one a user depends on. It holds no logic: it re-exports
//! `anywise-core` and the attributes of `anywise-macros`.

pub use anywise_core::*;
#[doc = include_str!("../docs/attributes/fault.md")]
pub use anywise_macros::Fault;
#[doc = include_str!("../docs/attributes/command.md")]
pub use anywise_macros::command;
#[doc = include_str!("../docs/attributes/config.md")]
pub use anywise_macros::config;
#[doc = include_str!("../docs/attributes/data.md")]
pub use anywise_macros::data;
#[doc = include_str!("../docs/attributes/event.md")]
pub use anywise_macros::event;
#[doc = include_str!("../docs/attributes/guard.md")]
pub use anywise_macros::guard;
#[doc = include_str!("../docs/attributes/handler.md")]
pub use anywise_macros::handler;
#[doc = include_str!("../docs/attributes/handlers.md")]
pub use anywise_macros::handlers;
#[doc = include_str!("../docs/attributes/listen.md")]
pub use anywise_macros::listen;
#[doc = include_str!("../docs/attributes/one_of.md")]
pub use anywise_macros::one_of;
#[doc = include_str!("../docs/attributes/provide.md")]
pub use anywise_macros::provide;
#[doc = include_str!("../docs/attributes/query.md")]
pub use anywise_macros::query;

#[doc = include_str!("../docs/attributes/schedule.md")]
pub use anywise_macros::schedule;

#[cfg(feature = "sql")]
pub use anywise_sql as sql;

#[doc(hidden)]
pub use anywise_core::__private;

/// What most slices import.
///
/// `Result` is [`anywise::Result`](crate::Result): its error defaults to
/// [`anywise::Error`](crate::Error), and `Result<T, MyError>` still works.
pub mod prelude {
    pub use anywise_core::{
        App, Authorization, Cancellation, Commands, Context, Deadline, Dispatcher, Error, Events, Fault,
        Header, JsonView, Kind, Next, Outbox, Principal, Provided, Queries, Result, Schedule, Tick,
    };
    pub use anywise_macros::{
        Fault, command, config, data, event, guard, handler, handlers, listen, one_of, provide, query,
        schedule,
    };
    #[cfg(feature = "sql")]
    pub use anywise_sql::{Reader, Tx};
}

#[cfg(doctest)]
mod error_pages;

/// The user's page on durability, so that its code is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../docs/transports/README.md")]
#[doc = include_str!("../docs/durability.md")]
struct Durability;

/// The README, so that its code is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
