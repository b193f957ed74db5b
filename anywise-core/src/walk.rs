//! The walk of a message, from the way in to the commit.
//!
//! A message comes in through `send`, `publish` or `receive`; `plan` states the
//! order of what stands in front of its function; `record` keeps what the
//! function wants told to others, and `commit` keeps all it did as one.

pub(crate) mod call;
pub(crate) mod commit;
pub(crate) mod enter;
pub(crate) mod guard;
pub(crate) mod handle;
pub(crate) mod hold;
pub(crate) mod in_flight;
pub(crate) mod nest;
pub(crate) mod once;
pub(crate) mod plan;
pub(crate) mod publish;
pub(crate) mod receive;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod send;
pub(crate) mod work;
