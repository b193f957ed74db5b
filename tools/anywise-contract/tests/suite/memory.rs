//! The store in memory keeps the promises of the port.

use std::sync::Arc;

use anywise_contract::{Harness, Place, Setting};
use anywise_core::{BoxFuture, MemoryStore, Result, Store};

struct Memory;

impl Harness for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn place(&self, _: Setting) -> BoxFuture<'_, Result<Box<dyn Place>>> {
        Box::pin(async { Ok(Box::new(Self) as Box<dyn Place>) })
    }
}

impl Place for Memory {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
        Box::pin(async { Ok(Arc::new(MemoryStore::new()) as Arc<dyn Store>) })
    }
}

anywise_contract::store_suite!(Memory);
