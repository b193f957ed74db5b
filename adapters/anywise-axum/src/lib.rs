//! HTTP for [anywise](https://docs.rs/anywise): a route for each message that
//! names one, and a server with every limit on.
//!
//! Requests come in from hyper, become the JSON of a message, and go to the
//! application's dispatcher; replies and errors go back as JSON and as RFC 9457
//! problem documents. No message type appears in this crate, and none of the
//! application's policy: guards, retries and timeouts are core's.
//!
//! Three ways to use it, from most to least done for you:
//! - `app.serve(Http::bind("127.0.0.1:3000"))`: [`Http`].
//! - [`router`] gives the messages' routes, to mount where you like;
//!   [`serve`] serves any [`axum::Router`] under our [`Limits`].
//! - [`router`] under a server of your own, with its limits.
//!
//! # From a request to a message
//!
//! | part of the request | becomes |
//! |---|---|
//! | JSON body of POST, PUT, PATCH | the message |
//! | `{name}` in the path | its field `name`, read as the message's JSON Schema says |
//! | `?name=…` | its field `name`; repeated for a list |
//! | `Idempotency-Key` of a command, not sent by GET | the key under which it is carried out once |
//! | headers | [`Header`](anywise_core::Header)`<H>`; `aw-…` of strangers is dropped |
//! | `aw-deadline-ms` | when the caller stops waiting |
//! | `traceparent`, `tracestate` | the trace context |
//! | `x-request-id` or `x-correlation-id` | the correlation id, if it is 1 to 64 letters, digits or `-` |
//!
//! A field given in two places must be the same in both. The handler runs to
//! its end even when the client hangs up; a panic in it is a 500.
//!
//! # A request that is sent twice
//!
//! A client that does not know whether its POST, PUT, PATCH or DELETE arrived
//! sends it again under the same `Idempotency-Key`: 1 to 128 printable ASCII
//! characters, one header line. With a store ([`AppBuilder::store`]) the command
//! is then carried out once, and answered alike each time: the same status, the
//! same `Location`, the same bytes. The rules:
//! - A key belongs to one command type and one principal. The same key with
//!   another message is 422 `idempotency.mismatch`.
//! - Guards run each time; who may not ask is not told what was answered.
//! - Only success is remembered, in the commit of its effects. What failed may
//!   be tried again under the same key.
//! - Replies are remembered for 24 hours unless the store's
//!   [`Retention`](anywise_core::Retention) says otherwise.
//! - Without a store nothing is remembered, and the key says nothing; so it does
//!   on a query.
//!
//! [`AppBuilder::store`]: anywise_core::AppBuilder::store
//!
//! # Processes of ours
//!
//! Any server of this crate can be the other side of `anywise-http`, as it is:
//! the client uses the messages' routes. Two switches, both off, give processes
//! of your own more than strangers have:
//! - [`Http::trust`] says which callers are believed when they say on whose
//!   behalf they ask, and what caused the message.
//! - [`Http::every_message`] serves each command and query to trusted callers,
//!   also those without a route, at `POST /anywise/messages/{wire name}`.
//!
//! Problem documents have members for programs: `fault`, the error itself if it
//! was declared with `#[fault(wire)]`; `retry_after_ms`; and `kind` where the
//! status does not say it.
//!
//! # What is answered without reaching the application
//!
//! | | |
//! |---|---|
//! | 400 `AW1024` | a parameter that does not fit its field |
//! | 400 `AW1028` | a malformed or ambiguous request; the connection is closed |
//! | 400 `AW1041` | an `Idempotency-Key` that is empty, too long, not printable ASCII, or there twice |
//! | 403 `AW1102` | a wrong `aw-secret`, or a stranger at a route for processes of ours |
//! | 404 `AW1022`, 405 `AW1023` | no such route (the nearest is named), no such method (`Allow`) |
//! | 406 `AW1021`, 415 `AW1020` | JSON is ruled out, or is not what came |
//! | 408 `AW1031` | the head or the body is too slow |
//! | 413 `AW1018`, 414 `AW1026`, 431 `AW1027` | body, target or headers are too large |
//! | 503 `AW1121` | too many connections, in all or from one client |
//!
//! All of these are problem documents. hyper itself still answers, without a
//! body: HTTP/2 header lists over [`Limits::header_size`] (431), and HTTP/2
//! requests that are malformed (the stream is reset).

mod admission;
mod body;
mod catch;
mod chunks;
mod context;
mod detach;
mod fields;
mod head;
mod http;
mod idempotency;
mod limits;
mod link;
mod location;
mod media;
mod nearest;
mod problem;
mod query;
mod refuse;
mod route;
mod routes;
mod screen;
mod server;
mod service;
mod trust;

pub use crate::http::Http;
pub use limits::Limits;
pub use problem::{FieldProblem, Problem};
pub use routes::{Routes, router};
pub use server::{Drained, Listener, serve};
pub use trust::Trust;
