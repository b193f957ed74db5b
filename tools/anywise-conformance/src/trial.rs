//! A transport on trial, and the words in which the cases are written.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use anywise::{Envelope, Incoming, Kind, Outcome, Result, Source, Subscription, Tag, Topology, Transport};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::case::Need;
use crate::harness::Place;

/// The event of cases that need no other.
pub(crate) const HAPPENED: &str = "suite.Happened";
/// Another one.
pub(crate) const ENDED: &str = "suite.Ended";
/// The group of cases that need no other.
pub(crate) const GROUP: &str = "suite";
/// How long nothing must happen before it counts as nothing.
const QUIET: Duration = Duration::from_millis(700);

/// A transport, and the place it was opened in.
pub struct Trial {
    pub(crate) place: Arc<dyn Place>,
    pub(crate) transport: Arc<dyn Transport>,
    /// How long something that must happen may take.
    pub(crate) patience: Duration,
}

impl Trial {
    pub(crate) async fn begin(place: Box<dyn Place>, patience: Duration) -> Result<Self> {
        let place: Arc<dyn Place> = place.into();
        let transport = place.open().await?;
        transport.open(&topology()).await?;
        Ok(Self { place, transport, patience })
    }

    pub(crate) fn meets(&self, need: Need) -> bool {
        let here = match need {
            Need::Restart => self.place.crash().is_some(),
            Need::Foreign => self.place.foreign("").is_some(),
            _ => true,
        };
        here && need.is_met(self.transport.traits())
    }

    /// Another process.
    pub(crate) async fn another(&self) -> Self {
        let transport = self.place.open().await.expect("a second process finds the broker");
        transport.open(&topology()).await.expect("what is there is what is asked for");
        Self { place: Arc::clone(&self.place), transport, patience: self.patience }
    }

    /// The subscription of the usual group.
    pub(crate) async fn hears(&self) -> Heard {
        self.subscribes(&usual()).await
    }

    pub(crate) async fn subscribes(&self, subscription: &Subscription) -> Heard {
        let source = self.transport.subscribe(subscription).await.expect("the broker takes a subscription");
        self.heard(source)
    }

    pub(crate) fn heard(&self, source: Box<dyn Source>) -> Heard {
        Heard { source: Arc::from(source), patience: self.patience }
    }

    pub(crate) async fn publish(&self, envelope: &Envelope) {
        let sent = timeout(self.patience, self.transport.send(envelope.clone())).await;
        sent.expect("the broker confirms in time").expect("the broker takes an event");
    }

