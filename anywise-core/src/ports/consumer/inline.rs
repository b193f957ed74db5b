//! Without a store: a message's listeners run before it is settled.
//!
//! A listener that fails is tried again here, while the message is held; the
//! others of the message are not run again for it. Messages of one key wait
//! for each other, retries included.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::Poll;

use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::app::Inner;
use crate::ports::consumer::keys::Keys;
use crate::ports::consumer::policy::ConsumePolicy;
use crate::ports::consumer::reading::{self, Reading};
use crate::ports::consumer::{Consumer, Desk};
use crate::ports::store::claim::SUSPECT;
use crate::ports::store::delivery::Delivery;
use crate::ports::store::outcome::Outcome;
use crate::ports::transport::{Incoming, Tag};
use crate::walk::call::BoxFuture;

/// Deliveries of a message after which it is known to end the process.
const HOPELESS: u32 = SUSPECT + 10;

/// Runs the listeners of what comes in for one group.
pub(crate) struct Inline {
    app: Weak<Inner>,
    group: String,
    policy: ConsumePolicy,
    desk: Desk,
    keys: Keys<Work>,
    runs: Arc<Semaphore>,
    stopping: CancellationToken,
}

/// One message, and whom it is still to be delivered to.
struct Work {
    tag: Tag,
    key: Option<String>,
    deliveries: Vec<Delivery>,
    /// Times it was delivered before this process had it.
    before: u32,
}

impl Inline {
    pub(crate) fn new(app: &Arc<Inner>, consumer: &Consumer, desk: &Desk) -> Arc<Self> {
        Arc::new(Self {
            app: Arc::downgrade(app),
            group: consumer.group().to_owned(),
            policy: consumer.policy,
            desk: desk.clone(),
            keys: Keys::default(),
            runs: Arc::new(Semaphore::new(consumer.policy.concurrency)),
            stopping: consumer.stopping.clone(),
        })
    }

    /// Takes one message; returns when it has been begun, or waits in its key.
    pub(crate) async fn take(self: &Arc<Self>, incoming: Incoming) {
        let Some(app) = self.app.upgrade() else { return };
        let (tag, before) = (incoming.tag, incoming.delivered.map_or(0, |times| times.saturating_sub(1)));
        let deliveries = match reading::read(&app, &self.group, &self.policy, incoming) {
            Reading::For(deliveries) => deliveries,
            Reading::Nothing => return self.desk.hand_in(tag, Outcome::Skip).await,
            Reading::Unreadable(envelope, error) => {
                tracing::error!(group = self.group, message = envelope.name, %error, "dead letter");
                return self.desk.hand_in(tag, Outcome::DeadLetter(error.to_string())).await;
            }
        };
        let key = deliveries.first().and_then(|one| one.envelope.key.clone());
        let work = Work { tag, key, deliveries, before };
        let free = match &work.key {
            Some(key) => {
                let key = key.clone();
                self.keys.enter(&key, work)
            }
            None => Some(work),
        };
        if let Some(work) = free {
            self.begin(app, work).await;
        }
    }

    /// Begins a message whose turn it is: in place if it does not wait, in a
    /// task of its own if it does.
    async fn begin(self: &Arc<Self>, app: Arc<Inner>, work: Work) {
        let permit = Arc::clone(&self.runs).acquire_owned().await.expect("it is never closed");
        let this = Arc::clone(self);
        let mut run: BoxFuture<'static, ()> = Box::pin(async move {
            this.run_key(&app, work).await;
            drop(permit);
        });
        let done = std::future::poll_fn(|cx| Poll::Ready(run.as_mut().poll(cx).is_ready())).await;
        if !done {
            tokio::spawn(run as Pin<Box<dyn Future<Output = ()> + Send>>);
        }
    }

    /// Runs a message, and those of its key that came meanwhile.
    async fn run_key(&self, app: &Arc<Inner>, work: Work) {
        let mut next = Some(work);
        while let Some(work) = next.take() {
            let (tag, key) = (work.tag, work.key.clone());
            let outcome = self.run(app, work).await;
            let stopped = outcome == Outcome::Stop;
            self.desk.hand_in(tag, outcome).await;
            // After a stop the later ones of the key come again, in order.
            next = key.filter(|_| !stopped).and_then(|key| self.keys.leave(&key));
        }
    }

    /// Runs the listeners of a message until each has succeeded or is given up.
    async fn run(&self, app: &Arc<Inner>, mut work: Work) -> Outcome {
        if work.before >= HOPELESS {
            return dead(&work, &format!("AW2500: it was delivered {} times and never settled", work.before));
        }
        let (mut tries, mut given_up) = (0, None);
        loop {
            tries += 1;
            let outcomes = tokio::select! {
                biased;
                outcomes = self.attempt(app, &work.deliveries, tries) => outcomes,
                () = self.stopping.cancelled() => return Outcome::Stop,
            };
            let mut wait = None;
            let deliveries = std::mem::take(&mut work.deliveries);
            for (delivery, outcome) in deliveries.into_iter().zip(outcomes) {
                match outcome {
                    Outcome::Retry(after) => {
                        wait = wait.max(Some(after));
                        work.deliveries.push(delivery);
                    }
                    Outcome::Stop => return Outcome::Stop,
                    Outcome::DeadLetter(reason) | Outcome::Park(reason) => {
                        tracing::error!(
                            message = delivery.envelope.name,
                            function = delivery.target,
                            reason,
                            "dead letter"
                        );
                        given_up = Some(reason);
                    }
                    Outcome::Done(_) | Outcome::Skip => {}
                }
            }
            match (wait, given_up.take()) {
                (None, None) => return Outcome::Done(None),
                (None, Some(reason)) => return Outcome::DeadLetter(reason),
                (Some(after), reason) => {
                    given_up = reason;
                    tokio::select! {
                        () = self.stopping.cancelled() => return Outcome::Stop,
                        () = tokio::time::sleep(after) => {}
                    }
                }
            }
        }
    }

    async fn attempt(&self, app: &Arc<Inner>, deliveries: &[Delivery], tries: u32) -> Vec<Outcome> {
        let one = |delivery| async move {
            match crate::walk::receive::deliver(app, delivery, None).await {
                Ok(()) => Outcome::Done(None),
                Err(error) => {
                    let outcome = app.relay.verdict(tries, &error);
                    if matches!(outcome, Outcome::Retry(_)) {
                        let (message, function) = (&delivery.envelope.name, &delivery.target);
                        tracing::warn!(message, function, %error, attempt = tries, "to be tried again");
                    }
                    outcome
                }
            }
        };
        match deliveries {
            [delivery] => vec![one(delivery).await],
            deliveries => join_all(deliveries.iter().map(one)).await,
        }
    }
}

fn dead(work: &Work, reason: &str) -> Outcome {
    let message = work.deliveries.first().map(|delivery| &delivery.envelope.name);
    tracing::error!(message, reason, "dead letter");
    Outcome::DeadLetter(reason.to_owned())
}
