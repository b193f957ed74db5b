//! Kafka: rdkafka by hand, with the settings of ours. It sends idempotently with
//! `acks=all`, and commits every 256 messages, which it waits for.

use std::sync::Arc;
use std::time::Duration;

use anywise::{ConsumePolicy, Transport, new_id};
use anywise_kafka::Kafka;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::message::{Header, Message as _, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};
use rdkafka::{Offset, TopicPartitionList};

use crate::broker::{Broker, Done, Hand, read};
use crate::ours::shop::Sold;
use crate::place::{EVENT, GROUP};
use crate::tally::Tally;

const BATCH: usize = 256;
const PARTITIONS: u16 = 4;

pub(crate) fn url() -> String {
    std::env::var("ANYWISE_KAFKA_URL").unwrap_or_else(|_| "127.0.0.1:19092".to_owned())
}

/// A producer to the topic of ours, and a group beside ours.
pub(crate) struct Bare {
    url: String,
    prefix: String,
    topic: String,
    producer: FutureProducer,
}

/// The settings of the adapter, by hand.
fn settings(url: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", url).set_log_level(RDKafkaLogLevel::Warning);
    config
}

fn consumer(url: &str, group: &str) -> Done<BaseConsumer> {
    let mut config = settings(url);
    config.set("group.id", group).set("enable.auto.commit", "false");
    config.set("enable.auto.offset.store", "false").set("auto.offset.reset", "earliest");
    config.set("fetch.queue.backoff.ms", "5");
    config.set("queued.min.messages", "10000").set("queued.max.messages.kbytes", "8192");
    Ok(config.create()?)
}

fn headers(key: &str) -> OwnedHeaders {
    let id = new_id().to_string();
    let time = anywise::Timestamp::now().to_string();
    let all = [
        ("ce_specversion", "1.0"),
        ("ce_id", &id),
        ("ce_source", "/bench"),
        ("ce_type", EVENT),
        ("ce_time", &time),
        ("ce_partitionkey", key),
        ("content-type", "application/json"),
    ];
    all.into_iter()
        .fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: Some(value) }))
}

impl Bare {
    /// The group by hand, and that of ours.
    fn groups(&self) -> [String; 2] {
        [format!("{}.bare", self.prefix), format!("{}.{GROUP}", self.prefix)]
    }
}

impl Broker for Bare {
    const SAME: Option<&'static str> = Some("same headers");
    const SHARED: bool = true;
    /// Three times what Wolverine keeps of its bare client.
    const STORE_BAR: Option<f64> = Some(0.075);

    async fn connect(url: &str, prefix: &str) -> Done<Self> {
        let mut config = settings(url);
        config.set("enable.idempotence", "true").set("acks", "all").set("linger.ms", "0");
        let producer = config.set("partitioner", "murmur2_random").create()?;
        let topic = format!("{prefix}.shop");
        Ok(Self { url: url.to_owned(), prefix: prefix.to_owned(), topic, producer })
    }

    fn transport(&self) -> Arc<dyn Transport> {
        let kafka = Kafka::new(&self.url).prefix(&self.prefix).partitions(PARTITIONS);
        Arc::new(kafka.accept_weaker_durability().replay())
    }

    fn policy() -> ConsumePolicy {
        ConsumePolicy { prefetch: 4 * BATCH, ..ConsumePolicy::default() }
    }

    async fn publish_one(&self, hand: Hand, event: &Sold) -> Done {
        let body = serde_json::to_vec(event)?;
        let mut record = FutureRecord::to(&self.topic).key(&event.order).payload(&body);
        if hand == Hand::Same {
            record = record.headers(headers(&event.order));
        }
        self.producer.send(record, Duration::from_secs(10)).await.map_err(|(error, _)| error)?;
        Ok(())
    }

    async fn consume(&self, _: Hand, tally: &Tally, count: usize) -> Done {
        let consumer = consumer(&self.url, &self.groups()[0])?;
        // Alone in its group it needs no share of the partitions: it takes them all.
        let mut all = TopicPartitionList::new();
        for partition in 0..i32::from(PARTITIONS) {
            all.add_partition_offset(&self.topic, partition, Offset::Stored)?;
        }
        consumer.assign(&all)?;
        tokio::task::block_in_place(|| poll(&consumer, &self.topic, tally, count))
    }

    /// Topics cannot be emptied: both groups go to their ends.
    async fn purge(&self) -> Done {
        tokio::task::block_in_place(|| {
            for group in self.groups() {
                let consumer = consumer(&self.url, &group)?;
                let mut ends = TopicPartitionList::new();
                for partition in 0..i32::from(PARTITIONS) {
                    let (_, end) =
                        consumer.fetch_watermarks(&self.topic, partition, Duration::from_secs(10))?;
                    ends.add_partition_offset(&self.topic, partition, Offset::Offset(end))?;
                }
                consumer.commit(&ends, CommitMode::Sync)?;
            }
            Ok(())
        })
    }

    async fn delete(&self) -> Done {
        let admin: AdminClient<DefaultClientContext> = settings(&self.url).create()?;
        let metadata = self.producer.client().fetch_metadata(None, Duration::from_secs(10))?;
        let topics = metadata.topics().iter().map(rdkafka::metadata::MetadataTopic::name);
        let topics: Vec<_> = topics.filter(|topic| topic.starts_with(&self.prefix)).collect();
        for deleted in admin.delete_topics(&topics, &AdminOptions::new()).await? {
            deleted.map_err(|(topic, error)| format!("{topic}: {error}"))?;
        }
        let groups = self.groups();
        let [bare, ours] = [&groups[0], &groups[1]];
        for deleted in admin.delete_groups(&[bare, ours], &AdminOptions::new()).await? {
            deleted.map_err(|(group, error)| format!("{group}: {error}"))?;
        }
        Ok(())
    }
}

/// Blocks until so many have come, and are committed.
fn poll(consumer: &BaseConsumer, topic: &str, tally: &Tally, count: usize) -> Done {
    let (mut done, mut ends) = (0, [0_i64; PARTITIONS as usize]);
    while done < count {
        let mut batch = 0;
        while batch < BATCH && done < count {
            let Some(message) = consumer.poll(Duration::from_millis(100)) else {
                if batch > 0 {
                    break;
                }
                continue;
            };
            let message = message?.detach();
            tally.note(read(message.payload().ok_or("a record has no body")?)?.at);
            ends[usize::try_from(message.partition())?] = message.offset() + 1;
            (batch, done) = (batch + 1, done + 1);
        }
        let mut offsets = TopicPartitionList::new();
        for (partition, end) in (0..).zip(ends).filter(|(_, end)| *end > 0) {
            offsets.add_partition_offset(topic, partition, Offset::Offset(end))?;
        }
        consumer.commit(&offsets, CommitMode::Sync)?;
    }
    Ok(())
}
