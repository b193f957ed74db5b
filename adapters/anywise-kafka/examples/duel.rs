//! Ours against bare rdkafka: the same broker, the same records, the same
//! settings, in turns.
//!
//! `cargo run --release -p anywise-kafka --example duel [ROUNDS]` prints the
//! median ratio of rounds that alternate. The broker is found by
//! `ANYWISE_KAFKA_URL`; a body has 200 bytes of JSON, one of 64 keys, and the
//! headers of a CloudEvent on both sides.
//!
//! - `publish`: idempotent, `acks=all`, so many sends at one time.
//! - `consume`: one commit that is waited for every 256 messages, through the
//!   source alone, and through an application with a listener and no store.
//! - `trickle`: 8 messages a second, from the send to the commit.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anywise::prelude::*;
use anywise::{
    ConsumePolicy, Envelope, Outcome, Sink as _, Source, Subscription, Topology, Transport as _, Uuid,
};
use anywise_kafka::Kafka;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::message::{Header, Headers, Message as _, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};
use tokio::task::JoinSet;

const BATCH: usize = 256;
const CONSUMED: u64 = 60_000;
const PARTITIONS: u16 = 4;

mod slice {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use anywise::prelude::*;

    anywise::slice!(pub(crate) SLICE = "duel", "Listens.");

    /// Something happened.
    #[event(key = key)]
    pub(crate) struct Happened {
        pub(crate) key: String,
        pub(crate) text: String,
    }

    #[derive(Default)]
    pub(crate) struct Count(pub(crate) Arc<AtomicU64>);

    #[listen]
    async fn count(_event: &Happened, count: &Count) -> Result<()> {
        count.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn body(number: u64) -> (String, String) {
    let key = format!("key-{}", number % 64);
    let text = "x".repeat(200 - 24 - key.len());
    (key.clone(), format!(r#"{{"key":"{key}","text":"{text}"}}"#))
}

fn envelope(number: u64) -> Envelope {
    let (key, body) = body(number);
    let mut envelope = Envelope::json("duel.Happened", body);
    envelope.key = Some(key);
    envelope
}

fn headers(key: &str) -> OwnedHeaders {
    let id = Uuid::now_v7().to_string();
    let time = anywise::Timestamp::now().to_string();
    let all = [
        ("ce_specversion", "1.0"),
        ("ce_id", &id),
        ("ce_source", "/duel"),
        ("ce_type", "duel.Happened"),
        ("ce_time", &time),
        ("ce_partitionkey", key),
        ("content-type", "application/json"),
    ];
    all.into_iter()
        .fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: Some(value) }))
}

/// The settings of the adapter, by hand.
fn settings(url: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", url).set_log_level(RDKafkaLogLevel::Warning);
    config
}

fn producer(url: &str) -> FutureProducer {
    let mut config = settings(url);
    config.set("enable.idempotence", "true").set("acks", "all").set("linger.ms", "0");
    config.set("partitioner", "murmur2_random").create().expect("a producer")
}

fn consumer(url: &str, topic: &str) -> BaseConsumer {
    let mut config = settings(url);
    config.set("group.id", format!("bare.{}", Uuid::now_v7())).set("enable.auto.commit", "false");
    config.set("enable.auto.offset.store", "false").set("auto.offset.reset", "earliest");
    config.set("partition.assignment.strategy", "cooperative-sticky").set("fetch.queue.backoff.ms", "5");
    config.set("queued.min.messages", "10000").set("queued.max.messages.kbytes", "8192");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    consumer.subscribe(&[topic]).expect("a subscription");
    consumer
}

fn kafka(url: &str, prefix: &str) -> Kafka {
    Kafka::new(url).prefix(prefix).partitions(PARTITIONS).accept_weaker_durability().replay()
}

/// Sends from `window` tasks for a while; how many a second were confirmed.
async fn rate<F: Future<Output = ()> + Send + 'static>(
    window: u64,
    time: Duration,
    send: impl Fn(u64) -> F + Clone + Send + 'static,
) -> f64 {
    let (began, mut tasks) = (Instant::now(), JoinSet::new());
    for task in 0..window {
        let send = send.clone();
        tasks.spawn(async move {
            let mut count = 0_u64;
            while began.elapsed() < time {
                send(task + count * window).await;
                count += 1;
            }
            count
        });
    }
    let counts = tasks.join_all().await;
    per_second(counts.into_iter().sum(), began.elapsed())
}

