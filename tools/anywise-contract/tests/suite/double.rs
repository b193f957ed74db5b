//! A database for tests: a store in memory that outlives its users, shares its
//! deliveries among them by leases, and may have one planted bug.

mod bug;
mod database;
mod user;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anywise_contract::{Harness, Place, Setting};
use anywise_core::{BoxFuture, Result, Store};

pub(crate) use bug::Bug;
use database::Database;
use user::User;

/// Makes doubles with a bug, or without.
#[derive(Clone, Copy)]
pub(crate) struct Double(pub(crate) Bug);

impl Double {
    pub(crate) fn sound() -> Self {
        Self(Bug::None)
    }
}

impl Harness for Double {
    fn name(&self) -> &'static str {
        "double"
    }

    fn place(&self, setting: Setting) -> BoxFuture<'_, Result<Box<dyn Place>>> {
        let database = Arc::new(Database { lease: setting.lease, ..Database::default() });
        let place = Disk { database, bug: self.0, owners: AtomicU64::new(0) };
        Box::pin(async { Ok(Box::new(place) as Box<dyn Place>) })
    }
}

struct Disk {
    database: Arc<Database>,
    bug: Bug,
    owners: AtomicU64,
}

impl Place for Disk {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
        let owner = self.owners.fetch_add(1, Ordering::SeqCst);
        let user = User { database: Arc::clone(&self.database), bug: self.bug, owner };
        Box::pin(async { Ok(Arc::new(user) as Arc<dyn Store>) })
    }
}
