//! What every anywise store must do, as tests that a store's author runs.
//!
//! A [`Harness`] says how to make a store, a [`Place`] where one store keeps its
//! things. [`store_suite!`] then makes one test of each [`Case`]:
//!
//! ```
//! use std::sync::Arc;
//!
//! use anywise_contract::{Harness, Place, Setting};
//! use anywise_core::{BoxFuture, MemoryStore, Result, Store};
//!
//! struct Memory;
//!
//! impl Harness for Memory {
//!     fn name(&self) -> &str {
//!         "memory"
//!     }
//!
//!     fn place(&self, _: Setting) -> BoxFuture<'_, Result<Box<dyn Place>>> {
//!         Box::pin(async { Ok(Box::new(Self) as Box<dyn Place>) })
//!     }
//! }
//!
//! impl Place for Memory {
//!     fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
//!         Box::pin(async { Ok(Arc::new(MemoryStore::new()) as Arc<dyn Store>) })
//!     }
//! }
//!
//! anywise_contract::store_suite!(Memory);
//! ```
//!
//! A case that asks for more than the store's
//! [`traits`](anywise_core::Store::traits) promise is not applicable. Any other
//! case that a store cannot pass is [declared](Harness::skips), with a reason;
//! declaring one that it does pass is a failure, so that the list stays true.

mod case;
mod cases;
mod harness;
mod run;
mod suite;
mod trial;

pub use anywise_suite::Skip;
pub use case::{Case, Need, cases};
pub use harness::{Harness, Place, Setting};
pub use run::{Verdict, check, run};

/// What [`store_suite!`] expands to. Not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use anywise_suite::tests;
}
