//! A subscription: what has come for a group, and how each message ended.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anywise_core::{BoxFuture, CancellationToken, Foreign, Incoming, Outcome, Result, Source, Tag};
use async_nats::header::NATS_MESSAGE_ID;
use async_nats::{Message, Subject};
use bytes::Bytes;
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use crate::Nats;
use crate::again::Count;
use crate::config::Config;
use crate::connection::Connection;
use crate::delivery::Delivery;
use crate::pull::{PINNED, Pull};
use crate::wire;

const DONE: Bytes = Bytes::from_static(b"+ACK");
const AGAIN: Bytes = Bytes::from_static(b"-NAK");
const NEVER: Bytes = Bytes::from_static(b"+TERM");
const WORKING: Bytes = Bytes::from_static(b"+WPI");

/// How long a lost connection may stay so before the source is lost.
const PATIENCE: Duration = Duration::from_secs(5);

/// The subscription of one group in one process.
pub(crate) struct NatsSource {
    connection: Arc<Connection>,
    config: Arc<Config>,
    group: String,
    pull: tokio::sync::Mutex<Pull>,
    held: Mutex<HashMap<Tag, Message>>,
    next: AtomicU64,
    closed: CancellationToken,
}

impl NatsSource {
    pub(crate) async fn begin(nats: &Nats, group: &str) -> Result<Self> {
        let connection = nats.connection().await?;
        let config = Arc::clone(&nats.config);
        let (stream, consumer) = (config.names.stream(), config.names.consumer(group));
        let ordered = config.ordered.then_some(config.hold);
        let pull = Pull::prepare(connection, &stream, &consumer, ordered).await?;
        Ok(Self {
            connection: Arc::clone(connection),
            config,
            group: group.to_owned(),
            pull: tokio::sync::Mutex::new(pull),
            held: Mutex::default(),
            next: AtomicU64::new(0),
            closed: CancellationToken::new(),
        })
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<Tag, Message>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Messages as core takes them; they are held until they are settled.
    fn hold(&self, messages: Vec<Message>) -> Vec<Incoming> {
        let mut held = self.held();
        let incoming = messages.into_iter().map(|message| {
            let tag = Tag::from(self.next.fetch_add(1, Ordering::Relaxed));
            let incoming = self.incoming(tag, &message);
            held.insert(tag, message);
            incoming
        });
        incoming.collect()
    }

    fn incoming(&self, tag: Tag, message: &Message) -> Incoming {
        let incoming = Incoming::new(tag, wire::frame(message.headers.as_ref(), message.payload.clone()));
        let Some(delivery) = Delivery::of(message) else { return incoming };
        let foreign = self.config.foreign_to(&message.subject);
        let foreign = foreign.map(|name| Foreign::new(name, delivery.position()));
        incoming.foreign(foreign).delivered(delivery.times)
    }

    async fn receive(&self, most: usize) -> Result<Vec<Incoming>> {
        let mut pull = self.pull.lock().await;
        while !self.closed.is_cancelled() {
            if pull.is_uncounted() {
                self.count(&mut pull).await?;
            }
            let came = pull.take(most)?;
            if !came.is_empty() {
                return Ok(self.hold(came));
            }
            if pull.is_uncounted() {
                continue;
            }
            pull.ask(&self.connection, most).await?;
            pull.wait(&self.connection, &self.closed).await;
        }
        Ok(Vec::new())
    }

    /// Counts what will come again. If order is promised, what is missing is waited
    /// for: the server holds it for this process, or for one that is gone, until its
    /// time is over.
    async fn count(&self, pull: &mut Pull) -> Result<()> {
        self.connection.back(PATIENCE).await?;
        let info = self.info().await?;
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        let unsettled = usize::try_from(number(&info["num_ack_pending"])).unwrap_or(usize::MAX);
        let [settled, delivered] = ["ack_floor", "delivered"].map(|at| number(&info[at]["stream_seq"]));
        let count = Count { unsettled, settled, delivered };
        pull.count(count, self.held().values());
        Ok(())
    }

    async fn info(&self) -> Result<Value> {
        let names = &self.config.names;
        let subject = format!("CONSUMER.INFO.{}.{}", names.stream(), names.consumer(&self.group));
        self.connection.ask(subject, &json!({})).await
    }

    async fn settle(&self, settled: Vec<(Tag, Outcome)>) -> Result<()> {
        let (told, missing) = self.told(settled);
        let dead = told.iter().filter_map(|(message, outcome)| match outcome {
            Outcome::DeadLetter(reason) | Outcome::Park(reason) => Some(self.bury(message, reason)),
            _ => None,
        });
        try_join_all(dead).await?;
        let words =
            told.iter().filter_map(|(message, outcome)| Some((message.reply.clone()?, word(outcome)?)));
        // What succeeded last: a cluster confirms that when it has agreed on it.
        let (mut last, mut all): (Vec<_>, Vec<_>) = words.partition(|(_, word)| *word == DONE);
        all.append(&mut last);
        self.connection.confirm(all).await?;
        match missing {
            0 => Ok(()),
            missing => Err(self.connection.away(format!("{missing} messages are not held any more"))),
        }
    }

    /// The messages that are settled, and how many are not held any more.
    fn told(&self, settled: Vec<(Tag, Outcome)>) -> (Vec<(Message, Outcome)>, usize) {
        let mut held = self.held();
        let count = settled.len();
        let known = settled.into_iter().filter_map(|(tag, outcome)| Some((held.remove(&tag)?, outcome)));
        let known: Vec<_> = known.collect();
        let lost = count - known.len();
        (known, lost)
    }

    /// Copies a message to where the group's dead letters are kept.
    async fn bury(&self, message: &Message, reason: &str) -> Result<()> {
        let names = &self.config.names;
        let mut headers = wire::copied(message.headers.as_ref());
        headers.insert("aw-dead-reason", wire::text(reason));
        headers.insert("aw-dead-group", wire::text(&self.group));
        headers.insert("aw-dead-subject", message.subject.as_str());
        if let Some(delivery) = Delivery::of(message) {
            headers.insert("aw-dead-delivered", delivery.times.to_string());
            headers.insert(NATS_MESSAGE_ID, format!("{}/{}", self.group, delivery.position()));
        }
        let subject = names.dead(&self.group);
        match self.connection.publish(subject.clone(), headers, message.payload.clone()).await? {
            Some(()) => Ok(()),
            None => Err(self.connection.away(format!("no stream takes in `{subject}`"))),
        }
    }

    async fn extend(&self, tags: Vec<Tag>) -> Result<()> {
        let mut told: Vec<(Subject, Bytes)> = {
            let held = self.held();
            let replies = tags.iter().filter_map(|tag| held.get(tag)?.reply.clone());
            replies.map(|reply| (reply, WORKING)).collect()
        };
        // What has come and waits here is held as well. Whoever receives just
        // now takes it anyway.
        if let Ok(mut pull) = self.pull.try_lock() {
            told.extend(pull.waiting().filter_map(|message| Some((message.reply.clone()?, WORKING))));
            pull.stay_pinned(&self.connection).await?;
        }
        self.connection.confirm(told).await
    }

    async fn lag(&self) -> Result<Option<u64>> {
        Ok(self.info().await?["num_pending"].as_u64())
    }

    /// Gives back what is held, in its order, and makes room for others.
    async fn close(&self) -> Result<()> {
        if self.closed.is_cancelled() {
            return Ok(());
        }
        self.closed.cancel();
        let mut pull = self.pull.lock().await;
        if self.connection.up().is_err() {
            // The server has noticed; what is held comes again after its time.
            return Ok(());
        }
        let pinned = pull.end(&self.connection).await;
        let mut back: Vec<_> = self.held().drain().collect();
        back.sort_unstable_by_key(|(tag, _)| *tag);
        let waiting = pull.waiting().filter_map(|message| message.reply.clone());
        let back = back.into_iter().filter_map(|(_, message)| message.reply).chain(waiting);
        self.connection.confirm(back.map(|reply| (reply, AGAIN)).collect()).await?;
        if pinned { self.unpin().await } else { Ok(()) }
    }

    async fn unpin(&self) -> Result<()> {
        let names = &self.config.names;
        let subject = format!("CONSUMER.UNPIN.{}.{}", names.stream(), names.consumer(&self.group));
        self.connection.ask(subject, &json!({ "group": PINNED })).await.map(drop)
    }
}

/// What the server is told of an outcome.
fn word(outcome: &Outcome) -> Option<Bytes> {
    Some(match outcome {
        Outcome::Done(_) | Outcome::Skip => DONE,
        Outcome::Retry(Duration::ZERO) => AGAIN,
        Outcome::Retry(after) => format!("-NAK {{\"delay\": {}}}", after.as_nanos()).into(),
        Outcome::DeadLetter(_) | Outcome::Park(_) => NEVER,
        _ => return None,
    })
}

impl Source for NatsSource {
    fn receive(&self, most: usize) -> BoxFuture<'_, Result<Vec<Incoming>>> {
        Box::pin(self.receive(most))
    }

    fn settle(&self, settled: Vec<(Tag, Outcome)>) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.settle(settled))
    }

    fn extend(&self, held: Vec<Tag>) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.extend(held))
    }

    fn lag(&self) -> BoxFuture<'_, Result<Option<u64>>> {
        Box::pin(self.lag())
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.close())
    }
}
