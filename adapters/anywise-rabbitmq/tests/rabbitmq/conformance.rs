//! What every transport must do.

use std::sync::{Arc, LazyLock};

use anywise::{BoxFuture, Error, Result, Transport};
use anywise_conformance::{Harness, Place, Setting, Skip, cases};
use anywise_rabbitmq::RabbitMq;
use lapin::BasicProperties;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};

use crate::corner::{Corner, shared};
use crate::own::Own;

/// The transport, as it is or with an option.
struct Tested {
    name: &'static str,
    option: fn(RabbitMq) -> RabbitMq,
}

const ORDERED: Tested = Tested { name: "rabbitmq", option: |rabbit| rabbit };
const SHARED: Tested = Tested { name: "rabbitmq, shared", option: |rabbit| rabbit.shared(true) };

impl Harness for Tested {
    fn name(&self) -> &str {
        self.name
    }

    fn place(&self, setting: Setting) -> BoxFuture<'_, Result<Box<dyn Place>>> {
        let option = self.option;
        Box::pin(async move {
            let own = if setting.crashes {
                tokio::task::spawn_blocking(|| Own::start(|_| String::new())).await?.map(Arc::new)
            } else {
                None
            };
            let corner = match &own {
                Some(own) => Corner::at(&own.url()),
                None => Corner::new().ok_or_else(|| Error::internal("there is no RabbitMQ"))?,
            };
            Ok(Box::new(Spot { corner, own, option }) as Box<dyn Place>)
        })
    }

    /// Without a server every case fails, and says so.
    fn skips(&self) -> &'static [Skip] {
        static WITHOUT: LazyLock<Vec<Skip>> =
            LazyLock::new(|| cases().iter().map(|case| (case.name, "there is no RabbitMQ")).collect());
        if shared().is_some() { &[] } else { &WITHOUT }
    }
}

struct Spot {
    corner: Corner,
    own: Option<Arc<Own>>,
    option: fn(RabbitMq) -> RabbitMq,
}

impl Place for Spot {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>>> {
        let exchange = &self.corner.prefix;
        let rabbit = self.corner.rabbit().foreign(exchange, "legacy.happened", "suite.Happened");
        let tidy = self.corner.tidy((self.option)(rabbit));
        Box::pin(async { Ok(Arc::new(tidy) as Arc<dyn Transport>) })
    }

    fn crash(&self) -> Option<BoxFuture<'_, Result<()>>> {
        let own = Arc::clone(self.own.as_ref()?);
        let queues = self.corner.queues();
        Some(Box::pin(async move {
            let restart = move || {
                for queue in &queues {
                    own.remembers(queue);
                }
                own.kill();
                own.run();
            };
            tokio::task::spawn_blocking(restart).await?;
            Ok(())
        }))
    }

    fn foreign(&self, body: &'static str) -> Option<BoxFuture<'_, Result<()>>> {
        Some(Box::pin(async move {
            let bare = self.corner.bare().await;
            bare.channel.confirm_select(ConfirmSelectOptions::default()).await?;
            let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
            let exchange = self.corner.prefix.as_str().into();
            let key = "legacy.happened".into();
            bare.channel.basic_publish(exchange, key, options, body.as_bytes(), properties).await?.await?;
            Ok(())
        }))
    }
}

mod ordered {
    anywise_conformance::transport_suite!(super::ORDERED);
}

mod shared_groups {
    anywise_conformance::transport_suite!(super::SHARED);
}
