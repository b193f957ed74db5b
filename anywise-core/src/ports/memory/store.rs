//! The store in memory: the reference that the others are compared with.
//!
//! A batch comes in from a commit and is kept under one lock; the relay takes it
//! out again. The rules are in [`ledger`](super::ledger); here are the lock, the
//! clock and the hint.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::error::{Error, Kind, Result};
use crate::ports::memory::clock::Clock;
use crate::ports::memory::inbox::Inbox;
use crate::ports::memory::ledger::Ledger;
use crate::ports::memory::replies::Replies;
use crate::ports::store::claim::{Claim, Claims, Settlement, Want};
use crate::ports::store::dead::{DeadLetter, DeadLetterId, DeadLetters};
use crate::ports::store::delivery::{Delivery, Depth};
use crate::ports::store::inbox::{Acceptance, Arrival};
use crate::ports::store::remember::{Memory, Remembered};
use crate::ports::store::{Batch, Retention, Store, StoreTraits};
use crate::walk::call::BoxFuture;

/// A store that forgets with its process.
///
/// It does everything a durable store does, but last. Its time is the runtime's:
/// where that is paused (`tokio::time::pause`), it is the test's.
///
/// # Examples
/// ```
/// use anywise_core::{Batch, Delivery, Envelope, MemoryStore, Outcome, Settlement, Store, Want};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anywise_core::Result<()> {
/// let store = MemoryStore::new();
/// let mut batch = Batch::default();
/// batch.append.push(Delivery::new("mailer::greet", Envelope::json("user.UserJoined", "{}")));
/// store.commit(batch).await?;
///
/// let wants = [Want { target: "mailer::greet".into(), most: 10 }];
/// let claims = store.claim(&wants, false).await?;
/// let claim = claims.claimed[0].claim;
/// assert!(store.settle(Settlement::new(claim, Outcome::Done(None))).await?);
/// assert!(store.depth().await?.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    clock: Clock,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    ledger: Ledger,
    replies: Replies,
    inbox: Inbox,
    fired: HashMap<String, Timestamp>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The dead letters that are open, oldest first.
    pub fn open_dead_letters(&self) -> Vec<DeadLetter> {
        self.state().ledger.dead.open().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One move, made when the future is first polled, as a whole.
    fn act<'a, R: Send + 'a>(
        &'a self,
        act: impl FnOnce(&mut State, Timestamp) -> R + Send + 'a,
    ) -> BoxFuture<'a, Result<R>> {
        Box::pin(async move { Ok(act(&mut self.state(), self.clock.now())) })
    }

    /// One move after which there may be something to claim.
    fn change<'a, R: Send + 'a>(
        &'a self,
        change: impl FnOnce(&mut State, Timestamp) -> R + Send + 'a,
    ) -> BoxFuture<'a, Result<R>> {
        self.act(move |state, now| {
            let result = change(state, now);
            self.changed.notify_one();
            result
        })
    }
}

impl Store for MemoryStore {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn traits(&self) -> StoreTraits {
        StoreTraits::volatile()
    }

