//! A broker inside the process: what other transports do, in little.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::envelope::Envelope;
use crate::envelope::cloudevent::Foreign;
use crate::envelope::frame::Frame;
use crate::error::{Error, Kind, Result};
use crate::ports::store::outcome::Outcome;
use crate::ports::transport::{
    Incoming, Ordered, Sink, Source, Subscription, Tag, Topology, Transport, TransportTraits,
};
use crate::walk::call::BoxFuture;

/// A broker inside the process, for tests and for several applications in one
/// process. Clones are the same broker.
///
/// A group exists from the first time it is subscribed to, or named by an
/// application that opens the broker; it keeps what is published from then on.
///
/// # Examples
/// ```
/// # async fn example() -> anywise_core::Result<()> {
/// use anywise_core::{Envelope, MemoryBroker, Outcome, Sink as _, Source as _, Subscription, Transport as _};
///
/// let broker = MemoryBroker::new("broker", 16);
/// let source = broker.subscribe(&Subscription::new("stock", ["order.OrderPaid"])).await?;
/// broker.send(Envelope::json("order.OrderPaid", "{}")).await?;
/// let incoming = source.receive(10).await?;
/// source.settle(vec![(incoming[0].tag, Outcome::Done(None))]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MemoryBroker {
    name: Arc<str>,
    bound: usize,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    groups: Mutex<BTreeMap<String, Group>>,
    away: AtomicBool,
    /// Something was put into a group, or taken out of one.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Group {
    events: HashSet<String>,
    waiting: VecDeque<Message>,
    held: HashMap<Tag, Message>,
    dead: Vec<(Frame, String)>,
    next: Tag,
}

#[derive(Clone, Debug)]
struct Message {
    frame: Frame,
    foreign: Option<Foreign>,
    delivered: u32,
    /// Its place among all of the group.
    at: Tag,
}

impl MemoryBroker {
    /// A broker with a name, under which deliveries to it are kept. A group
    /// keeps at most `bound` messages; who publishes more waits.
    pub fn new(name: &str, bound: usize) -> Self {
        Self { name: name.into(), bound: bound.max(1), state: Arc::default() }
    }

    /// Publishes what is no CloudEvent: each group that listens to the event
    /// gets `frame` as the message `name`.
    ///
    /// # Errors
    /// `AW2020`: the broker is away. It waits for room.
    pub async fn publish_foreign(&self, name: &str, id: &str, frame: Frame) -> Result<()> {
        self.publish(name, &frame, Some(Foreign::new(name, id))).await
    }

    /// Publishes a frame as it is, under the name of an event.
    ///
    /// # Errors
    /// `AW2020`: the broker is away. It waits for room.
    pub async fn publish_frame(&self, name: &str, frame: Frame) -> Result<()> {
        self.publish(name, &frame, None).await
    }

    /// What the listeners of a group could not handle, with the reasons.
    pub fn dead(&self, group: &str) -> Vec<(Frame, String)> {
        self.groups().get(group).map(|group| group.dead.clone()).unwrap_or_default()
    }

    /// Sets whether the broker is away: then nothing reaches it, its sources are
    /// lost, and what they held comes again when it is back.
    pub fn set_away(&self, away: bool) {
        self.state.away.store(away, Ordering::SeqCst);
        self.state.changed.notify_waiters();
    }

    fn here(&self) -> Result<()> {
        if self.state.away.load(Ordering::SeqCst) {
            return Err(Error::new(Kind::Unavailable, "AW2020", "the broker in memory is away"));
        }
        Ok(())
    }

    /// How many messages a group has: waiting ones, and those held by a source.
    pub fn depth(&self, group: &str) -> usize {
        self.groups().get(group).map_or(0, |group| group.waiting.len() + group.held.len())
    }

    fn groups(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Group>> {
        self.state.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn publish(&self, name: &str, frame: &Frame, foreign: Option<Foreign>) -> Result<()> {
        loop {
            let changed = self.state.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            self.here()?;
            if self.put(name, frame, foreign.as_ref()) {
                self.state.changed.notify_waiters();
                return Ok(());
            }
            changed.await;
        }
    }

    /// Puts a message into every group that listens to it, or into none.
    fn put(&self, name: &str, frame: &Frame, foreign: Option<&Foreign>) -> bool {
        let mut groups = self.groups();
        let full = |group: &Group| group.events.contains(name) && group.waiting.len() >= self.bound;
        if groups.values().any(full) {
            return false;
        }
        for group in groups.values_mut().filter(|group| group.events.contains(name)) {
            group.next += 1;
            let message =
                Message { frame: frame.clone(), foreign: foreign.cloned(), delivered: 0, at: group.next };
            group.waiting.push_back(message);
        }
        true
    }

    fn declare(&self, subscription: &Subscription) {
        let mut groups = self.groups();
        let group = groups.entry(subscription.group.clone()).or_default();
        group.events = subscription.events.iter().cloned().collect();
    }
}

impl Sink for MemoryBroker {
    fn name(&self) -> &str {
        &self.name
    }

    fn send(&self, envelope: Envelope) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let frame = envelope.to_frame("/memory");
            self.publish(&envelope.name, &frame, None).await
        })
    }
}

