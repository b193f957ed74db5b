//! Moves deliveries from the store to their functions, and their outcomes back.
//!
//! One loop claims what is due and there is room for; each delivery runs in a
//! task of its own and is settled by its error's kind. Nothing here is lost
//! with the process: what is claimed and not settled is claimed again.

pub(crate) mod lane;
pub(crate) mod policy;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::app::Inner;
use crate::error::{Error, Kind};
use crate::ports::observer::{Observer, Settled};
use crate::ports::relay::lane::{Lane, Lanes};
use crate::ports::relay::policy::{RelayPolicy, jitter};
use crate::ports::store::Store;
use crate::ports::store::claim::{Claim, Claimed, Failure, Settlement};
use crate::ports::store::outcome::Outcome;
use crate::walk::hold::{Held, Hold};
use crate::walk::in_flight::Entered;

/// Waits between attempts to reach a store that does not answer.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// How long suspects run before others begin beside them.
const HEAD_START: Duration = Duration::from_millis(100);

/// How an attempt ended, as far as this process knows.
enum End {
    /// It was settled by its own commit.
    Kept,
    /// It must be settled.
    Open(Settlement),
    /// The store finds out.
    Unknown,
}

/// Starts the loops; they end when the application stops or is dropped.
pub(crate) fn start(app: &Arc<Inner>) {
    let Some(store) = app.store.clone() else { return };
    let relay = Arc::new(Relay {
        app: Arc::downgrade(app),
        lanes: Lanes::of(app),
        policy: app.relay,
        draining: app.draining.clone(),
        stopping: app.stopping.clone(),
        running: Mutex::default(),
        suspects: watch::Sender::new(None),
        observers: app.observers.clone(),
        store,
    });
    tokio::spawn(Arc::clone(&relay).claim());
    if let Some(every) = relay.store.traits().renew {
        tokio::spawn(Arc::clone(&relay).renew(every));
    }
    if !relay.observers.is_empty() {
        tokio::spawn(Arc::clone(&relay).observe());
    }
    tokio::spawn(relay.sweep());
}

struct Relay {
    app: Weak<Inner>,
    store: Arc<dyn Store>,
    observers: Vec<Arc<dyn Observer>>,
    lanes: Lanes,
    policy: RelayPolicy,
    draining: CancellationToken,
    stopping: CancellationToken,
    /// The claims held, each with what ends its run.
    running: Mutex<HashMap<Claim, CancellationToken>>,
    /// Deliveries that may end the process are at work: how many, since when.
    suspects: watch::Sender<Option<(usize, Instant)>>,
}

impl Relay {
    /// Claims and runs what is due, until the application takes on nothing new.
    async fn claim(self: Arc<Self>) {
        self.warn_of_strangers().await;
        let mut patience = SHORTEST;
        loop {
            let wants = self.lanes.wants();
            if wants.is_empty() {
                tokio::select! {
                    () = self.draining.cancelled() => return,
                    () = self.lanes.freed() => continue,
                }
            }
            let Some(app) = self.app.upgrade() else { return };
            // Entered before the claim: a stop waits for what it brings.
            let entered = app.in_flight.enter();
            drop(app);
            let suspects = self.suspects.borrow().is_none();
            let wait = match self.store.claim(&wants, suspects).await {
                Ok(claims) => {
                    patience = SHORTEST;
                    self.lanes.note(&wants, &claims.claimed);
                    let some = !claims.claimed.is_empty();
                    self.run_all(claims.claimed);
                    if some { Duration::ZERO } else { claims.next.unwrap_or(Duration::MAX).min(self.poll()) }
                }
                Err(error) => {
                    tracing::error!(%error, store = self.store.name(), "claiming failed");
                    patience = (patience * 2).min(LONGEST);
                    jitter(patience)
                }
            };
            drop(entered);
            if wait > Duration::ZERO {
                tokio::select! {
                    () = self.draining.cancelled() => {}
                    () = self.store.ready() => {}
                    () = self.lanes.freed() => {}
                    () = tokio::time::sleep(wait) => {}
                }
            }
            if self.draining.is_cancelled() {
                return;
            }
        }
    }

    fn poll(&self) -> Duration {
        let shared = self.store.traits().shared;
        self.policy.poll.unwrap_or(if shared { Duration::from_millis(200) } else { Duration::from_secs(1) })
    }

