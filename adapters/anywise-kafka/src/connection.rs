//! The clients of librdkafka: how they are set up, what they report, and the
//! one producer that all sends share.
//!
//! librdkafka reconnects by itself. A producer is made again when it has failed
//! for good, which an idempotent one does when its broker has lost the order.

use std::collections::HashSet;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use anywise_core::{Error, Kind, Result};
use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use tokio::sync::Semaphore;

use crate::config::{Config, Kafka};
use crate::error;
use crate::sink::Live;

/// How long a request may take before its connection counts as dead.
const REQUEST: Duration = Duration::from_secs(10);
/// Bytes that the headers of a record may have beside its body.
pub(crate) const HEADERS: usize = 48_000;

/// What the guarantees rest on: not for the user to set.
const OURS: &[&str] = &[
    "acks",
    "auto.offset.reset",
    "bootstrap.servers",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "message.max.bytes",
    "metadata.broker.list",
    "partition.assignment.strategy",
    "partitioner",
    "request.required.acks",
    "transactional.id",
];

/// What is shared by everything that has to do with one Kafka.
pub(crate) struct Link {
    pub(crate) live: Mutex<Option<Arc<Live>>>,
    pub(crate) room: OnceLock<Arc<Semaphore>>,
    /// The largest body that all topics take which were asked.
    pub(crate) most: AtomicUsize,
    /// Topics that were there when they were last looked for.
    pub(crate) topics: RwLock<HashSet<String>>,
    /// One declaration after the other.
    pub(crate) declaring: tokio::sync::Mutex<()>,
    /// Groups and topics for which it is known where they begin.
    pub(crate) marked: Mutex<HashSet<(String, String)>>,
}

impl Link {
    pub(crate) fn new() -> Self {
        Self {
            live: Mutex::default(),
            room: OnceLock::new(),
            most: AtomicUsize::new(usize::MAX),
            topics: RwLock::default(),
            declaring: tokio::sync::Mutex::default(),
            marked: Mutex::default(),
        }
    }
}

impl Kafka {
    /// The producer, made if there is none.
    pub(crate) fn live(&self) -> Result<Arc<Live>> {
        let mut live = self.link.live.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(live) = &*live {
            return Ok(Arc::clone(live));
        }
        let made = Arc::new(Live::make(&self.config)?);
        *live = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Gives up a producer that has failed for good: the next send makes another.
    pub(crate) fn retire(&self, failed: &Arc<Live>) {
        let mut live = self.link.live.lock().unwrap_or_else(PoisonError::into_inner);
        if live.as_ref().is_some_and(|live| Arc::ptr_eq(live, failed)) {
            *live = None;
        }
    }
}

impl Config {
    /// What was asked for that cannot be had.
    pub(crate) fn check(&self) -> Result<()> {
        let property = self.properties.keys().find(|name| OURS.contains(&name.as_str()));
        if let Some(name) = property {
            let text = format!("the property `{name}` cannot be set: what is promised rests on it");
            return Err(error::refused(Kind::Unprocessable, text));
        }
        Ok(())
    }

    /// What all clients have in common.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", &self.prefix)
            .set("socket.timeout.ms", millis(REQUEST))
            .set("socket.keepalive.enable", "true")
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            .set("allow.auto.create.topics", "false")
            .set_log_level(if self.properties.contains_key("debug") {
                RDKafkaLogLevel::Debug
            } else {
                RDKafkaLogLevel::Warning
            });
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        config
    }

    pub(crate) fn producer(&self) -> ClientConfig {
        let mut config = self.client();
        let mut ours = |name, value: String| {
            if !self.properties.contains_key(name) {
                config.set(name, value);
            }
        };
        ours("enable.idempotence", "true".to_owned());
        ours("acks", "all".to_owned());
        ours("partitioner", "murmur2_random".to_owned());
        ours("linger.ms", format!("{:.3}", self.linger.as_secs_f64() * 1_000.0));
        ours("message.timeout.ms", millis(self.confirm.max(Duration::from_millis(1))));
        ours("message.max.bytes", (self.max_size + HEADERS).max(1_000).to_string());
        ours("compression.codec", self.compression.codec().to_owned());
        // Bounded by us, in `sink.rs`: librdkafka's own bound is never met.
        ours("queue.buffering.max.messages", "10000000".to_owned());
        ours("queue.buffering.max.kbytes", "2097151".to_owned());
        config
    }

