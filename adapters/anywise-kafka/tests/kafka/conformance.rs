//! What every transport must do.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anywise::{BoxFuture, Error, Result, Transport};
use anywise_conformance::{Harness, Place, Setting, Skip, cases};
use anywise_kafka::{Balance, Kafka, Layout};
use rdkafka::config::FromClientConfig as _;
use rdkafka::producer::{FutureProducer, FutureRecord};

use crate::broker::{Mock, clean, client, fresh_prefix, kafka, shared};

/// Kafka, as it is or with an option.
struct Tested {
    name: &'static str,
    option: fn(Kafka) -> Kafka,
}

const USUAL: Tested = Tested { name: "kafka", option: |kafka| kafka };
const OTHERWISE: Tested = Tested {
    name: "kafka, a topic a type, range, replay",
    option: |kafka| kafka.layout(Layout::Event).balance(Balance::Range).replay(),
};

impl Harness for Tested {
    fn name(&self) -> &str {
        self.name
    }

    fn place(&self, setting: Setting) -> BoxFuture<'_, Result<Box<dyn Place>>> {
        let option = self.option;
        Box::pin(async move {
            let mock = setting.crashes.then(|| Mock::start(1));
            let prefix = fresh_prefix();
            let url = match &mock {
                Some(mock) => {
                    mock.topics(&prefix, &["suite", "suite.Happened", "suite.Ended"], &["suite"]);
                    mock.url().to_owned()
                }
                None => shared().ok_or_else(|| Error::internal("there is no Kafka"))?,
            };
            Ok(Box::new(Corner { url, prefix, option, mock }) as Box<dyn Place>)
        })
    }

    /// Without a broker every case fails, and says so.
    fn skips(&self) -> &'static [Skip] {
        static WITHOUT: LazyLock<Vec<Skip>> =
            LazyLock::new(|| cases().iter().map(|case| (case.name, "there is no Kafka")).collect());
        if shared().is_some() { &[] } else { &WITHOUT }
    }
}

struct Corner {
    url: String,
    prefix: String,
    option: fn(Kafka) -> Kafka,
    mock: Option<Mock>,
}

impl Corner {
    fn foreign_topic(&self) -> String {
        format!("{}.elsewhere", self.prefix)
    }
}

impl Place for Corner {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>>> {
        let mut kafka = (self.option)(kafka(&self.url, &self.prefix));
        if self.mock.is_none() {
            kafka = kafka.foreign(self.foreign_topic(), "suite.Happened");
        }
        Box::pin(async { Ok(Arc::new(kafka) as Arc<dyn Transport>) })
    }

    /// The mock cluster keeps its records while nobody can reach it: the client's
    /// side of a restart, with all connections cut and sessions kept.
    fn crash(&self) -> Option<BoxFuture<'_, Result<()>>> {
        let mock = self.mock.as_ref()?;
        Some(Box::pin(async move {
            mock.with(|cluster| cluster.broker_down(-1).unwrap());
            tokio::time::sleep(Duration::from_secs(2)).await;
            mock.with(|cluster| cluster.broker_up(-1).unwrap());
            Ok(())
        }))
    }

    fn foreign(&self, body: &'static str) -> Option<BoxFuture<'_, Result<()>>> {
        let topic = self.foreign_topic();
        Some(Box::pin(async move {
            let producer: FutureProducer = FutureProducer::from_config(&client(&self.url))?;
            let record = FutureRecord::<str, str>::to(&topic).payload(body);
            producer.send(record, Duration::from_secs(10)).await.map_err(|(error, _)| error)?;
            Ok(())
        }))
    }
}

impl Drop for Corner {
    fn drop(&mut self) {
        if self.mock.is_none() {
            clean(&self.url, &self.prefix);
        }
    }
}

mod usual {
    anywise_conformance::transport_suite!(super::USUAL);
}

mod otherwise {
    anywise_conformance::transport_suite!(super::OTHERWISE);
}
