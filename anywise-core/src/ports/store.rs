//! The durable state of the framework, as a port.
//!
//! A delivery is one envelope for one target. Core decides what happens to it;
//! a store only keeps it and moves it between states, each move in one step.

use std::time::Duration;

use uuid::Uuid;

use crate::envelope::Envelope;
use crate::error::Result;
use crate::walk::call::BoxFuture;

/// How a delivery ended: the only words of settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Handled. Requests carry the encoded reply.
    Done(Option<bytes::Bytes>),
    /// To be tried again after the given time.
    Retry(Duration),
    /// Given up, with the reason.
    DeadLetter(String),
    /// Held back until the earlier message of its key is settled.
    Park(String),
    /// Not for us: nobody here wants it.
    Skip,
    /// The application is stopping: neither handled nor failed.
    Stop,
}

/// One envelope for one target.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// Stable id of the listener.
    pub target: String,
    /// What is delivered.
    pub envelope: Envelope,
    /// Attempts begun so far.
    pub attempts: u32,
}

impl Delivery {
    /// A delivery that has not been tried.
    pub fn new(target: impl Into<String>, envelope: Envelope) -> Self {
        Self { target: target.into(), envelope, attempts: 0 }
    }

    /// What identifies it: a message is delivered to a target once.
    pub fn id(&self) -> (Uuid, &str) {
        (self.envelope.id, &self.target)
    }
}

/// Keeps deliveries until they are settled.
pub trait Store: Send + Sync + 'static {
    /// What it is, for people.
    fn name(&self) -> &str;

    /// Whether it survives the process.
    fn is_durable(&self) -> bool;

    /// Keeps `deliveries`, all or none. One that is known already is ignored.
    ///
    /// # Errors
    /// That nothing was kept.
    fn append(&self, deliveries: Vec<Delivery>) -> BoxFuture<'_, Result<()>>;

    /// Claims at most `most` deliveries that are due, counting an attempt each.
    ///
    /// # Errors
    /// That nothing was claimed.
    fn claim(&self, most: usize) -> BoxFuture<'_, Result<Vec<Delivery>>>;

    /// Settles a claimed delivery.
    ///
    /// # Errors
    /// That the outcome was not kept; the delivery will be claimed again.
    fn settle<'a>(&'a self, delivery: &'a Delivery, outcome: Outcome) -> BoxFuture<'a, Result<()>>;

    /// Waits until there may be something to claim.
    fn ready(&self) -> BoxFuture<'_, ()>;

    /// Number of deliveries that are neither done nor dead.
    ///
    /// # Errors
    /// That it cannot be counted.
    fn pending(&self) -> BoxFuture<'_, Result<usize>>;
}