    /// What looks things up, and is in no group.
    pub(crate) fn reader(&self) -> ClientConfig {
        let mut config = self.client();
        let mut ours = |name, value: String| {
            if !self.properties.contains_key(name) {
                config.set(name, value);
            }
        };
        ours("session.timeout.ms", millis(self.session));
        ours("heartbeat.interval.ms", millis((self.session / 3).max(Duration::from_millis(1))));
        config
    }

    pub(crate) fn consumer(&self, group: &str) -> ClientConfig {
        let mut config = self.reader();
        let mut ours = |name, value: String| {
            if !self.properties.contains_key(name) {
                config.set(name, value);
            }
        };
        ours("group.id", group.to_owned());
        ours("enable.auto.commit", "false".to_owned());
        ours("enable.auto.offset.store", "false".to_owned());
        ours("auto.offset.reset", "earliest".to_owned());
        ours("partition.assignment.strategy", self.balance.strategy().to_owned());
        ours("queued.min.messages", "10000".to_owned());
        ours("queued.max.messages.kbytes", (self.receive_buffer / 1_024).clamp(1, 2_097_151).to_string());
        ours("fetch.queue.backoff.ms", "5".to_owned());
        ours("fetch.error.backoff.ms", "100".to_owned());
        if let Some(instance) = &self.instance {
            ours("group.instance.id", instance.clone());
        }
        config
    }

    pub(crate) fn failed(&self, what: &str, error: &KafkaError) -> Error {
        error::of(&self.brokers, what, error)
    }
}

fn millis(time: Duration) -> String {
    time.as_millis().to_string()
}

/// Hands on what a client reports to the log of the application.
pub(crate) struct Reports;

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, reason);
    }
}

pub(crate) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        // A property of consumers means nothing to a producer: both are given it.
        _ if facility == "CONFWARN" => tracing::debug!(target: "librdkafka", facility, message),
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            tracing::error!(target: "librdkafka", facility, message);
        }
        // What is an error to the client mends itself, or is told as one.
        RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => {
            tracing::warn!(target: "librdkafka", facility, message);
        }
        _ => tracing::debug!(target: "librdkafka", facility, message),
    }
}

/// A client, which ends on a thread of its own: ending it waits for others.
pub(crate) struct OffThread<T: Send + 'static>(Option<T>);

impl<T: Send + 'static> OffThread<T> {
    pub(crate) fn new(client: T) -> Self {
        Self(Some(client))
    }
}

impl<T: Send + 'static> std::ops::Deref for OffThread<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl<T: Send + 'static> Drop for OffThread<T> {
    fn drop(&mut self) {
        let client = self.0.take();
        let ending = std::thread::Builder::new().name("kafka-end".to_owned());
        // Without a thread it ends here.
        drop(ending.spawn(move || drop(client)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Compression;

    #[test]
    fn what_is_said_reaches_the_client_and_the_user_has_the_last_word() {
        let kafka = Kafka::new("a:1")
            .instance("pod-1")
            .session(Duration::from_secs(30))
            .compression(Compression::Lz4)
            .linger(Duration::from_micros(1_500))
            .receive_buffer(1_024 * 1_024)
            .property("socket.timeout.ms", "4321");
        let (producer, consumer) = (kafka.config.producer(), kafka.config.consumer("g"));
        let said = [
            (&producer, "enable.idempotence", "true"),
            (&producer, "acks", "all"),
            (&producer, "compression.codec", "lz4"),
            (&producer, "linger.ms", "1.500"),
            (&producer, "message.max.bytes", "1048000"),
            (&consumer, "enable.auto.commit", "false"),
            (&consumer, "group.id", "g"),
            (&consumer, "group.instance.id", "pod-1"),
            (&consumer, "session.timeout.ms", "30000"),
            (&consumer, "heartbeat.interval.ms", "10000"),
            (&consumer, "queued.max.messages.kbytes", "1024"),
            (&consumer, "socket.timeout.ms", "4321"),
        ];
        for (config, name, value) in said {
            assert_eq!(config.get(name), Some(value), "{name}");
        }
    }
}
