//! From a transport to the listeners of one slice.
//!
//! One loop a subscription: it subscribes, receives what there is room for, has
//! it handled, and tells the source how each message ended. When the source is
//! lost it subscribes again. With a store a message is handed to it in one
//! commit and settled then (`inbox.rs`); without one its listeners run at once
//! (`inline.rs`). What was not settled comes again: nothing here is lost with
//! the process.

pub(crate) mod inbox;
pub(crate) mod inline;
pub(crate) mod keys;
pub(crate) mod order;
pub(crate) mod policy;
pub(crate) mod reading;
pub(crate) mod status;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::app::Inner;
use crate::error::{Error, Result};
use crate::ports::consumer::inline::Inline;
use crate::ports::consumer::policy::ConsumePolicy;
use crate::ports::consumer::status::{ConsumerState, Status};
use crate::ports::relay::policy::jitter;
use crate::ports::store::outcome::Outcome;
use crate::ports::transport::{Incoming, Source, Subscription, Tag, Topology, Transport};
use crate::walk::in_flight::Entered;

/// Starts the transports of an application and a consumer for each subscription;
/// they end when the application stops or is dropped.
pub(crate) fn start(app: &Arc<Inner>, topology: &Topology) {
    for transport in &app.transports {
        for status in app.consumers.iter().filter(|status| status.transport == transport.name()) {
            let subscription = topology.subscriptions.iter().find(|one| one.group == status.group);
            let Some(subscription) = subscription else { continue };
            let consumer = Consumer {
                app: Arc::downgrade(app),
                transport: Arc::clone(transport),
                topology: topology.clone(),
                subscription: subscription.clone(),
                policy: app.consume,
                status: Arc::clone(status),
                draining: app.draining.clone(),
                stopping: app.stopping.clone(),
            };
            app.tasks.spawn(consumer.run());
        }
        serve(app, transport);
    }
}

/// Serves the requests that come through a transport.
fn serve(app: &Arc<Inner>, transport: &Arc<dyn Transport>) {
    let Some(ingress) = Arc::clone(transport).ingress() else { return };
    let (app, name) = (crate::app::App::from_inner(Arc::clone(app)), transport.name().to_owned());
    let stop = app.inner().draining.clone();
    let tasks = app.inner().tasks.clone();
    tasks.spawn(async move {
        if let Err(error) = ingress.serve(app, stop).await {
            tracing::error!(transport = name, %error, "requests are not served any more");
        }
    });
}

/// What one subscription is consumed with.
pub(crate) struct Consumer {
    app: Weak<Inner>,
    transport: Arc<dyn Transport>,
    topology: Topology,
    subscription: Subscription,
    policy: ConsumePolicy,
    status: Arc<Status>,
    draining: CancellationToken,
    stopping: CancellationToken,
}

/// Why a source is not received from any more.
enum Ended {
    /// The application stops.
    Draining,
    /// An operator wants a pause.
    Paused,
    /// It has to be subscribed to again.
    Lost(Error),
}

impl Consumer {
    async fn run(self) {
        let mut patience = self.policy.first_wait;
        loop {
            if !self.status.resumed(&self.draining).await {
                return;
            }
            let ended = match self.subscribe().await {
                Ok(source) => {
                    let began = tokio::time::Instant::now();
                    let ended = self.consume(source).await;
                    if began.elapsed() > self.policy.longest_wait {
                        patience = self.policy.first_wait;
                    }
                    ended
                }
                Err(error) => Ended::Lost(error),
            };
            match ended {
                Ended::Draining => return self.status.set(ConsumerState::Stopped),
                Ended::Paused => {}
                Ended::Lost(error) => {
                    let (transport, group) = (self.transport.name(), &self.subscription.group);
                    tracing::warn!(transport, group, %error, "subscribing again");
                    self.status.lost(&error);
                    tokio::select! {
                        () = self.draining.cancelled() => return self.status.set(ConsumerState::Stopped),
                        () = tokio::time::sleep(jitter(patience)) => {}
                    }
                    patience = (patience * 2).min(self.policy.longest_wait);
                }
            }
        }
    }

