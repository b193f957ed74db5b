//! What failed comes again, not before its time.

use std::time::{Duration, Instant};

use anywise_core::Outcome;

use crate::trial::{HOUR, TARGET, Trial, codes, keyed, message};

pub(super) async fn a_retry_is_not_due_before_its_time(trial: Trial) {
    trial.keep([message("a"), message("b")]).await;
    let claimed = trial.claim(1).await.remove(0);
    trial.fail(&claimed, Outcome::Retry(HOUR), "contract.busy").await;
    trial.done(&trial.claim_one("b").await).await;
    trial.claim_nothing("the first is due in an hour").await;
}

pub(super) async fn a_retry_is_due_after_its_time(trial: Trial) {
    trial.keep([message("a")]).await;
    let claimed = trial.claim_one("a").await;
    let (begun, wait) = (Instant::now(), Duration::from_millis(300));
    trial.fail(&claimed, Outcome::Retry(wait), "contract.busy").await;
    let again = trial.claim_soon("a retry is due after 300 ms").await;
    // The store's clock need not be finer than a millisecond.
    assert!(begun.elapsed() + Duration::from_millis(2) >= wait, "it came after {:?}", begun.elapsed());
    assert_eq!(again.attempts, 2, "attempts, with this one");
}

pub(super) async fn failures_are_kept_in_their_order(trial: Trial) {
    trial.keep([message("a")]).await;
    for code in ["contract.first", "contract.second", "contract.third"] {
        let claimed = trial.claim_one("a").await;
        trial.fail(&claimed, Outcome::Retry(Duration::ZERO), code).await;
    }
    let failures = trial.claim_one("a").await.failures;
    assert_eq!(codes(&failures), ["contract.first", "contract.second", "contract.third"], "oldest first");
    let attempts: Vec<_> = failures.iter().map(|failure| failure.attempt).collect();
    assert_eq!(attempts, [1, 2, 3], "each says which attempt it was");
    assert_eq!(failures[1].message, "contract.second happened", "each says what happened");
}

pub(super) async fn the_latest_failures_are_kept(trial: Trial) {
    trial.keep([message("a")]).await;
    for n in 1..=25 {
        let claimed = trial.claim_one("a").await;
        trial.fail(&claimed, Outcome::Retry(Duration::ZERO), &format!("contract.f{n}")).await;
    }
    let claimed = trial.claim_one("a").await;
    let attempts: Vec<_> = claimed.failures.iter().map(|failure| failure.attempt).collect();
    let kept = u32::try_from(attempts.len()).expect("there were 25");
    assert!(kept >= 10, "at least the ten latest are kept; there are {kept}");
    assert_eq!(attempts, (26 - kept..=25).collect::<Vec<_>>(), "the latest, without a gap");
    assert_eq!(claimed.attempts, 26, "attempts are counted, whatever is kept of them");
}

pub(super) async fn a_stop_does_not_count(trial: Trial) {
    trial.keep([keyed("a", "k"), keyed("b", "k")]).await;
    for _ in 0..3 {
        let claimed = trial.claim_one("a").await;
        assert_eq!((claimed.attempts, claimed.losses), (1, 0), "what was stopped had not been tried");
        trial.end(&claimed, Outcome::Stop).await;
    }
    let claimed = trial.claim_one("a").await;
    trial.fail(&claimed, Outcome::Retry(Duration::ZERO), "contract.busy").await;
    trial.end(&trial.claim_one("a").await, Outcome::Stop).await;
    let claimed = trial.claim_one("a").await;
    assert_eq!(claimed.attempts, 2, "one failure, and this one");
    assert_eq!(codes(&claimed.failures), ["contract.busy"], "a stop is no failure");
}

pub(super) async fn a_skip_ends_a_delivery(trial: Trial) {
    trial.keep([message("a")]).await;
    trial.end(&trial.claim_one("a").await, Outcome::Skip).await;
    trial.empty("what was skipped is gone").await;
    assert_eq!(trial.drain(TARGET).await, [""; 0], "it does not come again");
}
