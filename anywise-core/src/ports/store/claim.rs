//! What a process holds of the store, and how it gives it back.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ports::store::delivery::Delivery;
use crate::ports::store::outcome::Outcome;

/// Losses after which a delivery is suspected of ending the process.
pub const SUSPECT: u32 = 3;

/// How many suspects may be at work together, when the most suspicious of them
/// has so many losses: half as many with each, and from seven on it is alone.
/// So one that ends the process is found, and the others are soon cleared.
pub const fn company(losses: u32) -> u32 {
    match losses.saturating_sub(SUSPECT) {
        0 => 16,
        1 => 8,
        2 => 4,
        3 => 2,
        _ => 1,
    }
}

/// A delivery held by this process.
///
/// The epoch is counted up by every claim, so that a process that has lost a
/// claim, and does not know it yet, cannot settle with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The store's number of the delivery.
    pub id: i64,
    /// How often it had been claimed, with this time.
    pub epoch: i64,
}

/// How many deliveries a target has room for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// The target.
    pub target: String,
    /// Room for so many.
    pub most: u32,
}

/// A delivery that has been claimed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Claimed {
    /// The hold on it.
    pub claim: Claim,
    /// What is to be delivered.
    pub delivery: Delivery,
    /// Attempts begun, with this one.
    pub attempts: u32,
    /// Attempts that had begun and whose claim was lost: the process ended, or
    /// stood still.
    pub losses: u32,
    /// Earlier failures, oldest first; the store may keep only the latest.
    pub failures: Vec<Failure>,
}

impl Claimed {
    /// A first claim of `delivery`.
    pub fn new(claim: Claim, delivery: Delivery) -> Self {
        Self { claim, delivery, attempts: 1, losses: 0, failures: Vec::new() }
    }

    /// Attempts that ended in an error, this one taken for one.
    pub fn tries(&self) -> u32 {
        self.attempts.saturating_sub(self.losses)
    }

    /// Whether it is suspected of ending the process.
    pub fn is_suspect(&self) -> bool {
        self.losses >= SUSPECT
    }
}

/// What a claim brought.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Claims {
    /// The deliveries, oldest first.
    pub claimed: Vec<Claimed>,
    /// In how long the next one is due that is not due now, if that is known.
    pub next: Option<Duration>,
}

/// How a claimed delivery ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settlement {
    /// The hold on it.
    pub claim: Claim,
    /// What becomes of it.
    pub outcome: Outcome,
    /// What went wrong, if anything.
    pub failure: Option<Failure>,
}

impl Settlement {
    /// It ended well.
    pub fn new(claim: Claim, outcome: Outcome) -> Self {
        Self { claim, outcome, failure: None }
    }

    /// It ended like this because of `failure`.
    #[must_use]
    pub fn because(mut self, failure: Failure) -> Self {
        self.failure = Some(failure);
        self
    }
}

/// An attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// When it failed.
    pub at: Timestamp,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The process it ran in.
    pub node: String,
    /// Version of the program.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub build: String,
    /// How long it ran, in milliseconds.
    pub took_ms: u64,
    /// The error's stable code.
    pub code: String,
    /// The error, with what caused it, for the log.
    pub message: String,
}

impl Failure {
    /// A failure, now.
    pub fn new(attempt: u32, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            at: Timestamp::now(),
            attempt,
            node: String::new(),
            build: String::new(),
            took_ms: 0,
            code: code.into(),
            message: message.into(),
        }
    }
}
