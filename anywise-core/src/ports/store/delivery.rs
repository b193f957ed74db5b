//! One envelope for one target, and how many of them wait.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::envelope::Envelope;

/// One envelope for one target, to be kept until it is settled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// Stable id of the function, or where else it goes (`sink:<name>`).
    pub target: String,
    /// What is delivered.
    pub envelope: Envelope,
    /// Not to be delivered before; at once if there is none.
    pub due: Option<Timestamp>,
}

impl Delivery {
    /// A delivery that is due at once.
    pub fn new(target: impl Into<String>, envelope: Envelope) -> Self {
        Self { target: target.into(), envelope, due: None }
    }

    /// The same, not to be delivered before `due`.
    #[must_use]
    pub fn due(mut self, due: Option<Timestamp>) -> Self {
        self.due = due;
        self
    }

    /// What identifies it: a message is delivered to a target once.
    pub fn id(&self) -> (Uuid, &str) {
        (self.envelope.id, &self.target)
    }
}

/// What waits for one target.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Depth {
    /// The target.
    pub target: String,
    /// Due and not claimed.
    pub ready: u64,
    /// Not due yet and never tried: scheduled.
    pub scheduled: u64,
    /// Not due yet, to be tried again.
    pub retrying: u64,
    /// Claimed by a process.
    pub claimed: u64,
    /// Behind an earlier message of their key.
    pub blocked: u64,
    /// Open dead letters.
    pub dead: u64,
    /// How long the oldest one that is due has waited.
    pub oldest: Duration,
}

impl Depth {
    /// Nothing waits for `target`.
    pub fn of(target: impl Into<String>) -> Self {
        Self { target: target.into(), ..Self::default() }
    }

    /// Deliveries that will be tried without anybody's help, and were not
    /// scheduled for later.
    pub fn unsettled(&self) -> u64 {
        self.ready + self.retrying + self.claimed
    }
}
