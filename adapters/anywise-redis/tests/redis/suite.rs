//! What every transport must do.
//!
//! On the shared server, and on one of its own where the server is crashed.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anywise::{BoxFuture, Error, Kind, Result, Transport};
use anywise_conformance::{Case, Harness, Place, Setting, Skip, cases};
use anywise_redis::Redis;

use crate::server::{Server, clean, connect, prefix, shared, shared_url};

/// The transport on a server whose place is made for each case.
struct OverRedis;

impl Harness for OverRedis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn place(&self, setting: Setting) -> BoxFuture<'_, Result<Box<dyn Place>>> {
        Box::pin(async move {
            let server = if setting.crashes { Some(Server::durable().await?) } else { None };
            let url = server.as_ref().map_or_else(shared_url, Server::url);
            Ok(Box::new(Corner { url, prefix: prefix(), hold: setting.hold, server }) as Box<dyn Place>)
        })
    }

    /// Every case, where there is no server.
    fn skips(&self) -> &'static [Skip] {
        static ALL: LazyLock<Vec<Skip>> = LazyLock::new(|| {
            let skip = |case: &Case| (case.name, "there is no Redis here");
            cases().iter().filter(|_| !there_is_a_server()).map(skip).collect()
        });
        &ALL
    }
}

/// A prefix of a server, and the server if it is the place's own.
struct Corner {
    url: String,
    prefix: String,
    hold: Duration,
    server: Option<Server>,
}

impl Corner {
    fn stream(&self) -> String {
        format!("{}-foreign", self.prefix)
    }
}

impl Place for Corner {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>>> {
        let redis = Redis::new(&self.url).prefix(&self.prefix).hold(self.hold);
        let redis = redis.foreign(self.stream(), "suite.Happened");
        let redis = if self.server.is_some() { redis } else { redis.accept_weaker_durability() };
        Box::pin(async { Ok(Arc::new(redis) as Arc<dyn Transport>) })
    }

    fn crash(&self) -> Option<BoxFuture<'_, Result<()>>> {
        let server = self.server.as_ref()?;
        Some(Box::pin(async {
            server.kill();
            server.begin().await
        }))
    }

    fn foreign(&self, body: &'static str) -> Option<BoxFuture<'_, Result<()>>> {
        Some(Box::pin(async move {
            let away = |error: redis::RedisError| Error::new(Kind::Unavailable, "test", error.to_string());
            let mut connection = connect(&self.url).await.map_err(away)?;
            let mut add = redis::cmd("XADD");
            add.arg(self.stream()).arg("*").arg("data").arg(body);
            add.query_async(&mut connection).await.map_err(away)
        }))
    }
}

impl Drop for Corner {
    fn drop(&mut self) {
        if self.server.is_some() {
            return;
        }
        let (url, prefix) = (self.url.clone(), self.prefix.clone());
        // A case ends on a thread where nothing can be waited for.
        let cleaning = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("there is room for a runtime").block_on(clean(&url, &prefix));
        });
        drop(cleaning.join());
    }
}

/// Whether there is a server to run it on.
fn there_is_a_server() -> bool {
    static THERE: LazyLock<bool> = LazyLock::new(|| {
        let asking = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("there is room for a runtime").block_on(shared("the suite")).is_some()
        });
        asking.join().expect("if it is required, it is there") && Server::possible("the suite")
    });
    *THERE
}

anywise_conformance::transport_suite!(OverRedis);