impl Transport for MemoryBroker {
    fn traits(&self) -> TransportTraits {
        TransportTraits {
            ordered: Ordered::Alone,
            delay: true,
            groups: true,
            counted: true,
            ..TransportTraits::none()
        }
    }

    fn open<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<()>> {
        topology.subscriptions.iter().for_each(|subscription| self.declare(subscription));
        Box::pin(std::future::ready(self.here()))
    }

    fn subscribe<'a>(&'a self, subscription: &'a Subscription) -> BoxFuture<'a, Result<Box<dyn Source>>> {
        self.declare(subscription);
        let source =
            MemorySource { broker: self.clone(), group: subscription.group.clone(), mine: Mutex::default() };
        Box::pin(std::future::ready(self.here().map(|()| Box::new(source) as Box<dyn Source>)))
    }
}

/// One subscription; what it holds comes again when it is dropped.
struct MemorySource {
    broker: MemoryBroker,
    group: String,
    mine: Mutex<HashSet<Tag>>,
}

impl MemorySource {
    fn with<T>(&self, with: impl FnOnce(&mut Group) -> T) -> Option<T> {
        self.broker.groups().get_mut(&self.group).map(with)
    }

    fn mine(&self) -> std::sync::MutexGuard<'_, HashSet<Tag>> {
        self.mine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, most: usize) -> Vec<Incoming> {
        let taken = self.with(|group| {
            let count = most.min(group.waiting.len());
            let messages: Vec<_> = group.waiting.drain(..count).collect();
            let incoming = messages.into_iter().map(|mut message| {
                message.delivered += 1;
                let incoming = Incoming::new(message.at, message.frame.clone())
                    .foreign(message.foreign.clone())
                    .delivered(message.delivered);
                group.held.insert(message.at, message);
                incoming
            });
            incoming.collect::<Vec<_>>()
        });
        let taken = taken.unwrap_or_default();
        self.mine().extend(taken.iter().map(|one| one.tag));
        taken
    }

    fn settle_one(&self, tag: Tag, outcome: Outcome) -> Result<()> {
        if !self.mine().remove(&tag) {
            return Err(Error::new(Kind::Unavailable, "AW2020", "the message is not held any more"));
        }
        let Some(Some(message)) = self.with(|group| group.held.remove(&tag)) else { return Ok(()) };
        match outcome {
            Outcome::Retry(after) => self.again(message, after),
            Outcome::DeadLetter(reason) | Outcome::Park(reason) => {
                self.with(|group| group.dead.push((message.frame, reason)));
            }
            Outcome::Stop => self.again(message, Duration::ZERO),
            Outcome::Done(_) | Outcome::Skip => {}
        }
        Ok(())
    }

    fn again(&self, message: Message, after: Duration) {
        let (broker, name) = (self.broker.clone(), self.group.clone());
        let back = move || {
            if let Some(group) = broker.groups().get_mut(&name) {
                group.put_back(message);
            }
            broker.state.changed.notify_waiters();
        };
        if after.is_zero() {
            back();
        } else {
            tokio::spawn(async move {
                tokio::time::sleep(after).await;
                back();
            });
        }
    }
}

impl Group {
    /// Puts a message back where it was.
    fn put_back(&mut self, message: Message) {
        let at = self.waiting.partition_point(|waiting| waiting.at < message.at);
        self.waiting.insert(at, message);
    }
}

impl Source for MemorySource {
    fn receive(&self, most: usize) -> BoxFuture<'_, Result<Vec<Incoming>>> {
        Box::pin(async move {
            loop {
                let changed = self.broker.state.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                self.broker.here()?;
                let taken = self.take(most);
                if !taken.is_empty() {
                    // There is room for who waits to publish.
                    self.broker.state.changed.notify_waiters();
                    return Ok(taken);
                }
                changed.await;
            }
        })
    }

    fn settle(&self, settled: Vec<(Tag, Outcome)>) -> BoxFuture<'_, Result<()>> {
        let result = self.broker.here();
        let result = result
            .and_then(|()| settled.into_iter().try_for_each(|(tag, outcome)| self.settle_one(tag, outcome)));
        Box::pin(std::future::ready(result))
    }

    fn lag(&self) -> BoxFuture<'_, Result<Option<u64>>> {
        let waiting = self.with(|group| group.waiting.len() as u64);
        Box::pin(std::future::ready(Ok(waiting)))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.give_back();
        Box::pin(std::future::ready(Ok(())))
    }
}

impl MemorySource {
    fn give_back(&self) {
        let mine = std::mem::take(&mut *self.mine());
        if mine.is_empty() {
            return;
        }
        self.with(|group| {
            for tag in mine {
                if let Some(message) = group.held.remove(&tag) {
                    group.put_back(message);
                }
            }
        });
        self.broker.state.changed.notify_waiters();
    }
}

impl Drop for MemorySource {
    fn drop(&mut self) {
        self.give_back();
    }
}