    fn run_all(self: &Arc<Self>, claimed: Vec<Claimed>) {
        let Some(app) = self.app.upgrade() else { return };
        let suspects = claimed.iter().filter(|one| one.is_suspect()).count();
        if suspects > 0 {
            self.suspects.send_replace(Some((suspects, Instant::now())));
        }
        for one in claimed {
            let entered = app.in_flight.enter();
            let Some(lane) = self.lanes.enter(&one) else { continue };
            tokio::spawn(Arc::clone(self).run(app.clone(), lane, one, entered));
        }
    }

    /// Takes one delivery all the way.
    async fn run(self: Arc<Self>, app: Arc<Inner>, lane: Arc<Lane>, claimed: Claimed, entered: Entered) {
        let lost = CancellationToken::new();
        self.running().insert(claimed.claim, lost.clone());
        let (end, took) = match RelayPolicy::hopeless(&claimed) {
            Some(outcome) => (End::Open(Settlement::new(claimed.claim, outcome)), Duration::ZERO),
            None => self.attempt(&app, &lane, &claimed, &lost).await,
        };
        drop(app);
        let outcome = match end {
            End::Kept => Some(Outcome::Done(None)),
            End::Open(settlement) => {
                let outcome = settlement.outcome.clone();
                self.settle(&claimed, settlement).await.then_some(outcome)
            }
            End::Unknown => None,
        };
        self.running().remove(&claimed.claim);
        if claimed.is_suspect() {
            self.clear();
        }
        lane.leave();
        if let Some(outcome) = outcome {
            self.tell(&claimed, took, &outcome);
        }
        drop(entered);
    }

    /// A suspect is at work no more.
    fn clear(&self) {
        self.suspects.send_modify(|suspects| {
            *suspects = suspects.filter(|(count, _)| *count > 1).map(|(count, since)| (count - 1, since));
        });
        if self.suspects.borrow().is_none() {
            // The next ones wait for this moment, and no store knows of it.
            self.lanes.wake();
        }
    }

    /// Runs its function; says how that ended, and how long it took.
    async fn attempt(
        &self,
        app: &Arc<Inner>,
        lane: &Lane,
        claimed: &Claimed,
        lost: &CancellationToken,
    ) -> (End, Duration) {
        let stop = || End::Open(Settlement::new(claimed.claim, Outcome::Stop));
        let permit = tokio::select! {
            biased;
            () = self.draining.cancelled() => return (stop(), Duration::ZERO),
            permit = lane.runs.acquire() => permit.expect("a lane is never closed"),
        };
        if !claimed.is_suspect() {
            self.give_way().await;
        }
        if let Some(end) = self.begin(claimed, lost).await {
            return (end, Duration::ZERO);
        }
        let (began, hold) = (Instant::now(), Arc::new(Hold::new(claimed.claim)));
        let result = tokio::select! {
            biased;
            result = crate::walk::receive::deliver(app, &claimed.delivery, Some(Arc::clone(&hold))) => result,
            () = lost.cancelled() => {
                tracing::warn!(target_id = claimed.delivery.target, "a claim was lost; its run is given up");
                return (End::Unknown, began.elapsed());
            }
            () = self.stopping.cancelled() => return (stop(), began.elapsed()),
        };
        // The next may run while this one's commit becomes durable.
        drop(permit);
        let result = match (result, hold.release()) {
            (Ok(()), Held::Open) => Ok(End::Open(Settlement::new(claimed.claim, Outcome::Done(None)))),
            (Ok(()), Held::Staged(durable)) => durable.await.map(|()| End::Kept),
            (Err(error), _) => Err(error),
        };
        let took = began.elapsed();
        (result.unwrap_or_else(|error| self.failed(claimed, &error, took)), took)
    }

    /// Lets suspects that are at work finish, or nearly so: what had begun beside
    /// them would be lost with them, and they are slower among others.
    async fn give_way(&self) {
        if self.suspects.borrow().is_none() {
            return;
        }
        let mut suspects = self.suspects.subscribe();
        let gone = suspects.wait_for(|all| all.is_none_or(|(_, since)| since.elapsed() >= HEAD_START));
        drop(tokio::time::timeout(HEAD_START, gone).await);
    }

    /// Notes that its function is called now, as often as it takes; says how it
    /// ends if it must not be.
    async fn begin(&self, claimed: &Claimed, lost: &CancellationToken) -> Option<End> {
        let mut patience = SHORTEST;
        loop {
            match self.store.begin(claimed.claim).await {
                Ok(true) => return None,
                Ok(false) => return Some(End::Unknown),
                Err(error) => tracing::warn!(function = claimed.delivery.target, %error, "beginning again"),
            }
            tokio::select! {
                biased;
                () = lost.cancelled() => return Some(End::Unknown),
                () = self.draining.cancelled() => {
                    return Some(End::Open(Settlement::new(claimed.claim, Outcome::Stop)));
                }
                () = tokio::time::sleep(jitter(patience)) => {}
            }
            patience = (patience * 2).min(LONGEST);
        }
    }

