//! Events in: what one process receives for a group, and how it tells the server
//! what became of it.
//!
//! What is received is pending for a consumer of its own until it is settled.
//! Reading is the [reader's](crate::reader), in tasks that nobody cancels.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use anywise_core::{BoxFuture, Error, Incoming, Outcome, Result, Source, Subscription, Tag};
use redis::{Pipeline, Value, cmd};

use crate::config::Broker;
use crate::entry::{Id, number};
use crate::error::away;
use crate::names::RETURNED;
use crate::reader::{Feed, Reader};
use crate::scripts::{BURY, LEAVE};

/// Longer than any hold: what was given back is there for whoever comes first.
const LONG_AGO: u64 = 24 * 60 * 60 * 1000;
/// Entries that are given back in one step.
const STEP: usize = 500;

/// What a consumer holds: its place in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) stream: String,
    pub(crate) group: String,
    pub(crate) consumer: String,
}

/// The subscription of a group in one process.
pub(crate) struct RedisSource {
    reader: Arc<Reader>,
}

/// How messages of one stream ended.
#[derive(Default)]
struct Settled {
    done: Vec<String>,
    again: Vec<String>,
    dead: Vec<(String, String)>,
}

impl RedisSource {
    pub(crate) async fn new(broker: Arc<Broker>, subscription: Subscription) -> Result<Self> {
        Ok(Self { reader: Reader::new(broker, subscription).await? })
    }

    async fn settle_all(&self, settled: Vec<(Tag, Outcome)>) -> Result<()> {
        let reader = &self.reader;
        let mut missing = 0;
        let mut feeds: Vec<Settled> = reader.feeds.iter().map(|_| Settled::default()).collect();
        for (tag, outcome) in &settled {
            match reader.held(*tag) {
                Some((feed, id)) => feeds[feed].add(id, outcome.clone()),
                None => missing += 1,
            }
        }
        // What comes again may come before this returns.
        let again = settled.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Retry(_)));
        reader.release(again.map(|(tag, _)| *tag));
        for (feed, settled) in reader.feeds.iter().zip(&feeds) {
            self.tell(feed, settled).await?;
        }
        reader.release(settled.iter().map(|(tag, _)| *tag));
        if feeds.iter().any(|feed| !feed.again.is_empty()) {
            reader.look_again().await;
        }
        if missing > 0 {
            return Err(away(
                reader.broker.control.address(),
                format!("{missing} messages are not held any more"),
            ));
        }
        Ok(())
    }

    /// Tells the server how messages of one stream ended.
    async fn tell(&self, feed: &Feed, settled: &Settled) -> Result<()> {
        let (reader, control) = (&self.reader, &self.reader.broker.control);
        if !settled.done.is_empty() {
            let mut pipeline = Pipeline::new();
            pipeline.add_command(cmd("XACK").arg(&feed.key).arg(&reader.group).arg(&settled.done).to_owned());
            if feed.is_own() {
                pipeline.add_command(cmd("XDEL").arg(&feed.key).arg(&settled.done).to_owned());
            }
            control.ask_atomic("settling", &mut pipeline).await?;
        }
        if !settled.again.is_empty() {
            let mut claim = cmd("XCLAIM");
            claim.arg(&feed.key).arg(&reader.group).arg(RETURNED).arg(0).arg(&settled.again);
            claim.arg("IDLE").arg(LONG_AGO).arg("JUSTID");
            control.ask("giving back", &claim).await?;
        }
        if !settled.dead.is_empty() {
            let mut script = BURY.prepare_invoke();
            script.key(&feed.key).key(reader.broker.settings.names.dead(&reader.subscription.group));
            script.arg(&reader.group).arg(i32::from(feed.is_own()));
            for (id, reason) in &settled.dead {
                script.arg(id).arg(reason);
            }
            control.run("keeping a dead letter", &script).await?;
        }
        Ok(())
    }

    async fn extend_all(&self, tags: Vec<Tag>) -> Result<()> {
        let reader = &self.reader;
        let mut feeds: Vec<Vec<String>> = reader.feeds.iter().map(|_| Vec::new()).collect();
        let held = tags.into_iter().filter_map(|tag| reader.held(tag)).chain(reader.waiting());
        held.for_each(|(feed, id)| feeds[feed].push(id.to_string()));
        for (feed, ids) in reader.feeds.iter().zip(feeds).filter(|(_, ids)| !ids.is_empty()) {
            let mut claim = cmd("XCLAIM");
            claim.arg(&feed.key).arg(&reader.group).arg(&reader.consumer).arg(0).arg(ids).arg("JUSTID");
            reader.broker.control.ask("extending", &claim).await?;
        }
        Ok(())
    }

    /// What is in the group's streams and not held here.
    async fn waiting(&self) -> Result<u64> {
        let (reader, control) = (&self.reader, &self.reader.broker.control);
        let mut waiting = 0;
        for feed in &reader.feeds {
            waiting += if feed.is_own() {
                let length = control.ask("asking what waits", cmd("XLEN").arg(&feed.key)).await?;
                number(&length).unwrap_or(0)
            } else {
                let groups =
                    control.ask("asking what waits", cmd("XINFO").arg("GROUPS").arg(&feed.key)).await?;
                behind(groups, &reader.group)
            };
        }
        Ok(waiting.saturating_sub(reader.count_held() as u64))
    }
}

