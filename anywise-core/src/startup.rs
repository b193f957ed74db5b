//! Start-up: from what the linker collected to a running application.
//!
//! The builder selects functions, the checks find every fault of the wiring,
//! dependencies are built in order, and the table is filled. After that nothing
//! here runs again, but for the catalog, which is written when first asked for.

mod assemble;
mod away;
pub(crate) mod beside;
pub(crate) mod builder;
mod check;
pub(crate) mod dependency;
pub(crate) mod describe;
pub(crate) mod fault;
pub(crate) mod inspect;
pub(crate) mod model;
mod provision;
pub(crate) mod routing;
