//! The suite on the transport in memory, and on doubles that break promises.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod doubles;

use std::sync::Arc;

use anywise::{BoxFuture, Frame, MemoryBroker, Result, Transport};
use anywise_conformance::{Harness, Place, Setting};

struct Memory;

impl Harness for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn place(&self, _: Setting) -> BoxFuture<'_, Result<Box<dyn Place>>> {
        let broker = MemoryBroker::new("memory", 100_000);
        Box::pin(async { Ok(Box::new(Corner(broker)) as Box<dyn Place>) })
    }
}

struct Corner(MemoryBroker);

impl Place for Corner {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>>> {
        let broker = self.0.clone();
        Box::pin(async { Ok(Arc::new(broker) as Arc<dyn Transport>) })
    }

    fn foreign(&self, body: &'static str) -> Option<BoxFuture<'_, Result<()>>> {
        Some(Box::pin(self.0.publish_foreign("suite.Happened", "7", Frame::plain(None, body))))
    }
}

mod memory {
    anywise_conformance::transport_suite!(super::Memory);
}
