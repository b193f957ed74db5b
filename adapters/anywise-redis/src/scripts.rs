//! What the server does as one, in its own language.

use std::sync::LazyLock;

use redis::Script;

/// Makes the group of a subscription.
pub(crate) static DECLARE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/declare.lua")));
/// Gives back what a consumer holds.
pub(crate) static LEAVE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/leave.lua")));
/// Removes consumers of processes that are gone.
pub(crate) static TIDY: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/tidy.lua")));
/// Keeps what a group could not handle.
pub(crate) static BURY: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/bury.lua")));
