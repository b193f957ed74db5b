//! Ours against the bare client: the same broker, the same kind of queue, the
//! same confirms and acknowledgements, in turns.
//!
//! `cargo run --release -p anywise-rabbitmq --example duel [ROUNDS]` publishes
//! and consumes an event of 200 bytes through applications without a store, and
//! through lapin by hand; it prints the median of the ratios of rounds that
//! alternate, and how late 8 messages a second come on both ways.
//!
//! - `sink`, `source`: this crate alone, as core calls it.
//! - `app`: `app.publish(..)`, and a `#[listen]` function.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anywise::prelude::*;
use anywise::{Envelope, Outcome, Sink as _, Subscription, Topology, Transport as _, new_id};
use anywise_rabbitmq::RabbitMq;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    ExchangeDeleteOptions, QueueDeleteOptions, QueuePurgeOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use tokio::sync::Notify;

type Done<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const EVENT: &str = "duel_source.Happened";
/// Messages of a round with many in flight, and alone.
const MANY: usize = 4_000;
const ALONE: usize = 300;
const PREFETCH: u16 = 512;

mod source {
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "duel_source", "Publishes.");

    #[event]
    pub(super) struct Happened {
        pub(super) at: u64,
        pub(super) text: String,
    }

    /// Does nothing: a slice has a function.
    #[command]
    pub(super) struct Nothing {}

    #[handler]
    fn nothing(_cmd: Nothing) {}
}

mod target {
    use super::Tally;
    use super::source::Happened;
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "target", "Listens.");

    #[listen]
    #[expect(clippy::unused_async, reason = "listeners are async as a rule")]
    async fn count(event: &Happened, tally: &Tally) {
        tally.note(event.at);
    }
}

/// What has come.
struct Tally {
    began: Instant,
    count: AtomicUsize,
    late: std::sync::Mutex<Vec<Duration>>,
    changed: Notify,
}

impl Tally {
    fn new() -> Arc<Self> {
        let (count, late) = (AtomicUsize::new(0), std::sync::Mutex::default());
        Arc::new(Self { began: Instant::now(), count, late, changed: Notify::new() })
    }

    /// Microseconds since the beginning; zero for what is not timed.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).expect("the duel does not take so long")
    }

    fn note(&self, at: u64) {
        if at > 0 {
            let late = Duration::from_micros(self.now() - at);
            self.late.lock().expect("nobody panics").push(late);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_one();
    }

    async fn reaches(&self, count: usize) {
        while self.count.load(Ordering::Relaxed) < count {
            self.changed.notified().await;
        }
    }

    fn p99(&self) -> Duration {
        let mut late = self.late.lock().expect("nobody panics");
        late.sort();
        late[(late.len() * 99).div_ceil(100) - 1]
    }
}

fn happened(at: u64) -> source::Happened {
    // With the names of the fields it has 200 bytes.
    source::Happened { at, text: "x".repeat(180) }
}

/// What one writes without anywise.
#[derive(Clone)]
struct Bare {
    channel: Channel,
    exchange: ShortString,
    queue: ShortString,
}

