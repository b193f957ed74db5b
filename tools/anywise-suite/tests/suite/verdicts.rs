//! What is said of a case, however it ends.

use anywise_suite::{Case, Skip, Subject, Verdict, check, run};

use crate::lamp::{Ask, Flaw, Lamp};

fn case(name: &str) -> &'static Case<Ask> {
    Lamp::cases().iter().find(|case| case.name == name).expect("there is such a case")
}

async fn verdict(lamp: Lamp, name: &str) -> Result<Verdict<Ask>, String> {
    let case = case(name);
    let running = tokio::spawn(async move { run(&lamp, case).await });
    running
        .await
        .map_err(|error| error.into_panic().downcast::<String>().map(|text| *text).unwrap_or_default())
}

async fn fails(lamp: Lamp, name: &str, expected: &str) {
    let failure = verdict(lamp, name).await.expect_err("it does not pass");
    assert!(failure.contains(expected), "{failure}");
}

const DARK: &[Skip] = &[("it_shines", "it has no bulb")];

#[tokio::test]
async fn a_promise_that_is_kept_is_passed() {
    assert_eq!(verdict(Lamp::sound(), "it_shines").await, Ok(Verdict::Passed));
}

#[tokio::test]
async fn what_is_not_promised_is_not_asked() {
    let verdict = verdict(Lamp::sound(), "it_is_dimmed").await;
    assert_eq!(verdict, Ok(Verdict::NotApplicable(Ask::Dimmed)));
}

#[tokio::test]
async fn a_declared_skip_that_is_needed_is_one() {
    let lamp = Lamp { flaw: Flaw::IsDark, skips: DARK };
    assert_eq!(verdict(lamp, "it_shines").await, Ok(Verdict::Skipped("it has no bulb")));
}

#[tokio::test]
async fn a_declared_skip_that_is_not_needed_fails() {
    let expected = "lamp `desk`, case `it_shines`: declared as skipped, but it need not be";
    fails(Lamp { skips: DARK, ..Lamp::sound() }, "it_shines", expected).await;
}

#[tokio::test]
async fn a_failure_names_subject_case_promise_and_panic() {
    let expected = "lamp `desk`, case `it_shines`: a lamp that is on shines: it is dark";
    fails(Lamp::with(Flaw::IsDark), "it_shines", expected).await;
}

#[tokio::test]
async fn a_case_that_does_not_end_fails() {
    let lamp = Lamp::with(Flaw::BurnsForEver);
    fails(lamp, "it_goes_out", "it did not end within 1 s").await;
}

#[tokio::test]
async fn a_place_that_is_not_there_is_a_failure() {
    let lamp = Lamp::with(Flaw::HasNoSocket);
    fails(lamp, "it_shines", "there was no place to run it").await;
    fails(lamp, "it_shines", "there is no socket").await;
}

#[tokio::test]
async fn what_does_not_open_is_a_failure() {
    let lamp = Lamp::with(Flaw::DoesNotOpen);
    fails(lamp, "it_shines", "the lamp did not open").await;
}

#[tokio::test]
async fn every_case_is_checked() {
    let verdicts = check(&Lamp::sound()).await;
    let verdicts: Vec<_> = verdicts.iter().map(|(case, verdict)| (case.name, *verdict)).collect();
    let expected = [
        ("it_shines", Verdict::Passed),
        ("it_is_dimmed", Verdict::NotApplicable(Ask::Dimmed)),
        ("it_goes_out", Verdict::Passed),
    ];
    assert_eq!(verdicts, expected);
}

#[tokio::test]
#[should_panic(expected = "`it_sings` is declared as skipped, and there is no such case")]
async fn a_skip_of_no_case_fails() {
    check(&Lamp { skips: &[("it_sings", "why")], ..Lamp::sound() }).await;
}