    async fn subscribe(&self) -> Result<Arc<dyn Source>> {
        tokio::select! {
            () = self.draining.cancelled() => Err(Error::internal("the application is stopping")),
            source = async {
                self.transport.open(&self.topology).await?;
                self.transport.subscribe(&self.subscription).await
            } => source.map(Arc::from),
        }
    }

    /// Receives until the source is lost, or nothing new is to be begun; then
    /// waits for what has begun.
    async fn consume(&self, source: Arc<dyn Source>) -> Ended {
        let held = Arc::new(Held::new(self.policy.prefetch));
        let (settle, settled) = mpsc::channel(self.policy.prefetch);
        let lost = CancellationToken::new();
        let settler = tokio::spawn(settle_all(
            Arc::clone(&source),
            settled,
            Arc::clone(&held),
            lost.clone(),
            self.status.clone(),
        ));
        let keeper = tokio::spawn(keep(
            Arc::clone(&source),
            self.transport.traits().hold,
            Arc::clone(&held),
            Arc::clone(&self.status),
            self.policy.observe,
        ));
        self.status.set(ConsumerState::Consuming);
        let desk = Desk { held: Arc::clone(&held), settle };
        let ended = self.receive(&*source, &desk, &lost).await;
        // What has begun is finished; what is lost comes again anyway.
        if !matches!(ended, Ended::Lost(_)) {
            tokio::select! {
                () = held.empty() => {}
                () = lost.cancelled() => {}
                () = self.stopping.cancelled() => {}
            }
        }
        drop(desk);
        keeper.abort();
        if matches!(ended, Ended::Lost(_)) || self.stopping.is_cancelled() {
            settler.abort();
        } else {
            drop(settler.await);
        }
        if let Err(error) = source.close().await {
            tracing::debug!(group = self.subscription.group, %error, "closing a source failed");
        }
        ended
    }

    async fn receive(&self, source: &dyn Source, desk: &Desk, lost: &CancellationToken) -> Ended {
        let inline = self.app.upgrade().map(|app| Inline::new(&app, self, desk));
        let Some(inline) = inline else { return Ended::Draining };
        loop {
            let room = tokio::select! {
                biased;
                () = self.draining.cancelled() => return Ended::Draining,
                () = self.status.paused() => return Ended::Paused,
                () = lost.cancelled() => return Ended::Lost(unsettled()),
                room = desk.held.room() => room,
            };
            let incoming = tokio::select! {
                biased;
                () = self.draining.cancelled() => return Ended::Draining,
                () = self.status.paused() => return Ended::Paused,
                () = lost.cancelled() => return Ended::Lost(unsettled()),
                incoming = source.receive(room) => incoming,
            };
            let incoming = match incoming {
                Ok(incoming) if incoming.is_empty() => return Ended::Lost(ended()),
                Ok(incoming) => incoming,
                Err(error) => return Ended::Lost(error),
            };
            let Some(app) = self.app.upgrade() else { return Ended::Draining };
            desk.held.add(&app, &incoming);
            self.status.received(incoming.len());
            self.take(&app, &inline, desk, incoming).await;
        }
    }

    async fn take(&self, app: &Arc<Inner>, inline: &Arc<Inline>, desk: &Desk, incoming: Vec<Incoming>) {
        match &app.store {
            Some(store) if self.policy.inbox => self.accept(app, store.as_ref(), desk, incoming).await,
            _ => {
                for one in incoming {
                    inline.take(one).await;
                }
            }
        }
    }

    pub(crate) fn group(&self) -> &str {
        &self.subscription.group
    }
}

fn unsettled() -> Error {
    Error::new(crate::error::Kind::Unavailable, "AW2020", "the broker did not take what was settled")
}

