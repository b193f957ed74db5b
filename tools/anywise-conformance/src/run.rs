//! Running the cases on what a harness makes.

use std::time::Duration;

use anywise::{BoxFuture, Result};
use anywise_suite::{Skip, Subject};

use crate::case::{Case, Need, cases};
use crate::harness::{Harness, Place};
use crate::trial::Trial;

/// How a case ended that did not fail.
pub type Verdict = anywise_suite::Verdict<Need>;

/// Runs every case, one after the other; says how each ended.
///
/// # Panics
/// When there are cases that failed, or skips that are not needed: with all of
/// them.
pub async fn check(harness: &dyn Harness) -> Vec<(&'static Case, Verdict)> {
    anywise_suite::check(harness).await
}

/// Runs one case; says how it ended.
///
/// # Panics
/// When it failed, or was declared as skipped and need not be.
pub async fn run(harness: &dyn Harness, case: &'static Case) -> Verdict {
    anywise_suite::run(harness, case).await
}

impl Subject for dyn Harness + '_ {
    const KIND: &'static str = "transport";

    type Need = Need;
    type Place = Box<dyn Place>;

    fn cases() -> &'static [Case] {
        cases()
    }

    fn limit() -> Duration {
        Duration::from_secs(240)
    }

    fn name(&self) -> &str {
        Harness::name(self)
    }

    fn skips(&self) -> &'static [Skip] {
        Harness::skips(self)
    }

    fn place(&self, need: Need) -> BoxFuture<'_, Result<Box<dyn Place>>> {
        Harness::place(self, need.setting())
    }

    fn begin(&self, place: Box<dyn Place>) -> BoxFuture<'_, Result<Trial>> {
        Box::pin(Trial::begin(place, self.patience()))
    }
}
