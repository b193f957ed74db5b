//! Moves deliveries from the store to the listeners, and their outcomes back.
//!
//! The loop claims what is due, hands each delivery to its listener in a task
//! of its own, and settles it by the error's kind. Retries wait exponentially
//! longer, with full jitter, and end in a dead letter.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::app::Inner;
use crate::error::Error;
use crate::ports::store::{Delivery, Outcome, Store};

/// Attempts before a delivery is given up.
const ATTEMPTS: u32 = 5;
/// Deliveries handled at one time.
const AT_ONCE: usize = 64;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// Starts the loop; it ends when the application stops or is dropped.
pub(crate) fn start(app: &Arc<Inner>) {
    let Some(store) = app.store.clone() else { return };
    let (weak, stopping) = (Arc::downgrade(app), app.stopping.clone());
    let room = Arc::new(Semaphore::new(AT_ONCE));
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = store.ready() => {}
            }
            let Ok(first) = Arc::clone(&room).acquire_owned().await else { return };
            let free = room.available_permits();
            let Some(app) = weak.upgrade() else { return };
            match store.claim(free + 1).await {
                Ok(deliveries) => {
                    let mut first = Some(first);
                    for delivery in deliveries {
                        let permit = match first.take() {
                            Some(permit) => permit,
                            None => match Arc::clone(&room).acquire_owned().await {
                                Ok(permit) => permit,
                                Err(_) => return,
                            },
                        };
                        let (app, store, entered) =
                            (Arc::clone(&app), Arc::clone(&store), app.in_flight.enter());
                        tokio::spawn(async move {
                            settle(&app, store.as_ref(), &delivery).await;
                            drop((entered, permit));
                        });
                    }
                }
                Err(error) => {
                    tracing::error!(%error, store = store.name(), "claiming failed");
                    tokio::time::sleep(FIRST_WAIT).await;
                }
            }
        }
    });
}

async fn settle(app: &Arc<Inner>, store: &dyn Store, delivery: &Delivery) {
    let outcome = match crate::walk::receive::deliver(app, delivery).await {
        Ok(()) => Outcome::Done(None),
        Err(error) => outcome(delivery, &error),
    };
    if let Outcome::DeadLetter(reason) = &outcome {
        tracing::error!(event = delivery.envelope.name, target = delivery.target, reason, "dead letter");
    }
    if let Err(error) = store.settle(delivery, outcome).await {
        tracing::error!(event = delivery.envelope.name, %error, "settling failed; it will come again");
    }
}

fn outcome(delivery: &Delivery, error: &Error) -> Outcome {
    if !error.kind().is_retryable() || delivery.attempts >= ATTEMPTS {
        return Outcome::DeadLetter(error.to_string());
    }
    Outcome::Retry(error.retry_after().unwrap_or_else(|| wait(delivery.attempts)))
}

/// Exponential backoff with full jitter.
fn wait(attempts: u32) -> Duration {
    let longest = FIRST_WAIT.saturating_mul(1 << attempts.min(16)).min(LONGEST_WAIT);
    let [random, ..] = *Uuid::new_v4().as_bytes();
    longest.mul_f64(f64::from(random) / f64::from(u8::MAX))
}
