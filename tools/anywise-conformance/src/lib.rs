//! What every anywise transport must do, as tests that a transport's author
//! runs.
//!
//! A [`Harness`] says how to make a [`Place`], a corner of a broker with nothing
//! in it; a place opens transports that stand for processes.
//! [`transport_suite!`] then makes one test of each [`Case`]:
//!
//! ```
//! use std::sync::Arc;
//!
//! use anywise::{BoxFuture, MemoryBroker, Result, Transport};
//! use anywise_conformance::{Harness, Place, Setting};
//!
//! struct Memory;
//!
//! impl Harness for Memory {
//!     fn name(&self) -> &str {
//!         "memory"
//!     }
//!
//!     fn place(&self, _: Setting) -> BoxFuture<'_, Result<Box<dyn Place>>> {
//!         let broker = MemoryBroker::new("memory", 100_000);
//!         Box::pin(async { Ok(Box::new(Corner(broker)) as Box<dyn Place>) })
//!     }
//! }
//!
//! struct Corner(MemoryBroker);
//!
//! impl Place for Corner {
//!     fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>>> {
//!         let broker = self.0.clone();
//!         Box::pin(async { Ok(Arc::new(broker) as Arc<dyn Transport>) })
//!     }
//! }
//!
//! anywise_conformance::transport_suite!(Memory);
//! ```
//!
//! A case that asks for more than the transport's
//! [`traits`](anywise::Transport::traits) promise is not applicable. Any other
//! case that a transport cannot pass is [declared](Harness::skips), with a
//! reason; declaring one that it does pass is a failure, so that the list stays
//! true.

mod case;
mod cases;
mod harness;
mod run;
mod slice;
mod suite;
mod trial;

pub use anywise_suite::Skip;
pub use case::{Case, Need, cases};
pub use harness::{Harness, Place, Setting};
pub use run::{Verdict, check, run};

/// What [`transport_suite!`] expands to. Not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use anywise_suite::tests;
}
