//! A store on trial, and the words in which the cases are written.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anywise_core::{
    Batch, Claimed, DeadLetter, DeadLetters, Delivery, Depth, Envelope, Failure, Memory, Outcome, Remembered,
    Result, Settlement, Store, Want,
};
use jiff::Timestamp;
use uuid::Uuid;

use crate::harness::Place;

/// The target of deliveries that say no other.
pub(crate) const TARGET: &str = "contract::listener";
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
/// How long something that must happen may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked for.
const TICK: Duration = Duration::from_millis(10);

/// A store, and where it keeps its things.
pub struct Trial {
    place: Arc<dyn Place>,
    store: Arc<dyn Store>,
}

impl Trial {
    pub(crate) async fn begin(place: Box<dyn Place>) -> Result<Self> {
        let place: Arc<dyn Place> = place.into();
        let store = opened(place.as_ref()).await?;
        Ok(Self { place, store })
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// A second process on the same place.
    pub(crate) async fn another(&self) -> Self {
        let store = opened(self.place.as_ref()).await.expect("a shared store is opened a second time");
        Self { place: Arc::clone(&self.place), store }
    }

    /// A second process if there may be one, otherwise a second user of the first.
    pub(crate) async fn companion(&self) -> Self {
        if self.store.traits().shared {
            return self.another().await;
        }
        Self { place: Arc::clone(&self.place), store: Arc::clone(&self.store) }
    }

    /// The process ends, and the next begins.
    pub(crate) async fn restart(self) -> Self {
        let Self { place, store } = self;
        place.end(store).await;
        let store = opened(place.as_ref()).await.expect("a durable store is opened again");
        Self { place, store }
    }

    /// The process closes its store and ends, and the next begins.
    pub(crate) async fn close(self) -> Self {
        self.store.close().await.expect("a store is closed");
        self.restart().await
    }

    pub(crate) async fn commit(&self, batch: Batch) -> Result<()> {
        self.store.commit(batch).await
    }

    pub(crate) async fn keep(&self, deliveries: impl IntoIterator<Item = Delivery>) {
        self.commit(appending(deliveries)).await.expect("a batch of deliveries is committed");
    }

    /// Claims at most `most` of [`TARGET`].
    pub(crate) async fn claim(&self, most: u32) -> Vec<Claimed> {
        self.claim_of(&[(TARGET, most)]).await
    }

    pub(crate) async fn claim_of(&self, wants: &[(&str, u32)]) -> Vec<Claimed> {
        self.store.claim(&wanted(wants), false).await.expect("a claim is answered").claimed
    }

    /// Claims what must be the only one that can be claimed of [`TARGET`].
    pub(crate) async fn claim_one(&self, label: &str) -> Claimed {
        let mut claimed = self.claim(10).await;
        assert_eq!(labels(&claimed), [label], "exactly this one can be claimed");
        claimed.remove(0)
    }

    /// Nothing of [`TARGET`] can be claimed.
    pub(crate) async fn claim_nothing(&self, why: &str) {
        assert_eq!(labels(&self.claim(10).await), [""; 0], "{why}");
    }

    /// Claims the next of [`TARGET`], as soon as there is one.
    pub(crate) async fn claim_soon(&self, what: &str) -> Claimed {
        eventually(what, async || self.claim(1).await.pop()).await
    }

    /// Notes that the function of a claimed delivery is called; says whether it
    /// may be.
    pub(crate) async fn begins(&self, claimed: &Claimed) -> bool {
        self.store.begin(claimed.claim).await.expect("a beginning is answered")
    }

    /// Settles a claim; says whether it was held.
    pub(crate) async fn settle(&self, claimed: &Claimed, outcome: Outcome) -> bool {
        let settlement = Settlement::new(claimed.claim, outcome);
        self.store.settle(settlement).await.expect("a settlement is answered")
    }

    /// Settles a claim that is held.
    pub(crate) async fn end(&self, claimed: &Claimed, outcome: Outcome) {
        assert!(
            self.settle(claimed, outcome.clone()).await,
            "a claim that is held is settled as {outcome:?}"
        );
    }

    /// Settles a claim that is held, because of a failure with this code.
    pub(crate) async fn fail(&self, claimed: &Claimed, outcome: Outcome, code: &str) {
        let failure = Failure::new(claimed.attempts, code, format!("{code} happened"));
        let settlement = Settlement::new(claimed.claim, outcome).because(failure);
        assert!(self.store.settle(settlement).await.expect("a settlement is answered"), "the claim is held");
    }

    pub(crate) async fn done(&self, claimed: &Claimed) {
        self.end(claimed, Outcome::Done(None)).await;
    }

    /// Claims one, and makes it a dead letter.
    pub(crate) async fn bury(&self, label: &str) -> DeadLetter {
        let claimed = self.claim_one(label).await;
        self.fail(&claimed, Outcome::DeadLetter(format!("{label} is hopeless")), "contract.hopeless").await;
        let letters = self.letters(DeadLetters::of(TARGET)).await;
        let id = claimed.delivery.envelope.id;
        letters
            .into_iter()
            .find(|letter| letter.envelope.id == id)
            .expect("what is given up is a dead letter")
    }

    /// Claims and finishes everything that is due; says what it was.
    pub(crate) async fn drain(&self, target: &str) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            let claimed = self.claim_of(&[(target, 100)]).await;
            if claimed.is_empty() {
                return seen;
            }
            let settling: Vec<_> = claimed.iter().map(|claimed| self.settling(claimed)).collect();
            for (claimed, settled) in claimed.iter().zip(settling) {
                let settled = settled.await.expect("it does not panic").expect("a settlement is answered");
                assert!(settled, "a claim that is held is settled");
                seen.push(label(claimed).to_owned());
            }
        }
    }

    fn settling(&self, claimed: &Claimed) -> tokio::task::JoinHandle<Result<bool>> {
        let (store, settlement) =
            (Arc::clone(&self.store), Settlement::new(claimed.claim, Outcome::Done(None)));
        tokio::spawn(async move { store.settle(settlement).await })
    }

    pub(crate) async fn letters(&self, which: DeadLetters) -> Vec<DeadLetter> {
        self.store.dead_letters(which).await.expect("dead letters are listed")
    }

    pub(crate) async fn recall(&self, memory: &Memory) -> Option<Remembered> {
        self.store.recall(memory).await.expect("a memory is looked up")
    }

    /// What waits, by target, without those for whom nothing does.
    pub(crate) async fn depths(&self) -> BTreeMap<String, Depth> {
        let depths = self.store.depth().await.expect("the depth is told");
        let depths = depths.into_iter().filter(|depth| counts(depth) != [0; 6]);
        depths.map(|depth| (depth.target.clone(), depth)).collect()
    }

    pub(crate) async fn empty(&self, why: &str) {
        assert_eq!(self.depths().await, BTreeMap::new(), "{why}");
    }
}

