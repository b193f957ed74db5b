//! The in-memory reference of each port: what an adapter must do, in little.
//!
//! Nothing here survives the process; the catalog says so.

pub(crate) mod broker;
mod clock;
mod dead;
mod inbox;
mod ledger;
pub(crate) mod loopback;
mod replies;
pub(crate) mod store;

pub use broker::MemoryBroker;
pub use loopback::Loopback;
pub use store::MemoryStore;