fn ended() -> Error {
    Error::new(crate::error::Kind::Unavailable, "AW2020", "the source has ended")
}

/// Where what is handled is handed in to be settled.
#[derive(Clone)]
pub(crate) struct Desk {
    held: Arc<Held>,
    settle: mpsc::Sender<(Tag, Outcome)>,
}

impl Desk {
    /// Hands in how a message ended; `Stop` leaves it to come again.
    pub(crate) async fn hand_in(&self, tag: Tag, outcome: Outcome) {
        if outcome != Outcome::Stop {
            // Nobody settles any more: it comes again.
            drop(self.settle.send((tag, outcome)).await);
        }
    }
}

/// What was received and is not settled.
pub(crate) struct Held {
    /// Each is work in flight: a stop waits for it.
    tags: Mutex<HashMap<Tag, Entered>>,
    most: usize,
    changed: Notify,
}

impl Held {
    fn new(most: usize) -> Self {
        Self { tags: Mutex::default(), most, changed: Notify::new() }
    }

    fn tags(&self) -> std::sync::MutexGuard<'_, HashMap<Tag, Entered>> {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, app: &Inner, incoming: &[Incoming]) {
        self.tags().extend(incoming.iter().map(|one| (one.tag, app.in_flight.enter())));
    }

    fn remove<'t>(&self, settled: impl IntoIterator<Item = &'t Tag>) {
        let mut tags = self.tags();
        for tag in settled {
            tags.remove(tag);
        }
        drop(tags);
        self.changed.notify_waiters();
    }

    async fn wait<T>(&self, mut ready: impl FnMut(usize) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let count = self.tags().len();
            if let Some(ready) = ready(count) {
                return ready;
            }
            changed.await;
        }
    }

    /// How many more may be received; waits until it is a quarter of them all,
    /// so that what is received comes in groups.
    async fn room(&self) -> usize {
        self.wait(|count| {
            let room = self.most.saturating_sub(count);
            (room > 0 && room >= self.most / 4).then_some(room)
        })
        .await
    }

    async fn empty(&self) {
        self.wait(|count| (count == 0).then_some(())).await;
    }
}

/// Tells the source how messages ended, as many at a time as have ended.
async fn settle_all(
    source: Arc<dyn Source>,
    mut settled: mpsc::Receiver<(Tag, Outcome)>,
    held: Arc<Held>,
    lost: CancellationToken,
    status: Arc<Status>,
) {
    let mut some = Vec::new();
    while settled.recv_many(&mut some, usize::MAX).await > 0 {
        let tags: Vec<_> = some.iter().map(|(tag, _)| *tag).collect();
        if let Err(error) = source.settle(std::mem::take(&mut some)).await {
            tracing::warn!(%error, "settling failed; what it concerns comes again");
            lost.cancel();
            return;
        }
        status.settled(tags.len());
        held.remove(&tags);
    }
}

/// Extends what is held for longer, and asks how much waits.
async fn keep(
    source: Arc<dyn Source>,
    within: Option<Duration>,
    held: Arc<Held>,
    status: Arc<Status>,
    observe: Duration,
) {
    let mut extend = tokio::time::interval(within.map_or(Duration::from_secs(86_400), |within| within / 3));
    let mut ask = tokio::time::interval(observe);
    extend.tick().await;
    // Only what was held at the last tick is held for long.
    let mut before = HashSet::new();
    loop {
        tokio::select! {
            _ = extend.tick() => {
                let now: HashSet<_> = held.tags().keys().copied().collect();
                let long: Vec<_> = now.intersection(&before).copied().collect();
                before = now;
                if !long.is_empty() && let Err(error) = source.extend(long).await {
                    tracing::warn!(%error, "extending failed");
                }
            }
            _ = ask.tick() => match source.lag().await {
                Ok(lag) => status.lag(lag),
                Err(error) => tracing::debug!(%error, "the broker does not say what waits"),
            },
        }
    }
}