async fn opened(place: &dyn Place) -> Result<Arc<dyn Store>> {
    let store = place.open().await?;
    store.open(&[]).await?;
    Ok(store)
}

/// A message that is known by its label, its wire name.
pub(crate) fn message(label: &str) -> Delivery {
    Delivery::new(TARGET, Envelope::json(label, format!(r#"{{"label":"{label}"}}"#)))
}

/// A message of a key.
pub(crate) fn keyed(label: &str, key: &str) -> Delivery {
    let mut delivery = message(label);
    delivery.envelope.key = Some(key.to_owned());
    delivery
}

/// The same message for another target.
pub(crate) fn to(target: &str, delivery: &Delivery) -> Delivery {
    Delivery::new(target, delivery.envelope.clone()).due(delivery.due)
}

pub(crate) fn appending(deliveries: impl IntoIterator<Item = Delivery>) -> Batch {
    let mut batch = Batch::default();
    batch.append.extend(deliveries);
    batch
}

pub(crate) fn reply(memory: &Memory, text: &str) -> Remembered {
    Remembered::new(memory.clone(), Uuid::from_u128(7), "application/json", text.to_owned().into())
}

pub(crate) fn remembering(memory: &Memory, text: &str) -> Batch {
    let mut batch = Batch::default();
    batch.remember = Some(reply(memory, text));
    batch
}

pub(crate) fn wanted(wants: &[(&str, u32)]) -> Vec<Want> {
    wants.iter().map(|(target, most)| Want { target: (*target).to_owned(), most: *most }).collect()
}

pub(crate) fn label(claimed: &Claimed) -> &str {
    &claimed.delivery.envelope.name
}

pub(crate) fn labels(claimed: &[Claimed]) -> Vec<&str> {
    claimed.iter().map(label).collect()
}

pub(crate) fn codes(failures: &[Failure]) -> Vec<&str> {
    failures.iter().map(|failure| failure.code.as_str()).collect()
}

/// Ready, scheduled, retrying, claimed, blocked, dead.
pub(crate) fn counts(depth: &Depth) -> [u64; 6] {
    [depth.ready, depth.scheduled, depth.retrying, depth.claimed, depth.blocked, depth.dead]
}

/// So long from now.
pub(crate) fn after(time: Duration) -> Timestamp {
    Timestamp::now().checked_add(time).expect("it is not so far away")
}

pub(crate) fn ago(time: Duration) -> Timestamp {
    Timestamp::now().checked_sub(time).expect("it is not so far away")
}

/// What `look` finds, as soon as it finds something.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited {} s in vain: {what}", PATIENCE.as_secs());
        tokio::time::sleep(TICK).await;
    }
}

/// Does not take for ever.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let result = tokio::time::timeout(PATIENCE, future).await;
    result.unwrap_or_else(|_| panic!("waited {} s in vain: {what}", PATIENCE.as_secs()))
}
