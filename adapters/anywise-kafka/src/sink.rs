//! Events out: a send is done when every in-sync replica has the record.
//!
//! A record is given to the client in the call itself, so that records of one
//! key are written in the order of the calls. When the buffer is full the sends
//! wait for room, first come, first served.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anywise_core::{BoxFuture, Envelope, Error, Result, Sink};
use rdkafka::ClientContext;
use rdkafka::config::{FromClientConfigAndContext as _, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::config::{Config, Kafka};
use crate::connection::{OffThread, Reports};
use crate::error;
use crate::record::Record;

/// A producer as long as it works.
pub(crate) struct Live(OffThread<ThreadedProducer<Deliveries>>);

/// Tells the sends how their records fared.
pub(crate) struct Deliveries(Reports);

/// What a record is known by until it is confirmed.
pub(crate) struct Waiting {
    told: oneshot::Sender<Confirmed>,
    room: OwnedSemaphorePermit,
}

type Confirmed = std::result::Result<(), KafkaError>;

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.0.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Waiting>;

    fn delivery(&self, result: &DeliveryResult<'_>, waiting: Box<Waiting>) {
        let result = result.as_ref().map(|_| ()).map_err(|(error, _)| error.clone());
        // Who sent it may not wait any more.
        drop(waiting.told.send(result));
    }
}

impl Live {
    pub(crate) fn make(config: &Config) -> Result<Self> {
        config.check()?;
        let producer = ThreadedProducer::from_config_and_context(&config.producer(), Deliveries(Reports));
        let producer = producer.map_err(|error| config.failed("cannot be set up", &error))?;
        Ok(Self(OffThread::new(producer)))
    }

    fn has_failed(&self) -> bool {
        self.0.client().fatal_error().is_some()
    }

    /// Gives a record to the client.
    fn give(&self, record: &Record, room: OwnedSemaphorePermit) -> std::result::Result<Told, Unsent> {
        let (told, confirmed) = oneshot::channel();
        let base = BaseRecord::with_opaque_to(&record.topic, Box::new(Waiting { told, room }));
        let base = base.payload(&record.frame.body[..]).headers(record.headers());
        let base = match &record.key {
            Some(key) => base.key(&key[..]),
            None => base,
        };
        match self.0.send(base) {
            Ok(()) => Ok(confirmed),
            Err((error, record)) => Err((error, record.delivery_opaque.room)),
        }
    }
}

type Told = oneshot::Receiver<Confirmed>;
type Unsent = (KafkaError, OwnedSemaphorePermit);

/// A record that is being sent.
pub(crate) enum Sending {
    /// The client has it, for the topic of this name.
    Given(Arc<Live>, Told, String),
    /// It waits for room, or for its topic.
    Waits(Record),
    /// It will never be sent.
    Refused(Error),
}

impl Kafka {
    /// Begins to send a record.
    pub(crate) fn begin(&self, record: Record) -> Sending {
        let (size, most) = (record.frame.body.len(), self.most());
        if size > most {
            return Sending::Refused(error::too_large(size, most));
        }
        if !self.is_declared(&record.topic) {
            return Sending::Waits(record);
        }
        match Arc::clone(self.room()).try_acquire_many_owned(self.weight(&record)) {
            Ok(room) => self.give(record, room),
            Err(_) => Sending::Waits(record),
        }
    }

    fn give(&self, record: Record, mut room: OwnedSemaphorePermit) -> Sending {
        // The second producer is a new one.
        for _ in 0..2 {
            let live = match self.live() {
                Ok(live) => live,
                Err(error) => return Sending::Refused(error),
            };
            match live.give(&record, room) {
                Ok(told) => return Sending::Given(live, told, record.topic),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                    return Sending::Waits(record);
                }
                Err((_, again)) if live.has_failed() => {
                    self.retire(&live);
                    room = again;
                }
                Err((error, _)) => {
                    return Sending::Refused(self.config.failed("did not take an event", &error));
                }
            }
        }
        Sending::Refused(error::away(
            &self.config.brokers,
            "did not take an event",
            "the producer has failed",
        ))
    }

    /// Waits until a record is confirmed.
    pub(crate) async fn finish(&self, mut sending: Sending) -> Result<()> {
        loop {
            match sending {
                Sending::Refused(error) => return Err(error),
                Sending::Given(live, told, topic) => return self.confirmed(&live, told.await, &topic),
                Sending::Waits(record) => {
                    if !self.is_declared(&record.topic) {
                        self.declare_topic(&record.topic).await?;
                    }
                    let room = Arc::clone(self.room()).acquire_many_owned(self.weight(&record)).await;
                    sending = self.give(record, room.expect("it is never closed"));
                    if let Sending::Waits(_) = sending {
                        // The client's own bound, set by a property.
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                }
            }
        }
    }

    fn confirmed(
        &self,
        live: &Arc<Live>,
        told: std::result::Result<Confirmed, oneshot::error::RecvError>,
        topic: &str,
    ) -> Result<()> {
        use RDKafkaErrorCode as Code;
        if let Ok(Err(error)) = &told
            && let Some(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition) =
                error.rdkafka_error_code()
        {
            self.undeclare(topic);
        }
        match told {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if live.has_failed() => {
                self.retire(live);
                Err(error::away(&self.config.brokers, "did not confirm an event", error))
            }
            Ok(Err(error)) => Err(self.config.failed("did not confirm an event", &error)),
            Err(_) => {
                Err(error::away(&self.config.brokers, "did not confirm an event", "the producer has ended"))
            }
        }
    }

    fn room(&self) -> &Arc<Semaphore> {
        self.link.room.get_or_init(|| Arc::new(Semaphore::new(self.bound() as usize)))
    }

    fn bound(&self) -> u32 {
        let most = u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX);
        u32::try_from(self.config.send_buffer).unwrap_or(u32::MAX).clamp(1, most)
    }

    fn weight(&self, record: &Record) -> u32 {
        u32::try_from(record.weight()).unwrap_or(u32::MAX).min(self.bound())
    }

    /// The largest body that is sent.
    pub(crate) fn most(&self) -> usize {
        self.link.most.load(Ordering::Relaxed).min(self.config.max_size)
    }
}

impl Sink for Kafka {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn send(&self, envelope: Envelope) -> BoxFuture<'_, Result<()>> {
        let topic = self.config.topic_of(&envelope.name);
        let frame = envelope.to_frame(&self.config.source());
        let sending = self.begin(Record::of(topic, frame));
        Box::pin(self.finish(sending))
    }
}