impl Settled {
    fn add(&mut self, id: Id, outcome: Outcome) {
        let id = id.to_string();
        match outcome {
            Outcome::Retry(_) | Outcome::Stop => self.again.push(id),
            Outcome::DeadLetter(reason) | Outcome::Park(reason) => self.dead.push((id, reason)),
            _ => self.done.push(id),
        }
    }
}

/// How much of a stream a group has not read, and not settled.
fn behind(groups: Value, name: &str) -> u64 {
    let Value::Array(groups) = groups else { return 0 };
    let facts = groups.into_iter().filter_map(|group| match group {
        Value::Array(facts) => Some(facts),
        _ => None,
    });
    for facts in facts {
        let fact = |wanted: &str| {
            let named =
                |pair: &&[Value]| matches!(&pair[0], Value::BulkString(name) if name == wanted.as_bytes());
            facts.chunks_exact(2).find(named).map(|pair| &pair[1])
        };
        if matches!(fact("name"), Some(Value::BulkString(found)) if found == name.as_bytes()) {
            let count = |wanted| fact(wanted).and_then(number).unwrap_or(0);
            return count("lag") + count("pending");
        }
    }
    0
}

impl Source for RedisSource {
    fn receive(&self, most: usize) -> BoxFuture<'_, Result<Vec<Incoming>>> {
        Box::pin(self.reader.receive(most))
    }

    fn settle(&self, settled: Vec<(Tag, Outcome)>) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.settle_all(settled))
    }

    fn extend(&self, held: Vec<Tag>) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.extend_all(held))
    }

    fn lag(&self) -> BoxFuture<'_, Result<Option<u64>>> {
        Box::pin(async {
            self.reader.ask_for_events().await?;
            self.waiting().await.map(Some)
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            if self.reader.closed.swap(true, Ordering::SeqCst) {
                return Ok(());
            }
            // In a task of its own: half given back is not given back.
            let leaving = tokio::spawn(leave(Arc::clone(&self.reader)));
            leaving
                .await
                .unwrap_or_else(|error| Err(Error::internal(format!("closing ended early: {error}"))))
        })
    }
}

impl Drop for RedisSource {
    fn drop(&mut self) {
        if self.reader.closed.swap(true, Ordering::SeqCst) {
            return;
        }
        self.reader.broker.abandon(&self.reader.places());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let reader = Arc::clone(&self.reader);
            runtime.spawn(async move {
                if let Err(error) = leave(reader).await {
                    tracing::debug!(%error, "what was held comes again later");
                }
            });
        }
    }
}

/// Ends a consumer: what it holds is there for others.
async fn leave(reader: Arc<Reader>) -> Result<()> {
    reader.broker.abandon(&reader.places());
    reader.end().await;
    reader.broker.give_back(&reader.places()).await
}

impl Broker {
    fn abandoned(&self) -> std::sync::MutexGuard<'_, Vec<Place>> {
        self.abandoned.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Remembers consumers that may still hold something.
    fn abandon(&self, places: &[Place]) {
        let mut abandoned = self.abandoned();
        abandoned.retain(|place| !places.contains(place));
        abandoned.extend_from_slice(places);
    }

    /// Gives back what consumers of this process hold that ended while the server
    /// was away.
    pub(crate) async fn give_back_abandoned(&self) -> Result<()> {
        let places = self.abandoned().clone();
        self.give_back(&places).await
    }

    async fn give_back(&self, places: &[Place]) -> Result<()> {
        for place in places {
            self.give_back_one(place).await?;
            self.abandoned().retain(|abandoned| abandoned != place);
        }
        Ok(())
    }

    async fn give_back_one(&self, place: &Place) -> Result<()> {
        let mut script = LEAVE.prepare_invoke();
        script
            .key(&place.stream)
            .arg(&place.group)
            .arg(&place.consumer)
            .arg(RETURNED)
            .arg(STEP)
            .arg(LONG_AGO);
        loop {
            match self.control.run("giving back", &script).await {
                Ok(Value::Int(1..)) => {}
                Ok(_) => return Ok(()),
                // The group is gone, and what it held with it.
                Err(error) if error.message().contains("NOGROUP") => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}