impl Bare {
    async fn connect(url: &str, prefix: &str) -> Done<(Self, Connection)> {
        let connection = Connection::connect(url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let queue = format!("{prefix}.target").as_str().into();
        Ok((Self { channel, exchange: prefix.into(), queue }, connection))
    }

    async fn publish_one(&self, body: &[u8]) -> Done {
        let properties = BasicProperties::default()
            .with_delivery_mode(2)
            .with_content_type("application/json".into())
            .with_message_id(new_id().to_string().as_str().into());
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let publishing =
            self.channel.basic_publish(self.exchange.clone(), EVENT.into(), options, body, properties);
        if publishing.await?.await?.is_ack() { Ok(()) } else { Err("not confirmed".into()) }
    }

    /// Consumes in groups of what is there, as ours does.
    async fn consume(&self, count: usize) -> Done {
        let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let mut consumer =
            self.channel.basic_consume(self.queue.clone(), "bare".into(), options, none).await?;
        let (mut done, mut length) = (0, 0);
        while done < count {
            let mut last = consumer.next().await.ok_or("cancelled")??;
            (done, length) = (done + 1, length + read(&last.data)?);
            for _ in 1..256 {
                let Some(Some(next)) = consumer.next().now_or_never() else { break };
                last = next?;
                (done, length) = (done + 1, length + read(&last.data)?);
            }
            last.ack(BasicAckOptions { multiple: true }).await?;
        }
        assert!(length > 0, "something was read");
        self.channel.basic_cancel(consumer.tag(), lapin::options::BasicCancelOptions::default()).await?;
        Ok(())
    }

    async fn purge(&self) -> Done {
        self.channel.queue_purge(self.queue.clone(), QueuePurgeOptions::default()).await?;
        Ok(())
    }

    async fn delete(&self) -> Done {
        for queue in [self.queue.to_string(), format!("{}.dead", self.queue)] {
            self.channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
        }
        for exchange in [self.exchange.to_string(), format!("{}.dead", self.exchange)] {
            self.channel.exchange_delete(exchange.as_str().into(), ExchangeDeleteOptions::default()).await?;
        }
        Ok(())
    }
}

/// A consumer by hand reads its messages, too.
fn read(body: &[u8]) -> Done<usize> {
    let event: source::Happened = serde_json::from_slice(body)?;
    Ok(event.text.len())
}

/// Keeps `window` of `count` calls under way; how many a second.
async fn window<F: Future<Output = Done>>(
    count: usize,
    window: usize,
    mut call: impl FnMut() -> F,
) -> Done<f64> {
    let (began, mut sent, mut flight) = (Instant::now(), 0, FuturesUnordered::new());
    while sent < count || !flight.is_empty() {
        while sent < count && flight.len() < window {
            sent += 1;
            flight.push(call());
        }
        flight.next().await.ok_or("none is under way")??;
    }
    Ok(rate(count, began))
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn rate(count: usize, began: Instant) -> f64 {
    count as f64 / began.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Our side: applications, and this crate alone.
struct Ours {
    app: App,
    rabbit: RabbitMq,
    url: String,
    prefix: String,
}

impl Ours {
    async fn open(url: &str, prefix: &str) -> Done<Self> {
        let rabbit = RabbitMq::new(url).prefix(prefix).require_routes();
        let mut topology = Topology::of("duel");
        topology.subscriptions = vec![Subscription::new("target", [EVENT])];
        rabbit.open(&topology).await?;
        let out = RabbitMq::new(url).prefix(prefix).require_routes();
        let app = App::builder().name("duel").slices([source::SLICE]).transport(out).build().await?;
        Ok(Self { app, rabbit, url: url.to_owned(), prefix: prefix.to_owned() })
    }

    async fn listener(&self, tally: &Arc<Tally>) -> Done<App> {
        let rabbit = RabbitMq::new(&self.url).prefix(&self.prefix).prefetch(PREFETCH);
        let app = App::builder().name("duel").slices([target::SLICE]).provide_arc(Arc::clone(tally));
        Ok(app.transport(rabbit).build().await?)
    }

    async fn send(&self, body: Envelope) -> Done {
        Ok(self.rabbit.send(body).await?)
    }

    async fn publish(&self, event: source::Happened) -> Done {
        Ok(self.app.publish(event).await?)
    }

    /// As core does, without what it does with the messages.
    async fn consume(&self, count: usize) -> Done<f64> {
        let source = self.rabbit.subscribe(&Subscription::new("target", [EVENT])).await?;
        let (began, mut done) = (Instant::now(), 0);
        while done < count {
            let some = source.receive(256).await?;
            for one in &some {
                read(&one.frame.body)?;
            }
            done += some.len();
            source.settle(some.into_iter().map(|one| (one.tag, Outcome::Done(None))).collect()).await?;
        }
        let rate = rate(count, began);
        source.close().await?;
        Ok(rate)
    }

    async fn listen(&self, count: usize) -> Done<f64> {
        let tally = Tally::new();
        // From before it connects, as the bare consumer's does not: what is
        // timed begins with the first message.
        let app = self.listener(&tally).await?;
        tally.reaches(1).await;
        let began = Instant::now();
        tally.reaches(count).await;
        let rate = rate(count, began);
        app.stop(Duration::from_secs(10)).await;
        Ok(rate)
    }
}

async fn publishing(name: &str, count: usize, wide: usize, ours: &Ours, bare: &Bare, rounds: usize) -> Done {
    let body = serde_json::to_vec(&happened(0))?;
    let (mut speeds, mut sink, mut app) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        let mut speed = [0.0; 3];
        // Each round begins with another side, so that none is always the warmer.
        for at in (0..3).map(|at| (at + round) % 3) {
            speed[at] = match at {
                0 => window(count, wide, || bare.publish_one(&body)).await?,
                1 => window(count, wide, || ours.send(Envelope::json(EVENT, body.clone()))).await?,
                _ => window(count, wide, || ours.publish(happened(0))).await?,
            };
            bare.purge().await?;
        }
        if round > 0 {
            speeds.push(speed[0]);
            sink.push(speed[1] / speed[0]);
            app.push(speed[2] / speed[0]);
        }
    }
    println!("{name:<24} {:>8.0} {:>8.3} {:>8.3}", median(speeds), median(sink), median(app));
    Ok(())
}

async fn consuming(ours: &Ours, bare: &Bare, rounds: usize) -> Done {
    let body = serde_json::to_vec(&happened(0))?;
    let count = MANY * 3;
    let (mut speeds, mut source, mut app) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        let mut speed = [0.0; 3];
        for at in (0..3).map(|at| (at + round) % 3) {
            // The same messages for all, with everything that ours carry.
            window(count, 256, || ours.send(Envelope::json(EVENT, body.clone()))).await?;
            speed[at] = match at {
                0 => {
                    let began = Instant::now();
                    bare.consume(count).await?;
                    rate(count, began)
                }
                1 => ours.consume(count).await?,
                _ => ours.listen(count).await?,
            };
            bare.purge().await?;
        }
        if round > 0 {
            speeds.push(speed[0]);
            source.push(speed[1] / speed[0]);
            app.push(speed[2] / speed[0]);
        }
    }
    println!("{:<24} {:>8.0} {:>8.3} {:>8.3}", "consume", median(speeds), median(source), median(app));
    Ok(())
}

/// Eight messages a second on each way, in turns.
async fn trickle(ours: &Ours, alone: &Bare, seconds: usize) -> Done {
    let (here, there) = (Tally::new(), Tally::new());
    let app = ours.listener(&here).await?;
    let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
    let mut consumer = alone.channel.basic_consume(alone.queue.clone(), "bare".into(), options, none).await?;
    let tally = Arc::clone(&there);
    tokio::spawn(async move {
        while let Some(Ok(one)) = consumer.next().await {
            let event: source::Happened = serde_json::from_slice(&one.data).expect("it was written");
            tally.note(event.at);
            one.ack(BasicAckOptions::default()).await.expect("the broker is there");
        }
    });
    let mut tick = tokio::time::interval(Duration::from_micros(62_500));
    for _ in 0..seconds * 8 {
        tick.tick().await;
        ours.publish(happened(here.now())).await?;
        tick.tick().await;
        alone.publish_one(&serde_json::to_vec(&happened(there.now()))?).await?;
    }
    tokio::join!(here.reaches(seconds * 8), there.reaches(seconds * 8));
    println!("8 messages a second: p99 {:?} by hand, {:?} through an application", there.p99(), here.p99());
    app.stop(Duration::from_secs(10)).await;
    Ok(())
}

#[tokio::main]
async fn main() -> Done {
    let rounds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(9);
    let url = std::env::var("ANYWISE_RABBITMQ_URL");
    let url = url.unwrap_or_else(|_| "amqp://guest:guest@127.0.0.1:5672".to_owned());
    // A corner for each, with the same queues.
    let prefix = format!("duel-{}", new_id().simple());
    let (ours, (bare, _connection)) = (Ours::open(&url, &prefix).await?, Bare::connect(&url, &prefix).await?);
    let apart = format!("{prefix}-bare");
    let (_other, (alone, _alone)) = (Ours::open(&url, &apart).await?, Bare::connect(&url, &apart).await?);
    println!("{:<24} {:>8} {:>8} {:>8}", "", "bare/s", "adapter", "app");
    publishing("publish, one at a time", ALONE, 1, &ours, &bare, rounds).await?;
    publishing("publish, 256 in flight", MANY, 256, &ours, &bare, rounds).await?;
    consuming(&ours, &bare, rounds).await?;
    trickle(&ours, &alone, 15).await?;
    bare.delete().await?;
    alone.delete().await
}
