//! Running cases, and saying what came of them.

use std::any::Any;

use tokio::runtime::Handle;

use crate::case::{Case, Need};
use crate::subject::Subject;

/// How a case ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict<N> {
    /// The promise is kept.
    Passed,
    /// The traits of what was tried do not promise so much.
    NotApplicable(N),
    /// The harness has declared that the promise is not kept, and why.
    Skipped(&'static str),
}

/// Runs every case, one after the other; says how each ended.
///
/// # Panics
/// When there are cases that failed, or skips that are not needed: with all of
/// them.
pub async fn check<S>(subject: &S) -> Vec<(&'static Case<S::Need>, Verdict<S::Need>)>
where
    S: Subject + ?Sized,
{
    let mut failures: Vec<_> = strangers(subject).collect();
    let mut verdicts = Vec::new();
    for case in S::cases() {
        match attempt(subject, case).await {
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
pub async fn run<S: Subject + ?Sized>(subject: &S, case: &'static Case<S::Need>) -> Verdict<S::Need> {
    attempt(subject, case).await.unwrap_or_else(|failure| panic!("{failure}"))
}

/// Declared skips of cases that there are not.
pub(crate) fn strangers<S: Subject + ?Sized>(subject: &S) -> impl Iterator<Item = String> {
    let unknown = subject.skips().iter().filter(|(name, _)| S::cases().iter().all(|case| case.name != *name));
    unknown.map(|(name, _)| format!("`{name}` is declared as skipped, and there is no such case"))
}

async fn attempt<S>(subject: &S, case: &'static Case<S::Need>) -> Result<Verdict<S::Need>, String>
where
    S: Subject + ?Sized,
{
    let declared = subject.skips().iter().find(|(name, _)| *name == case.name).map(|(_, reason)| *reason);
    let result = trial(subject, case).await;
    let told = |text: &str| Err(format!("{} `{}`, case `{}`: {text}", S::KIND, subject.name(), case.name));
    match (result, declared) {
        (Err(_), Some(reason)) => Ok(Verdict::Skipped(reason)),
        (Err(failure), None) => told(&format!("{}: {failure}", case.promise)),
        (Ok(_), Some(_)) => told("declared as skipped, but it need not be: take it off the list"),
        (Ok(verdict), None) => Ok(verdict),
    }
}

async fn trial<S>(subject: &S, case: &'static Case<S::Need>) -> Result<Verdict<S::Need>, String>
where
    S: Subject + ?Sized,
{
    let place = subject.place(case.need).await;
    let place = place.map_err(|error| format!("there was no place to run it: {error:?}"))?;
    let trial = subject.begin(place).await;
    let trial = trial.map_err(|error| format!("the {} did not open: {error:?}", S::KIND))?;
    if !case.need.is_met_by(&trial) {
        return Ok(Verdict::NotApplicable(case.need));
    }
    // On a thread of its own: a case that panics ends nothing else.
    let (runtime, limit) = (Handle::current(), S::limit());
    let running = tokio::task::spawn_blocking(move || {
        runtime.block_on(async { tokio::time::timeout(limit, (case.run)(trial)).await })
    });
    match running.await {
        Ok(Ok(())) => Ok(Verdict::Passed),
        Ok(Err(_)) => Err(format!("it did not end within {} s", limit.as_secs())),
        Err(error) => Err(match error.try_into_panic() {
            Ok(panic) => text(panic.as_ref()),
            Err(error) => error.to_string(),
        }),
    }
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref().copied()).unwrap_or("it panicked").to_owned()
}
