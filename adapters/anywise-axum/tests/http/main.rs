//! The HTTP adapter as clients meet it, over real sockets.

mod client;
mod connections;
mod h2;
mod limits;
mod malformed;
mod panics;
mod shutdown;
