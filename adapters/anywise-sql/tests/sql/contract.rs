//! What every store must do, done on SQLite.

use std::sync::Arc;

use anywise::{BoxFuture, Result, Store};
use anywise_contract::{Harness, Place, Setting};

use crate::support::{Folder, free};

struct OnSqlite;

impl Harness for OnSqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn place(&self, _: Setting) -> BoxFuture<'_, Result<Box<dyn Place>>> {
        Box::pin(async { Ok(Box::new(Folder::new()) as Box<dyn Place>) })
    }
}

impl Place for Folder {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
        Box::pin(async { Ok(Arc::new(self.options().open().await?) as Arc<dyn Store>) })
    }

    fn end(&self, store: Arc<dyn Store>) -> BoxFuture<'_, ()> {
        drop(store);
        Box::pin(free(self))
    }
}

anywise_contract::store_suite!(OnSqlite);