    fn open<'a>(&'a self, _: &'a [&'static str]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<()>> {
        let committed = self.change(|state, now| state.commit(batch, now));
        Box::pin(async { committed.await? })
    }

    fn accept(&self, arrivals: Vec<Arrival>) -> BoxFuture<'_, Result<Vec<Acceptance>>> {
        self.change(|state, now| arrivals.into_iter().map(|one| state.accept(one, now)).collect())
    }

    fn claim<'a>(&'a self, wants: &'a [Want], _alone: bool) -> BoxFuture<'a, Result<Claims>> {
        // Nothing is suspected of ending a process that its store ends with.
        self.act(|state, now| state.ledger.claim(wants, now))
    }

    fn begin(&self, claim: Claim) -> BoxFuture<'_, Result<bool>> {
        // Nothing is lost by a process that its store ends with.
        self.act(move |state, _| state.ledger.holds(claim))
    }

    fn settle(&self, settlement: Settlement) -> BoxFuture<'_, Result<bool>> {
        self.change(|state, now| state.ledger.settle(settlement, now))
    }

    fn renew<'a>(&'a self, claims: &'a [Claim]) -> BoxFuture<'a, Result<Vec<Claim>>> {
        self.act(|state, _| claims.iter().copied().filter(|claim| state.ledger.holds(*claim)).collect())
    }

    fn ready(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let changed = self.changed.notified();
            let next = self.state().ledger.next(self.clock.now());
            match next {
                Some(next) => drop(tokio::time::timeout(next, changed).await),
                None => changed.await,
            }
        })
    }

    fn recall<'a>(&'a self, memory: &'a Memory) -> BoxFuture<'a, Result<Option<Remembered>>> {
        self.act(|state, _| state.replies.get(memory).cloned())
    }

    fn fire<'a>(&'a self, name: &'a str, due: Timestamp, delivery: Delivery) -> BoxFuture<'a, Result<bool>> {
        self.change(move |state, now| state.fire(name, due, delivery, now))
    }

    fn last_fired<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Timestamp>>> {
        self.act(|state, _| state.fired.get(name).copied())
    }

    fn cancel(&self, message: Uuid) -> BoxFuture<'_, Result<bool>> {
        self.change(move |state, now| state.ledger.cancel(message, now))
    }

    fn depth(&self) -> BoxFuture<'_, Result<Vec<Depth>>> {
        self.act(|state, now| state.ledger.depth(now))
    }

    fn dead_letters(&self, which: DeadLetters) -> BoxFuture<'_, Result<Vec<DeadLetter>>> {
        self.act(move |state, _| state.ledger.dead.find(&which))
    }

    fn replay(&self, id: DeadLetterId, body: Option<Bytes>) -> BoxFuture<'_, Result<bool>> {
        self.change(move |state, now| state.ledger.replay(id, body, now))
    }

    fn discard(&self, id: DeadLetterId) -> BoxFuture<'_, Result<bool>> {
        self.change(move |state, now| state.ledger.discard(id, now))
    }

    fn sweep<'a>(&'a self, retention: &'a Retention) -> BoxFuture<'a, Result<u64>> {
        self.act(|state, now| {
            let swept = state.replies.sweep(retention, now) + state.inbox.sweep(retention, now);
            swept + state.ledger.dead.sweep(retention, now)
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.act(|state, _| state.ledger.release_all())
    }
}

impl State {
    fn commit(&mut self, batch: Batch, now: Timestamp) -> Result<()> {
        let Batch { append, done, cancel, remember, bury } = batch;
        if done.is_some_and(|claim| !self.ledger.holds(claim)) {
            return Err(Error::new(Kind::Conflict, "AW7020", "the claim is no longer held"));
        }
        if remember.as_ref().is_some_and(|reply| self.replies.get(&reply.memory).is_some()) {
            return Err(Error::new(Kind::Conflict, "AW1042", "this request was answered in the meantime"));
        }
        for delivery in append {
            self.ledger.append(delivery, now);
        }
        if let Some(claim) = done {
            self.ledger.finish(claim.id);
        }
        for message in cancel {
            self.ledger.cancel(message, now);
        }
        for buried in bury {
            self.ledger.inter(buried, now);
        }
        if let Some(reply) = remember {
            self.replies.insert(reply, now);
        }
        Ok(())
    }

    fn accept(&mut self, arrival: Arrival, now: Timestamp) -> Acceptance {
        let Arrival { group, id, fingerprint, deliveries } = arrival;
        let acceptance = self.inbox.accept((group, id), fingerprint, now);
        if acceptance == Acceptance::New {
            for delivery in deliveries {
                self.ledger.append(delivery, now);
            }
        }
        acceptance
    }

    fn fire(&mut self, name: &str, due: Timestamp, delivery: Delivery, now: Timestamp) -> bool {
        if self.fired.get(name).is_some_and(|last| *last >= due) {
            return false;
        }
        self.fired.insert(name.to_owned(), due);
        self.ledger.append(delivery, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::envelope::Envelope;
    use crate::ports::store::claim::{Claimed, Failure};
    use crate::ports::store::outcome::Outcome;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn delivery(name: &str, key: Option<&str>) -> Delivery {
        let mut envelope = Envelope::json(name, "{}");
        envelope.key = key.map(str::to_owned);
        Delivery::new("t", envelope)
    }

    async fn keep(store: &MemoryStore, append: impl IntoIterator<Item = Delivery>) {
        let batch = Batch { append: append.into_iter().collect(), ..Batch::default() };
        store.commit(batch).await.unwrap();
    }

    async fn claim(store: &MemoryStore) -> Vec<Claimed> {
        store.claim(&[Want { target: "t".into(), most: 10 }], false).await.unwrap().claimed
    }

    async fn settle(store: &MemoryStore, claimed: &Claimed, outcome: Outcome) -> bool {
        let failure = Failure::new(claimed.attempts, "test", "it failed");
        store.settle(Settlement::new(claimed.claim, outcome).because(failure)).await.unwrap()
    }

    fn names(claimed: &[Claimed]) -> Vec<&str> {
        claimed.iter().map(|claimed| claimed.delivery.envelope.name.as_str()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_goes_one_by_one_and_waits_for_a_retry() {
        let store = MemoryStore::new();
        keep(&store, [delivery("a", Some("k")), delivery("b", Some("k")), delivery("c", None)]).await;
        let first = claim(&store).await;
        assert_eq!(names(&first), ["a", "c"]);
        assert!(settle(&store, &first[0], Outcome::Retry(HOUR)).await);
        assert!(claim(&store).await.is_empty());
        tokio::time::advance(HOUR).await;
        let again = claim(&store).await;
        assert_eq!((names(&again), again[0].attempts, again[0].failures.len()), (vec!["a"], 2, 1));
        assert!(!settle(&store, &first[0], Outcome::Skip).await, "the first claim is no longer held");
        assert!(settle(&store, &again[0], Outcome::Skip).await);
        assert_eq!(names(&claim(&store).await), ["b"]);
    }

    #[tokio::test]
    async fn a_dead_letter_keeps_its_place_and_its_epoch() {
        let store = MemoryStore::new();
        keep(&store, [delivery("a", Some("k")), delivery("b", Some("k"))]).await;
        let first = claim(&store).await;
        settle(&store, &first[0], Outcome::DeadLetter("no".into())).await;
        assert!(claim(&store).await.is_empty());
        let letter = store.open_dead_letters().remove(0);
        assert!(store.replay(letter.id, None).await.unwrap());
        assert!(!store.replay(letter.id, None).await.unwrap());
        let again = claim(&store).await;
        assert_eq!((names(&again), again[0].attempts, again[0].claim.epoch), (vec!["a"], 1, 2));
        settle(&store, &again[0], Outcome::Park("later".into())).await;
        let letter = store.open_dead_letters().remove(0);
        assert_eq!((letter.parked, letter.replays), (true, 1));
        assert!(store.discard(letter.id).await.unwrap());
        assert_eq!(names(&claim(&store).await), ["b"]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_that_is_due_is_announced() {
        let store = MemoryStore::new();
        let due = store.clock.now().checked_add(HOUR).unwrap();
        keep(&store, [delivery("a", None).due(Some(due))]).await;
        store.ready().await;
        let claims = store.claim(&[Want { target: "t".into(), most: 1 }], false).await.unwrap();
        assert_eq!((claims.claimed.len(), claims.next), (0, Some(HOUR)));
        store.ready().await;
        assert_eq!(names(&claim(&store).await), ["a"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sweep_forgets_what_is_old_in_batches_and_no_open_letter() {
        let store = MemoryStore::new();
        for n in 0..3_u128 {
            let memory = Memory::new("m", None, &n.to_string());
            let reply = Remembered::new(memory, Uuid::from_u128(n), "text/plain", Bytes::new());
            store.commit(Batch { remember: Some(reply), ..Batch::default() }).await.unwrap();
        }
        keep(&store, [delivery("a", None), delivery("b", None)]).await;
        for claimed in claim(&store).await {
            settle(&store, &claimed, Outcome::DeadLetter("no".into())).await;
        }
        let letter = store.open_dead_letters().remove(0);
        assert!(store.discard(letter.id).await.unwrap());
        tokio::time::advance(HOUR * 24 * 365).await;
        let retention = Retention { batch: 2, ..Retention::default() };
        let mut swept = Vec::new();
        while let Some(rows) = Some(store.sweep(&retention).await.unwrap()).filter(|rows| *rows > 0) {
            swept.push(rows);
        }
        assert_eq!(swept, [3, 1]);
        assert_eq!(store.open_dead_letters().len(), 1);
    }
}
