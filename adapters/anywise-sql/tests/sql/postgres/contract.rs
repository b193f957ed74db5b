//! What every store must do.

use std::sync::Arc;

use anywise_contract::{Harness, Setting};
use anywise_core::{BoxFuture, Error, Result, Store};

use super::Place;

struct OnPostgres {
    is_notified: bool,
}

/// A schema, and how long a claim is held in it.
struct Schema {
    place: Place,
    setting: Setting,
    is_notified: bool,
}

impl Harness for OnPostgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn place(&self, setting: Setting) -> BoxFuture<'_, Result<Box<dyn anywise_contract::Place>>> {
        Box::pin(async move {
            let place = Place::make().await.ok_or_else(|| Error::internal("there is no server"))?;
            Ok(Box::new(Schema { place, setting, is_notified: self.is_notified })
                as Box<dyn anywise_contract::Place>)
        })
    }
}

impl anywise_contract::Place for Schema {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
        Box::pin(async {
            let options = self.place.options().lease(self.setting.lease).connections(4);
            let options = if self.is_notified { options } else { options.without_notify() };
            Ok(Arc::new(options.connect().await?) as Arc<dyn Store>)
        })
    }
}

/// One after the other: each has connections of its own, and a server has few.
fn check(is_notified: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        if Place::make().await.is_some() {
            for (case, verdict) in anywise_contract::check(&OnPostgres { is_notified }).await {
                println!("{}: {verdict:?}", case.name);
            }
        }
    });
}

#[test]
fn every_case_is_passed() {
    check(true);
}

#[test]
fn every_case_is_passed_without_notify() {
    check(false);
}
