//! The walk of a message, from the way in to the commit.
//!
//! A message comes in through `send`, `publish` or `receive`; `plan` states the
//! order of what stands in front of its function; `work` commits what the
//! function did and hands on what it recorded.

pub(crate) mod call;
pub(crate) mod enter;
pub(crate) mod guard;
pub(crate) mod handle;
pub(crate) mod in_flight;
pub(crate) mod plan;
pub(crate) mod publish;
pub(crate) mod receive;
pub(crate) mod run;
pub(crate) mod send;
pub(crate) mod work;
