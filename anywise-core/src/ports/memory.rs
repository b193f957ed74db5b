//! The in-memory reference of each port: what an adapter must do, in little.
//!
//! Nothing here survives the process; the catalog says so.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use crate::app::App;
use crate::envelope::Envelope;
use crate::error::{Error, Kind, Result};
use crate::ports::store::{Delivery, Outcome, Store};
use crate::ports::transport::{Incoming, Remote, Sink, Source};
use crate::walk::call::BoxFuture;

/// A store that forgets with the process.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<StoreState>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct StoreState {
    known: HashSet<(Uuid, String)>,
    ready: VecDeque<Delivery>,
    later: Vec<(Instant, Delivery)>,
    claimed: HashMap<(Uuid, String), Delivery>,
    dead: Vec<(Delivery, String)>,
}

impl StoreState {
    /// Moves what is due to the ready ones; says when the next will be.
    fn promote(&mut self, now: Instant) -> Option<Instant> {
        self.later.sort_by_key(|(due, _)| *due);
        let due = self.later.partition_point(|(due, _)| *due <= now);
        self.ready.extend(self.later.drain(..due).map(|(_, delivery)| delivery));
        self.later.first().map(|(due, _)| *due)
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The deliveries given up, each with its reason.
    pub fn dead_letters(&self) -> Vec<(Delivery, String)> {
        self.state().dead.clone()
    }

    fn state(&self) -> MutexGuard<'_, StoreState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn is_durable(&self) -> bool {
        false
    }

    fn append(&self, deliveries: Vec<Delivery>) -> BoxFuture<'_, Result<()>> {
        let mut state = self.state();
        for delivery in deliveries {
            if state.known.insert((delivery.envelope.id, delivery.target.clone())) {
                state.ready.push_back(delivery);
            }
        }
        drop(state);
        self.changed.notify_one();
        Box::pin(async { Ok(()) })
    }

    fn claim(&self, most: usize) -> BoxFuture<'_, Result<Vec<Delivery>>> {
        let mut state = self.state();
        state.promote(Instant::now());
        let count = most.min(state.ready.len());
        let mut claimed: Vec<_> = state.ready.drain(..count).collect();
        for delivery in &mut claimed {
            delivery.attempts += 1;
            state.claimed.insert((delivery.envelope.id, delivery.target.clone()), delivery.clone());
        }
        drop(state);
        Box::pin(async { Ok(claimed) })
    }

    fn settle<'a>(&'a self, delivery: &'a Delivery, outcome: Outcome) -> BoxFuture<'a, Result<()>> {
        let mut state = self.state();
        let id = (delivery.envelope.id, delivery.target.clone());
        if let Some(delivery) = state.claimed.remove(&id) {
            match outcome {
                // The id is forgotten with the delivery: memory stays bounded
                // by what is pending, and a repeat is a new delivery.
                Outcome::Done(_) | Outcome::Skip => drop(state.known.remove(&id)),
                Outcome::Retry(after) => state.later.push((Instant::now() + after, delivery)),
                Outcome::DeadLetter(reason) => state.dead.push((delivery, reason)),
                Outcome::Park(_) | Outcome::Stop => state.ready.push_front(delivery),
            }
        }
        drop(state);
        self.changed.notify_one();
        Box::pin(async { Ok(()) })
    }

    fn ready(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            loop {
                let changed = self.changed.notified();
                let next = {
                    let mut state = self.state();
                    let next = state.promote(Instant::now());
                    if !state.ready.is_empty() {
                        return;
                    }
                    next
                };
                match next {
                    Some(due) => drop(tokio::time::timeout_at(due.into(), changed).await),
                    None => changed.await,
                }
            }
        })
    }

    fn pending(&self) -> BoxFuture<'_, Result<usize>> {
        let state = self.state();
        let pending = state.ready.len() + state.later.len() + state.claimed.len();
        drop(state);
        Box::pin(async move { Ok(pending) })
    }
}

/// A broker of one topic inside the process: what its sink takes in, its
/// source hands out.
#[derive(Debug)]
pub struct MemoryBroker {
    name: Arc<str>,
    sender: mpsc::Sender<Envelope>,
    receiver: Option<mpsc::Receiver<Envelope>>,
}

impl MemoryBroker {
    /// A broker with a name, under which deliveries to it are kept, that holds at
    /// most `bound` envelopes; senders then wait.
    pub fn new(name: &str, bound: usize) -> Self {
        let (sender, receiver) = mpsc::channel(bound);
        Self { name: name.into(), sender, receiver: Some(receiver) }
    }

    /// The way in; there may be many.
    pub fn sink(&self) -> impl Sink + use<> {
        MemorySink { name: Arc::clone(&self.name), sender: self.sender.clone() }
    }

    /// The way out; there is one.
    pub fn source(&mut self) -> Option<impl Source + use<>> {
        let receiver = self.receiver.take()?;
        Some(MemorySource { name: Arc::clone(&self.name), receiver, again: self.sender.downgrade() })
    }
}

struct MemorySink {
    name: Arc<str>,
    sender: mpsc::Sender<Envelope>,
}

impl Sink for MemorySink {
    fn name(&self) -> &str {
        &self.name
    }

    fn send(&self, envelope: Envelope) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let permit = self
                .sender
                .reserve()
                .await
                .map_err(|_| Error::new(Kind::Unavailable, "AW2020", "the in-memory broker is closed"))?;
            permit.send(envelope);
            Ok(())
        })
    }
}

struct MemorySource {
    name: Arc<str>,
    receiver: mpsc::Receiver<Envelope>,
    again: mpsc::WeakSender<Envelope>,
}

impl Source for MemorySource {
    fn name(&self) -> &str {
        &self.name
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Option<Incoming>>> {
        Box::pin(async move {
            let Some(envelope) = self.receiver.recv().await else { return Ok(None) };
            let (again, copy) = (self.again.clone(), envelope.clone());
            Ok(Some(Incoming::new(envelope, move |outcome| {
                Box::pin(async move {
                    let after = match outcome {
                        Outcome::Retry(after) => after,
                        Outcome::Stop | Outcome::Park(_) => Duration::ZERO,
                        // Given up: the consumer has logged it, and a
                        // reference keeps no dead letters.
                        _ => return Ok(()),
                    };
                    if let Some(sender) = again.upgrade() {
                        tokio::time::sleep(after).await;
                        drop(sender.send(copy).await);
                    }
                    Ok(())
                })
            })))
        })
    }
}

/// A remote that is another application of this process.
#[derive(Clone, Debug)]
pub struct Loopback(App);

impl Loopback {
    /// Reaches the handlers of `app`.
    pub fn to(app: &App) -> Self {
        Self(app.clone())
    }
}

impl Remote for Loopback {
    fn name(&self) -> &'static str {
        "loopback"
    }

    fn reaches(&self, message: &str) -> bool {
        self.0.handles(message)
    }

    fn call(&self, request: Envelope) -> BoxFuture<'_, Result<bytes::Bytes>> {
        let app: Arc<_> = self.0.inner();
        Box::pin(async move { crate::walk::receive::request(&app, request).await })
    }
}