async fn publish(url: &str, rounds: usize) {
    let prefix = format!("duel{}", Uuid::now_v7().simple());
    let ours = Arc::new(kafka(url, &prefix));
    declare(&ours).await;
    let topic: Arc<str> = format!("{prefix}.duel").into();
    let bare = producer(url);
    for window in [1, 256, 1024] {
        let time = Duration::from_millis(700);
        let (mut pairs, mut plain) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let kafka = Arc::clone(&ours);
            let mine = rate(window, time, move |number| {
                let kafka = Arc::clone(&kafka);
                async move { kafka.send(envelope(number)).await.expect("it is confirmed") }
            });
            let mine = mine.await;
            let theirs = bare_rate(&bare, &topic, window, time, true).await;
            plain.push((mine, bare_rate(&bare, &topic, window, time, false).await));
            pairs.push((mine, theirs));
        }
        report(&format!("publish, {window} at one time"), pairs);
        report(&format!("publish, {window} at one time, bare without headers"), plain);
    }
}

async fn bare_rate(bare: &FutureProducer, topic: &Arc<str>, window: u64, time: Duration, whole: bool) -> f64 {
    let (bare, topic) = (bare.clone(), Arc::clone(topic));
    rate(window, time, move |number| {
        let (bare, topic) = (bare.clone(), Arc::clone(&topic));
        async move {
            let (key, body) = body(number);
            let mut record = FutureRecord::to(&topic).key(&key).payload(&body);
            if whole {
                record = record.headers(headers(&key));
            }
            bare.send(record, Duration::from_secs(10)).await.expect("it is confirmed");
        }
    })
    .await
}

async fn fill(url: &str, prefix: &str) {
    let ours = kafka(url, prefix);
    declare(&ours).await;
    for from in (0..CONSUMED).step_by(1_000) {
        let sends = (from..from + 1_000).map(|number| ours.send(envelope(number)));
        let sends: Vec<_> = sends.collect();
        for send in sends {
            send.await.expect("it is confirmed");
        }
    }
}

async fn source(url: &str, prefix: &str) -> Box<dyn Source> {
    let group = format!("ours-{}", Uuid::now_v7());
    let source = kafka(url, prefix).subscribe(&Subscription::new(group, ["duel.Happened"])).await;
    source.expect("a subscription")
}

/// Messages a second from the first one on.
async fn ours_consumed(url: &str, prefix: &str) -> f64 {
    let source = source(url, prefix).await;
    let (mut count, mut began) = (0, None);
    while count < CONSUMED {
        let some = source.receive(BATCH).await.expect("the source is not lost");
        began.get_or_insert_with(Instant::now);
        count += some.len() as u64;
        source
            .settle(some.iter().map(|one| (one.tag, Outcome::Done(None))).collect())
            .await
            .expect("it is committed");
    }
    let rate = per_second(count, began.expect("something came").elapsed());
    source.close().await.expect("it ends");
    rate
}

