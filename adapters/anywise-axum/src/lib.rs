//! HTTP for anywise.
mod admission;
mod body;
mod catch;
mod chunks;
mod head;
mod limits;
mod link;
mod nearest;
mod problem;
mod screen;
mod server;
mod service;

pub use limits::Limits;
pub use problem::{FieldProblem, Problem};
pub use server::{Drained, Listener, serve};