    fn failed(&self, claimed: &Claimed, error: &Error, took: Duration) -> End {
        let (message, function) = (&claimed.delivery.envelope.name, &claimed.delivery.target);
        match error.code() {
            // It is another's now, or it may be done: the store finds out.
            "AW7020" | "AW7006" => {
                tracing::warn!(message, function, %error, "a delivery's end is not known here");
                return End::Unknown;
            }
            _ => {}
        }
        let outcome = self.policy.outcome(claimed, error);
        match &outcome {
            Outcome::DeadLetter(reason) | Outcome::Park(reason) => {
                tracing::error!(message, function, reason, "dead letter");
            }
            _ => tracing::warn!(message, function, %error, attempt = claimed.attempts, "to be tried again"),
        }
        let mut failure = Failure::new(claimed.attempts, error.code().to_owned(), chain(error));
        failure.took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        failure.node = node();
        End::Open(Settlement::new(claimed.claim, outcome).because(failure))
    }

    /// Settles, as often as it takes: what is not settled stays claimed. Says
    /// whether it was.
    async fn settle(&self, claimed: &Claimed, settlement: Settlement) -> bool {
        let mut patience = SHORTEST;
        loop {
            match self.store.settle(settlement.clone()).await {
                Ok(settled) => return settled,
                Err(error) if error.kind() != Kind::Unavailable || self.stopping.is_cancelled() => {
                    tracing::error!(function = claimed.delivery.target, %error, "settling failed");
                    return false;
                }
                Err(error) => tracing::warn!(function = claimed.delivery.target, %error, "settling again"),
            }
            tokio::time::sleep(jitter(patience)).await;
            patience = (patience * 2).min(LONGEST);
        }
    }

    /// Keeps what is held from being taken by others.
    async fn renew(self: Arc<Self>, every: Duration) {
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
            let claims: Vec<_> = self.running().keys().copied().collect();
            if claims.is_empty() {
                continue;
            }
            match self.store.renew(&claims).await {
                Ok(held) => {
                    let running = self.running();
                    let lost = claims.iter().filter(|claim| !held.contains(claim));
                    lost.filter_map(|claim| running.get(claim)).for_each(CancellationToken::cancel);
                }
                Err(error) => tracing::error!(%error, store = self.store.name(), "renewing failed"),
            }
        }
    }

    /// Tells the observers how a delivery ended.
    fn tell(&self, claimed: &Claimed, took: Duration, outcome: &Outcome) {
        let (target, message) = (&claimed.delivery.target, &claimed.delivery.envelope.name);
        let settled = Settled { target, message, attempts: claimed.attempts, took, outcome };
        self.observers.iter().for_each(|observer| observer.settled(&settled));
    }

    /// Tells the observers what waits.
    async fn observe(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = tokio::time::sleep(self.policy.observe) => {}
            }
            if self.app.strong_count() == 0 {
                return;
            }
            match self.store.depth().await {
                Ok(depths) => {
                    self.observers.iter().for_each(|observer| observer.depth(&depths));
                }
                Err(error) => tracing::warn!(%error, store = self.store.name(), "what waits is not known"),
            }
        }
    }

    /// Lets the store forget what nobody waits for.
    async fn sweep(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.draining.cancelled() => return,
                () = tokio::time::sleep(self.policy.sweep) => {}
            }
            if self.app.strong_count() == 0 {
                return;
            }
            loop {
                match self.store.sweep(&self.policy.retention).await {
                    Ok(0) => break,
                    Ok(rows) => tracing::debug!(rows, store = self.store.name(), "swept"),
                    Err(error) => {
                        tracing::error!(%error, store = self.store.name(), "sweeping failed");
                        break;
                    }
                }
            }
        }
    }

    /// Deliveries to functions that are not here are kept, and said.
    async fn warn_of_strangers(&self) {
        let Ok(depths) = self.store.depth().await else { return };
        for depth in depths.iter().filter(|depth| !self.lanes.knows(&depth.target)) {
            let (target, waiting) = (&depth.target, depth.unsettled() + depth.scheduled + depth.blocked);
            if waiting > 0 && !self.store.traits().shared {
                tracing::warn!(
                    function = target,
                    waiting,
                    "deliveries wait for a function that this application does not have"
                );
            }
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<Claim, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error with what caused it, for the log.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source().map(|source| source as &dyn std::error::Error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// This process, for people.
fn node() -> String {
    format!("pid {}", std::process::id())
}
