//! What every transport must do.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anywise::{BoxFuture, Error, Result, Transport};
use anywise_conformance::{Harness, Place, Setting, Skip, cases};
use anywise_nats::Nats;
use anywise_servers::NatsServer;

use crate::server::{clean, fresh_prefix, shared};

/// NATS, as it is or with an option.
struct Tested {
    name: &'static str,
    option: fn(Nats) -> Nats,
}

const SHARED: Tested = Tested { name: "nats", option: |nats| nats };
const ORDERED: Tested = Tested { name: "nats, ordered", option: Nats::ordered };
const REPLAYED: Tested = Tested { name: "nats, replay", option: Nats::replay };

impl Harness for Tested {
    fn name(&self) -> &str {
        self.name
    }

    fn place(&self, setting: Setting) -> BoxFuture<'_, Result<Box<dyn Place>>> {
        let option = self.option;
        Box::pin(async move {
            let nothing = || Error::internal("there is no NATS server");
            let own = if setting.crashes {
                Some(Arc::new(NatsServer::start(&[]).ok_or_else(nothing)?))
            } else {
                None
            };
            let url = match &own {
                Some(own) => own.url(),
                None => shared().ok_or_else(nothing)?,
            };
            let corner = Corner { url, prefix: fresh_prefix(), setting, option, own };
            Ok(Box::new(corner) as Box<dyn Place>)
        })
    }

    /// Without a server every case fails, and says so.
    fn skips(&self) -> &'static [Skip] {
        static WITHOUT: LazyLock<Vec<Skip>> =
            LazyLock::new(|| cases().iter().map(|case| (case.name, "there is no NATS server")).collect());
        if shared().is_some() { &[] } else { &WITHOUT }
    }
}

struct Corner {
    url: String,
    prefix: String,
    setting: Setting,
    option: fn(Nats) -> Nats,
    own: Option<Arc<NatsServer>>,
}

impl Corner {
    fn foreign_subject(&self) -> String {
        format!("{}-elsewhere.happened", self.prefix)
    }
}

impl Place for Corner {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>>> {
        // Who promises order stands still for so long after a crash.
        let longest = if self.setting.crashes { Duration::from_secs(5) } else { Duration::MAX };
        let nats = Nats::new(self.url.clone())
            .prefix(&self.prefix)
            .ack_wait(self.setting.hold.min(longest))
            .foreign(self.foreign_subject(), "suite.Happened");
        let nats = (self.option)(nats);
        Box::pin(async { Ok(Arc::new(nats) as Arc<dyn Transport>) })
    }

    fn crash(&self) -> Option<BoxFuture<'_, Result<()>>> {
        let own = Arc::clone(self.own.as_ref()?);
        Some(Box::pin(async move {
            let restart = move || {
                own.kill();
                own.resume().unwrap();
            };
            tokio::task::spawn_blocking(restart).await?;
            Ok(())
        }))
    }

    fn foreign(&self, body: &'static str) -> Option<BoxFuture<'_, Result<()>>> {
        let subject = self.foreign_subject();
        Some(Box::pin(async move {
            let client = async_nats::connect(&self.url).await?;
            client.publish(subject, body.into()).await?;
            client.flush().await?;
            Ok(())
        }))
    }
}

impl Drop for Corner {
    fn drop(&mut self) {
        if self.own.is_none() {
            clean(&self.url, &self.prefix);
        }
    }
}

mod as_it_is {
    anywise_conformance::transport_suite!(super::SHARED);
}

mod ordered {
    anywise_conformance::transport_suite!(super::ORDERED);
}

mod replay {
    anywise_conformance::transport_suite!(super::REPLAYED);
}
