//! Handlers of [anywise](https://docs.rs/anywise) applications elsewhere, over
//! HTTP.
//!
//! The other side is any server of `anywise-axum`, as it is: messages go to the
//! routes that they name (`http = "POST /payments"`), their fields in the path,
//! the query string or the JSON body, and replies and problem documents come
//! back as replies and errors.
//!
//! - [`HttpRemote`] is a [`Remote`](anywise_core::Remote): an application sends
//!   through it what has no handler in its own process.
//! - [`Client`] is for programs that are no application:
//!   `Client::connect("http://127.0.0.1:3000")?.send(CreatePayment { .. }).await?`.
//!
//! # What crosses
//!
//! | of the message | as |
//! |---|---|
//! | its fields | path, query string or JSON body, as its route says |
//! | its headers | headers, but for those of HTTP itself |
//! | the idempotency key of a command, else its id | `Idempotency-Key` |
//! | correlation id | `x-correlation-id` |
//! | trace context | `traceparent`, `tracestate` |
//! | deadline | `aw-deadline-ms`: the server stops when the sender does |
//! | principal, message id, causation id | `aw-…`, if the server [trusts](HttpRemote::secret) the sender |
//!
//! Errors come back with the same kind, status, code, detail, fields and time to
//! try again, and with the fault itself if it was declared with `#[fault(wire)]`:
//! `downcast_ref` gives it back. What went wrong on the way has a code of its
//! own: `AW2101` to `AW2109`.
//!
//! # Several instances
//!
//! Calls go round robin to the instances of a target, however they are found
//! ([`HttpRemote::found`]). One that refuses connections is skipped for a while,
//! and the call goes to the next: nothing had been sent. Time-outs, retries and
//! a circuit breaker are [`RemotePolicy`](anywise_core::RemotePolicy), which
//! stands around any remote.

mod address;
mod balance;
mod client;
mod connection;
mod head;
mod limits;
mod passage;
mod problem;
mod remote;
mod reply;
#[cfg_attr(not(feature = "tls"), path = "plain.rs")]
mod tls;

pub use client::Client;
pub use limits::HttpLimits;
pub use remote::HttpRemote;
