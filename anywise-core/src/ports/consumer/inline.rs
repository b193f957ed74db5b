//! Without a store: a message's listeners run before it is settled.
//!
//! A listener that fails is tried again here, while the message is held; the
//! others of the message are not run again for it. Messages of one key wait
//! for each other, retries included.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::app::Inner;
use crate::error::Error;
use crate::ports::consumer::keys::Keys;
use crate::ports::consumer::policy::ConsumePolicy;
use crate::ports::consumer::reading::{self, Reading};
use crate::ports::consumer::status::Status;
use crate::ports::consumer::{Consumer, Desk};
use crate::ports::store::Batch;
use crate::ports::store::claim::{Failure, SUSPECT};
use crate::ports::store::dead::Buried;
use crate::ports::store::delivery::Delivery;
use crate::ports::store::outcome::Outcome;
use crate::ports::transport::{Incoming, Tag};
use crate::walk::call::BoxFuture;

/// Deliveries of a message after which it is known to end the process.
const HOPELESS: u32 = SUSPECT + 10;

/// Runs the listeners of what comes in for one group.
pub(crate) struct Inline {
    app: Weak<Inner>,
    status: Arc<Status>,
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
            status: Arc::clone(&consumer.status),
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
        let deliveries = match reading::read(&app, &self.status, &self.policy, incoming) {
            Reading::For(deliveries) => deliveries,
            Reading::Nothing => return self.desk.hand_in(tag, Outcome::Skip).await,
            Reading::Unreadable(envelope, error) => {
                let failure = Failure::new(0, error.code().to_owned(), error.to_string());
                let outcome = self.dead(&app, Delivery::new(self.status.target(), *envelope), failure).await;
                return self.desk.hand_in(tag, outcome).await;
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
            return self.hopeless(app, work).await;
        }
        let (mut tries, mut end) = (0, Outcome::Done(None));
        loop {
            tries += 1;
            let attempts = tokio::select! {
                biased;
                attempts = self.attempt(app, &work.deliveries, tries) => attempts,
                () = self.stopping.cancelled() => return Outcome::Stop,
            };
            let mut wait = None;
            for (delivery, attempt) in std::mem::take(&mut work.deliveries).into_iter().zip(attempts) {
                match attempt {
                    Attempt::Succeeded => {}
                    Attempt::Stopped => return Outcome::Stop,
                    Attempt::Failed(after) => {
                        wait = wait.max(Some(after));
                        work.deliveries.push(delivery);
                    }
                    Attempt::GivenUp(failure) => {
                        let outcome = self.dead(app, delivery, failure).await;
                        if outcome != Outcome::Done(None) {
                            end = outcome;
                        }
                    }
                }
            }
            let Some(after) = wait else { return end };
            tokio::select! {
                () = self.stopping.cancelled() => return Outcome::Stop,
                () = tokio::time::sleep(after) => {}
            }
        }
    }

    /// Gives up what seems to end every process that takes it.
    async fn hopeless(&self, app: &Arc<Inner>, work: Work) -> Outcome {
        let text = format!("AW2500: it was delivered {} times and never settled", work.before);
        let mut end = Outcome::Done(None);
        for delivery in work.deliveries {
            end = self.dead(app, delivery, Failure::new(work.before, "AW2500", text.clone())).await;
        }
        end
    }

    /// Keeps what is given up: in the store, if there is one, else with the broker.
    async fn dead(&self, app: &Arc<Inner>, delivery: Delivery, failure: Failure) -> Outcome {
        let reason = failure.message.clone();
        let (message, function) = (&delivery.envelope.name, &delivery.target);
        tracing::error!(group = self.status.group, message, function, reason, "dead letter");
        if app.store.is_none() {
            return Outcome::DeadLetter(reason);
        }
        let bury = vec![Buried::new(delivery, failure)];
        match app.keep(Batch { bury, ..Batch::default() }).await {
            Ok(()) => Outcome::Done(None),
            // It comes again, and is given up again.
            Err(error) => {
                tracing::error!(%error, "the store does not take a dead letter");
                Outcome::Retry(self.policy.longest_wait)
            }
        }
    }

    async fn attempt(&self, app: &Arc<Inner>, deliveries: &[Delivery], tries: u32) -> Vec<Attempt> {
        let one = |delivery| async move {
            let result = crate::walk::receive::deliver(app, delivery, None).await;
            result.map_or_else(|error| failed(app, delivery, tries, &error), |()| Attempt::Succeeded)
        };
        match deliveries {
            [delivery] => vec![one(delivery).await],
            deliveries => join_all(deliveries.iter().map(one)).await,
        }
    }
}

/// How one listener's run ended.
enum Attempt {
    Succeeded,
    /// It is run again after this time.
    Failed(Duration),
    GivenUp(Failure),
    Stopped,
}

fn failed(app: &Inner, delivery: &Delivery, tries: u32, error: &Error) -> Attempt {
    match app.relay.verdict(tries, error) {
        Outcome::Retry(after) => {
            let (message, function) = (&delivery.envelope.name, &delivery.target);
            tracing::warn!(message, function, %error, attempt = tries, "to be tried again");
            Attempt::Failed(after)
        }
        Outcome::Stop => Attempt::Stopped,
        _ => Attempt::GivenUp(Failure::new(tries, error.code().to_owned(), error.to_string())),
    }
}
