//! Running cases, and saying what came of them.

use std::time::Duration;

use crate::case::{Case, Need, cases};
use crate::harness::Harness;
use crate::trial::Trial;

/// How long a case may take, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(240);

/// How a case ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The transport keeps the promise.
    Passed,
    /// The transport's traits do not promise so much.
    NotApplicable(Need),
    /// The harness has declared that the transport does not keep it, and why.
    Skipped(&'static str),
}

/// Runs every case, one after the other; says how each ended.
///
/// # Panics
/// When there are cases that failed, or skips that are not needed: with all of
/// them.
pub async fn check(harness: &dyn Harness) -> Vec<(&'static Case, Verdict)> {
    let mut failures: Vec<_> = strangers(harness).collect();
    let mut verdicts = Vec::new();
    for case in cases() {
        match attempt(harness, case).await {
            Ok(verdict) => verdicts.push((case, verdict)),
            Err(failure) => failures.push(failure),
        }
    }
    assert!(failures.is_empty(), "{} failures\n\n{}", failures.len(), failures.join("\n\n"));
    verdicts
}

/// Runs one case; says how it ended.
///
/// # Panics
/// When it failed, or was declared as skipped and need not be.
pub async fn run(harness: &dyn Harness, case: &'static Case) -> Verdict {
    attempt(harness, case).await.unwrap_or_else(|failure| panic!("{failure}"))
}

/// Declared skips of cases that there are not.
pub(crate) fn strangers(harness: &dyn Harness) -> impl Iterator<Item = String> {
    let unknown = harness.skips().iter().filter(|(name, _)| cases().iter().all(|case| case.name != *name));
    unknown.map(|(name, _)| format!("`{name}` is declared as skipped, and there is no such case"))
}

async fn attempt(harness: &dyn Harness, case: &'static Case) -> Result<Verdict, String> {
    let declared = harness.skips().iter().find(|(name, _)| *name == case.name).map(|(_, reason)| *reason);
    let result = trial(harness, case).await;
    let told = |text: &str| Err(format!("transport `{}`, case `{}`: {text}", harness.name(), case.name));
    match (result, declared) {
        (Err(_), Some(reason)) => Ok(Verdict::Skipped(reason)),
        (Err(failure), None) => told(&format!("{}: {failure}", case.promise)),
        (Ok(_), Some(_)) => told("declared as skipped, but it need not be: take it off the list"),
        (Ok(verdict), None) => Ok(verdict),
    }
}

async fn trial(harness: &dyn Harness, case: &'static Case) -> Result<Verdict, String> {
    let place = harness.place(case.need.setting()).await;
    let place = place.map_err(|error| format!("there was no place to run it: {error:?}"))?;
    let trial = Trial::begin(place, harness.patience())
        .await
        .map_err(|error| format!("the transport did not open: {error:?}"))?;
    if !trial.meets(case.need) {
        return Ok(Verdict::NotApplicable(case.need));
    }
    // On a thread of its own: a case that panics ends nothing else.
    let runtime = tokio::runtime::Handle::current();
    let running = tokio::task::spawn_blocking(move || {
        runtime.block_on(async { tokio::time::timeout(PATIENCE, (case.run)(trial)).await })
    });
    match running.await {
        Ok(Ok(())) => Ok(Verdict::Passed),
        Ok(Err(_)) => Err(format!("it did not end within {} s", PATIENCE.as_secs())),
        Err(error) => Err(match error.try_into_panic() {
            Ok(panic) => text(panic.as_ref()),
            Err(error) => error.to_string(),
        }),
    }
}

fn text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref().copied()).unwrap_or("it panicked").to_owned()
}
