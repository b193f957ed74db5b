//! What is known of one consumer, for operators and readiness probes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::SOURCE;
use crate::error::Error;
use crate::ports::consumer::order::Order;

/// What a consumer is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsumerState {
    /// It has no source; with what went wrong last, if anything did.
    Connecting(Option<String>),
    /// It receives.
    Consuming,
    /// An operator has paused it.
    Paused,
    /// The application has stopped.
    Stopped,
}

/// One consumer of an application: the subscription of a group at a transport.
///
/// # Examples
/// ```
/// # async fn example(app: anywise_core::App) {
/// for consumer in app.consumers() {
///     println!("{} at {}: {:?}, {:?} wait", consumer.group(), consumer.transport(), consumer.state(), consumer.lag());
///     consumer.pause();
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Consuming(pub(crate) Arc<Status>);

impl Consuming {
    /// The group it consumes for: a slice.
    pub fn group(&self) -> &str {
        &self.0.group
    }

    /// The transport it consumes.
    pub fn transport(&self) -> &str {
        &self.0.transport
    }

    /// What it is doing.
    pub fn state(&self) -> ConsumerState {
        self.0.facts().state.clone()
    }

    /// Messages received since the application started.
    pub fn received(&self) -> u64 {
        self.0.received.load(Ordering::Relaxed)
    }

    /// Messages settled since the application started.
    pub fn settled(&self) -> u64 {
        self.0.settled.load(Ordering::Relaxed)
    }

    /// Messages that came behind a later one of their key and producer, since the
    /// application started: late, or brought again.
    ///
    /// Told by the [`sequence`](crate::Envelope::sequence) of those that have one.
    pub fn out_of_order(&self) -> u64 {
        self.0.order.late()
    }

    /// Messages that waited at the broker when it was last asked.
    pub fn lag(&self) -> Option<u64> {
        self.0.facts().lag
    }

    /// Receives nothing more, once what is under way is settled, until
    /// [`resume`](Self::resume). Others of the group then get its share.
    pub fn pause(&self) {
        self.0.pause.send_replace(true);
    }

    /// Receives again.
    pub fn resume(&self) {
        self.0.pause.send_replace(false);
    }
}

/// What is known of one consumer.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) transport: String,
    pub(crate) group: String,
    received: AtomicU64,
    settled: AtomicU64,
    pub(crate) order: Order,
    pause: watch::Sender<bool>,
    facts: Mutex<Facts>,
}

#[derive(Debug)]
struct Facts {
    state: ConsumerState,
    since: Instant,
    lag: Option<u64>,
    last_settled: Instant,
}

impl Status {
    pub(crate) fn new(transport: &str, group: &str) -> Self {
        let now = Instant::now();
        Self {
            transport: transport.to_owned(),
            group: group.to_owned(),
            received: AtomicU64::new(0),
            settled: AtomicU64::new(0),
            order: Order::default(),
            pause: watch::channel(false).0,
            facts: Mutex::new(Facts {
                state: ConsumerState::Connecting(None),
                since: now,
                lag: None,
                last_settled: now,
            }),
        }
    }

    /// The target of dead letters that no function was found for.
    pub(crate) fn target(&self) -> String {
        format!("{SOURCE}{}/{}", self.transport, self.group)
    }

    fn facts(&self) -> std::sync::MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, state: ConsumerState) {
        let mut facts = self.facts();
        if facts.state != state {
            facts.since = Instant::now();
        }
        facts.state = state;
    }

    /// The source is lost: for how long counts from the first time.
    pub(crate) fn lost(&self, error: &Error) {
        let mut facts = self.facts();
        if !matches!(facts.state, ConsumerState::Connecting(_)) {
            facts.since = Instant::now();
        }
        facts.state = ConsumerState::Connecting(Some(error.to_string()));
    }

    pub(crate) fn received(&self, count: usize) {
        self.received.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn settled(&self, count: usize) {
        self.settled.fetch_add(count as u64, Ordering::Relaxed);
        self.facts().last_settled = Instant::now();
    }

    pub(crate) fn lag(&self, lag: Option<u64>) {
        self.facts().lag = lag;
    }

    /// Waits until it is to be paused.
    pub(crate) async fn paused(&self) {
        let mut pause = self.pause.subscribe();
        // The sender lives as long as `self`.
        drop(pause.wait_for(|paused| *paused).await);
    }

    /// Waits until it is not paused; false when the application stops first.
    pub(crate) async fn resumed(&self, draining: &CancellationToken) -> bool {
        let mut pause = self.pause.subscribe();
        if *pause.borrow() {
            self.set(ConsumerState::Paused);
        }
        tokio::select! {
            biased;
            () = draining.cancelled() => {
                self.set(ConsumerState::Stopped);
                false
            }
            _ = pause.wait_for(|paused| !*paused) => true,
        }
    }

    /// Why the application does not keep up because of it, if it does not.
    pub(crate) fn complaint(&self, late: Duration) -> Option<String> {
        let facts = self.facts();
        let (group, transport) = (&self.group, &self.transport);
        match &facts.state {
            ConsumerState::Connecting(error) if facts.since.elapsed() > late => {
                let why = error.as_deref().unwrap_or("it does not answer");
                let seconds = facts.since.elapsed().as_secs();
                Some(format!("`{group}` has no subscription at `{transport}` for {seconds} s: {why}"))
            }
            ConsumerState::Consuming
                if facts.lag.is_some_and(|lag| lag > 0)
                    && facts.since.elapsed() > late
                    && facts.last_settled.elapsed() > late =>
            {
                let seconds = facts.last_settled.elapsed().as_secs();
                Some(format!(
                    "messages wait for `{group}` at `{transport}`, and none was settled for {seconds} s"
                ))
            }
            _ => None,
        }
    }
}
