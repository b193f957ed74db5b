//! What every transport must do.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anywise_conformance::{Case, Harness, Place as Corner, Setting, Skip, cases};
use anywise_core::{BoxFuture, Error, Result, Transport};
use anywise_sql::{PostgresBroker, sqlx};

use super::super::Place;
use super::server::{Server, possible};

/// The transport in a schema of its own, on a server of its own where it is crashed.
struct OverPostgres;

impl Harness for OverPostgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn place(&self, setting: Setting) -> BoxFuture<'_, Result<Box<dyn Corner>>> {
        Box::pin(async move {
            if setting.crashes {
                return Ok(
                    Box::new(Crashing { server: Server::start()?, hold: setting.hold }) as Box<dyn Corner>
                );
            }
            let place = Place::make().await.ok_or_else(|| Error::internal("there is no server"))?;
            Ok(Box::new(Schema { place, hold: setting.hold }) as Box<dyn Corner>)
        })
    }

    /// Every case, where there is no server.
    fn skips(&self) -> &'static [Skip] {
        static ALL: LazyLock<Vec<Skip>> = LazyLock::new(|| {
            let skip = |case: &Case| (case.name, "there is no PostgreSQL here");
            cases().iter().filter(|_| !there_is_a_server()).map(skip).collect()
        });
        &ALL
    }
}

struct Schema {
    place: Place,
    hold: Duration,
}

impl Corner for Schema {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>>> {
        Box::pin(async { Ok(Arc::new(self.place.broker().hold(self.hold)) as Arc<dyn Transport>) })
    }

    fn foreign(&self, body: &'static str) -> Option<BoxFuture<'_, Result<()>>> {
        Some(Box::pin(async move {
            let publish = sqlx::query("SELECT aw_broker_publish('suite.Happened', $1)").bind(body.as_bytes());
            let done = publish.execute(&mut self.place.aside().await).await;
            done.map(drop).map_err(|error| Error::internal(error.to_string()))
        }))
    }
}

struct Crashing {
    server: Server,
    hold: Duration,
}

impl Corner for Crashing {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>>> {
        let broker = PostgresBroker::new(self.server.url()).hold(self.hold);
        Box::pin(async { Ok(Arc::new(broker) as Arc<dyn Transport>) })
    }

    fn crash(&self) -> Option<BoxFuture<'_, Result<()>>> {
        Some(Box::pin(async {
            self.server.kill();
            self.server.begin()
        }))
    }
}

/// Whether there is a server to run it on.
fn there_is_a_server() -> bool {
    static THERE: LazyLock<bool> = LazyLock::new(|| {
        let asking = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("there is room for a runtime").block_on(Place::make()).is_some()
        });
        asking.join().expect("if it is required, it is there") && possible("the suite")
    });
    *THERE
}

anywise_conformance::transport_suite!(OverPostgres);