async fn application_consumed(url: &str, prefix: &str) -> f64 {
    let count = slice::Count::default();
    let seen = Arc::clone(&count.0);
    let policy = ConsumePolicy { prefetch: 4 * BATCH, ..ConsumePolicy::default() };
    let app = App::builder().name("duel").slices([slice::SLICE]).provide(count).consume_policy(policy);
    let app = app.transport(kafka(url, prefix)).build().await.expect("it starts");
    let mut began = None;
    while seen.load(Ordering::Relaxed) < CONSUMED {
        if began.is_none() && seen.load(Ordering::Relaxed) > 0 {
            began = Some((Instant::now(), seen.load(Ordering::Relaxed)));
        }
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    let (began, before) = began.expect("it took more than a moment");
    let rate = per_second(CONSUMED - before, began.elapsed());
    app.stop(Duration::from_secs(30)).await;
    rate
}

fn bare_consumed(url: &str, topic: &str) -> f64 {
    let consumer = consumer(url, topic);
    let (mut count, mut began, mut bytes) = (0, None, 0);
    let mut ends = [0_i64; PARTITIONS as usize];
    while count < CONSUMED {
        let mut batch = 0;
        while batch < BATCH && count < CONSUMED {
            let Some(message) = consumer.poll(Duration::from_millis(100)) else {
                if batch > 0 {
                    break;
                }
                continue;
            };
            let message = message.expect("a message").detach();
            began.get_or_insert_with(Instant::now);
            bytes += message.payload().map_or(0, <[u8]>::len) + message.headers().map_or(0, Headers::count);
            ends[usize::try_from(message.partition()).expect("a partition")] = message.offset() + 1;
            (batch, count) = (batch + 1, count + 1);
        }
        let mut offsets = TopicPartitionList::new();
        for (partition, end) in (0..).zip(ends).filter(|(_, end)| *end > 0) {
            offsets.add_partition_offset(topic, partition, Offset::Offset(end)).expect("an offset");
        }
        consumer.commit(&offsets, CommitMode::Sync).expect("it is committed");
    }
    assert!(bytes > 0, "something was read");
    per_second(count, began.expect("something came").elapsed())
}

async fn consume(url: &str, rounds: usize) {
    let (mut alone, mut whole) = (Vec::new(), Vec::new());
    let prefix = format!("duel{}", Uuid::now_v7().simple());
    fill(url, &prefix).await;
    for _ in 0..rounds {
        let mine = ours_consumed(url, &prefix).await;
        let (at, topic) = (url.to_owned(), format!("{prefix}.duel"));
        let theirs = tokio::task::spawn_blocking(move || bare_consumed(&at, &topic)).await.expect("it ends");
        alone.push((mine, theirs));
        // An application has one group a slice: it needs a place of its own.
        let fresh = format!("duel{}", Uuid::now_v7().simple());
        fill(url, &fresh).await;
        whole.push((application_consumed(url, &fresh).await, theirs));
    }
    report("consume with commit, the source", alone);
    report("consume with commit, an application", whole);
}

async fn trickle(url: &str, count: u64) {
    let prefix = format!("duel{}", Uuid::now_v7().simple());
    let ours = kafka(url, &prefix);
    declare(&ours).await;
    let source = source(url, &prefix).await;
    let (bare, topic) = (producer(url), format!("{prefix}.duel"));
    let theirs = consumer(url, &topic);
    let (sent, heard) = std::sync::mpsc::channel::<Instant>();
    let listening = std::thread::spawn(move || {
        let mut waits = Vec::new();
        while waits.len() as u64 <= 2 * count {
            let Some(Ok(message)) = theirs.poll(Duration::from_millis(100)) else { continue };
            theirs.commit_message(&message, CommitMode::Sync).expect("it is committed");
            waits.push(heard.recv().expect("it was sent").elapsed());
        }
        waits
    });
    let mut mine = Vec::new();
    for number in 0..=2 * count {
        tokio::time::sleep(Duration::from_micros(62_500)).await;
        let began = Instant::now();
        sent.send(began).expect("somebody listens");
        if number % 2 == 0 {
            ours.send(envelope(number)).await.expect("it is confirmed");
        } else {
            let (key, body) = body(number);
            let record = FutureRecord::to(&topic).key(&key).payload(&body).headers(headers(&key));
            bare.send(record, Duration::from_secs(10)).await.expect("it is confirmed");
        }
        let some = source.receive(1).await.expect("the source is not lost");
        source.settle(vec![(some[0].tag, Outcome::Done(None))]).await.expect("it is committed");
        mine.push(began.elapsed());
    }
    let theirs = listening.join().expect("it listened");
    // The first one came when both had joined.
    let (mine, theirs) = (percentiles(&mine[1..]), percentiles(&theirs[1..]));
    println!(
        "trickle, p50 and p99 in ms: ours {:.2} {:.2}, bare {:.2} {:.2}",
        mine.0, mine.1, theirs.0, theirs.1
    );
    source.close().await.expect("it ends");
}

/// Sees to it that the topic is there.
async fn declare(kafka: &Kafka) {
    let mut topology = Topology::of("duel");
    topology.events = vec!["duel.Happened".to_owned()];
    kafka.open(&topology).await.expect("the broker answers");
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts so far")]
fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

fn percentiles(waits: &[Duration]) -> (f64, f64) {
    let mut waits: Vec<_> = waits.iter().map(|wait| wait.as_secs_f64() * 1_000.0).collect();
    waits.sort_by(f64::total_cmp);
    (waits[waits.len() / 2], waits[waits.len() * 99 / 100])
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn report(what: &str, pairs: Vec<(f64, f64)>) {
    let ratio = median(pairs.iter().map(|(mine, theirs)| mine / theirs).collect());
    let (mine, theirs): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    println!("{what}: {ratio:.2} ({:.0} / {:.0} a second)", median(mine), median(theirs));
}

#[tokio::main]
async fn main() {
    let rounds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(5);
    let url = std::env::var("ANYWISE_KAFKA_URL").unwrap_or_else(|_| "127.0.0.1:19092".to_owned());
    publish(&url, rounds).await;
    consume(&url, rounds).await;
    trickle(&url, 100).await;
}