    /// Publishes, as often as it takes.
    pub(crate) async fn publish_stubbornly(&self, envelope: &Envelope) {
        let until = Instant::now() + self.patience * 2;
        loop {
            match timeout(self.patience, self.transport.send(envelope.clone())).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) if error.kind() != Kind::Unavailable => panic!("refused for good: {error}"),
                result => assert!(Instant::now() < until, "the broker is not back: {result:?}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn publish_all_stubbornly(&self, envelopes: &[Envelope]) {
        for envelope in envelopes {
            self.publish_stubbornly(envelope).await;
        }
    }

    pub(crate) async fn publish_all(&self, envelopes: &[Envelope]) {
        for envelope in envelopes {
            self.publish(envelope).await;
        }
    }
}

/// What is declared when a transport is opened.
pub(crate) fn topology() -> Topology {
    let mut topology = Topology::of("suite");
    topology.events = vec![HAPPENED.into(), ENDED.into()];
    topology.subscriptions = vec![usual()];
    topology
}

pub(crate) fn usual() -> Subscription {
    Subscription::new(GROUP, [HAPPENED])
}

/// An event without a key.
pub(crate) fn happened(number: usize) -> Envelope {
    Envelope::json(HAPPENED, format!(r#"{{"number":{number}}}"#))
}

/// Events without keys.
pub(crate) fn many(count: usize) -> Vec<Envelope> {
    (0..count).map(happened).collect()
}

/// Events of `keys` keys in turn.
pub(crate) fn keyed(count: usize, keys: usize) -> Vec<Envelope> {
    let with_key = |number: usize| {
        let mut envelope = happened(number);
        envelope.key = Some(format!("key-{}", number % keys));
        envelope
    };
    (0..count).map(with_key).collect()
}

pub(crate) fn ids(envelopes: &[Envelope]) -> HashSet<Uuid> {
    envelopes.iter().map(|envelope| envelope.id).collect()
}

/// The envelope of what came in.
pub(crate) fn envelope(incoming: &Incoming) -> Envelope {
    Envelope::from_frame(&incoming.frame, incoming.foreign.as_ref(), true)
        .expect("what was written can be read")
}

/// A source, and what is done with what it brings.
pub(crate) struct Heard {
    pub(crate) source: Arc<dyn Source>,
    patience: Duration,
}

impl Heard {
    /// Receives `count` messages, and settles nothing.
    pub(crate) async fn receive(&self, count: usize) -> Vec<Incoming> {
        let mut all = Vec::new();
        while all.len() < count {
            let some = timeout(self.patience, self.source.receive(count - all.len())).await;
            let some = some.unwrap_or_else(|_| panic!("{} of {count} messages came in time", all.len()));
            let some = some.expect("the source is not lost");
            assert!(!some.is_empty(), "the source has ended after {} of {count}", all.len());
            assert!(some.len() <= count - all.len(), "no more than was asked for");
            all.extend(some);
        }
        all
    }

    /// Receives `count` messages, settling each group as it comes.
    pub(crate) async fn done(&self, count: usize) -> Vec<Envelope> {
        let mut all = Vec::new();
        while all.len() < count {
            let some = self.receive_some(count - all.len()).await;
            self.settle_done(&some).await;
            all.extend(some.iter().map(envelope));
        }
        all
    }

    async fn receive_some(&self, most: usize) -> Vec<Incoming> {
        let some = timeout(self.patience, self.source.receive(most)).await.expect("something came in time");
        let some = some.expect("the source is not lost");
        assert!(!some.is_empty(), "the source has not ended");
        some
    }

    pub(crate) async fn settle(&self, incoming: &[Incoming], outcome: Outcome) {
        let settled = incoming.iter().map(|one| (one.tag, outcome.clone())).collect();
        self.settle_tags(settled).await;
    }

    pub(crate) async fn settle_tags(&self, settled: Vec<(Tag, Outcome)>) {
        let told = timeout(self.patience, self.source.settle(settled)).await;
        told.expect("the broker hears it in time").expect("the broker takes a settlement");
    }

    pub(crate) async fn settle_done(&self, incoming: &[Incoming]) {
        self.settle(incoming, Outcome::Done(None)).await;
    }

    /// Settles what comes until `count` different messages have come; what was
    /// received by others before may come among them, twice too.
    pub(crate) async fn done_distinct(&self, count: usize, known: &HashSet<Uuid>) -> HashSet<Uuid> {
        let mut done = HashSet::new();
        while done.len() < count {
            let some = self.receive_some(count).await;
            self.settle_done(&some).await;
            done.extend(some.iter().map(|one| envelope(one).id).filter(|id| known.contains(id)));
        }
        done
    }

    /// Nothing comes for a while.
    pub(crate) async fn is_quiet(&self) {
        if let Ok(some) = timeout(QUIET, self.source.receive(1)).await {
            let some = some.expect("the source is not lost");
            panic!("something came: {:?}", some.iter().map(|one| &one.frame).collect::<Vec<_>>());
        }
    }

    pub(crate) async fn close(self) {
        timeout(self.patience, self.source.close()).await.expect("it closes in time").expect("it closes");
    }
}

/// The bodies by key, in the order in which they came for the first time.
pub(crate) fn orders(envelopes: &[Envelope]) -> BTreeMap<String, Vec<Uuid>> {
    let mut orders: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    let mut seen = HashSet::new();
    for envelope in envelopes.iter().filter(|envelope| seen.insert(envelope.id)) {
        let key = envelope.key.clone().expect("the case gives keys");
        orders.entry(key).or_default().push(envelope.id);
    }
    orders
}
