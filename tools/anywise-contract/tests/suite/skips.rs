//! What is not run is declared, and what is declared is needed.

use anywise_contract::{Case, Harness, Place, Setting, Skip, Verdict, cases, check, run};
use anywise_core::{BoxFuture, Error, Kind, Result};

use crate::double::{Bug, Double};

/// A double with declared skips, or without a place.
struct Declared {
    bug: Bug,
    skips: &'static [Skip],
    exists: bool,
}

impl Harness for Declared {
    fn name(&self) -> &'static str {
        "declared"
    }

    fn place(&self, setting: Setting) -> BoxFuture<'_, Result<Box<dyn Place>>> {
        Box::pin(async move {
            if !self.exists {
                return Err(Error::new(Kind::Unavailable, "test.no_server", "there is no server"));
            }
            Double(self.bug).place(setting).await
        })
    }

    fn skips(&self) -> &'static [Skip] {
        self.skips
    }
}

fn case(name: &str) -> &'static Case {
    cases().iter().find(|case| case.name == name).expect("there is such a case")
}

async fn verdict(bug: Bug, skips: &'static [Skip], exists: bool) -> Result<Verdict, String> {
    let harness = Declared { bug, skips, exists };
    let running = tokio::spawn(async move { run(&harness, case("a_reply_is_remembered")).await });
    running
        .await
        .map_err(|error| error.into_panic().downcast::<String>().map(|text| *text).unwrap_or_default())
}

const SKIPS: &[Skip] = &[("a_reply_is_remembered", "it has no memory")];

#[tokio::test]
async fn a_declared_skip_that_is_needed_is_one() {
    let verdict = verdict(Bug::ForgetsReplies, SKIPS, true).await;
    assert_eq!(verdict, Ok(Verdict::Skipped("it has no memory")));
}

#[tokio::test]
async fn a_declared_skip_that_is_not_needed_fails() {
    let failure = verdict(Bug::None, SKIPS, true).await.unwrap_err();
    assert!(failure.contains("it need not be"), "{failure}");
}

#[tokio::test]
async fn a_failure_names_store_case_promise_and_what_was_expected() {
    let failure = verdict(Bug::ForgetsReplies, &[], true).await.unwrap_err();
    let parts =
        ["`declared`", "`a_reply_is_remembered`", "a reply is recalled as it was given", "fingerprint"];
    assert!(parts.iter().all(|part| failure.contains(part)), "{failure}");
}

#[tokio::test]
async fn a_place_that_is_not_there_is_a_failure() {
    let failure = verdict(Bug::None, &[], false).await.unwrap_err();
    assert!(failure.contains("there is no server"), "{failure}");
}

#[tokio::test]
async fn a_skip_of_no_case_fails() {
    let harness = Declared { bug: Bug::None, skips: &[("no_such_case", "why")], exists: false };
    let failure = tokio::spawn(async move { check(&harness).await }).await.unwrap_err().into_panic();
    let failure = failure.downcast::<String>().unwrap();
    assert!(
        failure.contains("`no_such_case` is declared as skipped, and there is no such case"),
        "{failure}"
    );
}

#[test]
fn every_case_has_a_name_and_a_promise_of_its_own() {
    let names: std::collections::BTreeSet<_> = cases().iter().map(|case| case.name).collect();
    let promises: std::collections::BTreeSet<_> = cases().iter().map(|case| case.promise).collect();
    assert_eq!((names.len(), promises.len()), (cases().len(), cases().len()));
}
