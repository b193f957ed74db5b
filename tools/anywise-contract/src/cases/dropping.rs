//! A caller may go at any moment: what it began is done, or not, as a whole.
//!
//! Each future is polled so many times and then dropped, for every number of
//! times up to 20. What happens to it may go on behind the caller's back.

use std::collections::BTreeSet;
use std::pin::pin;
use std::task::Poll;

use anywise_core::{Memory, Outcome, Settlement, Timestamp};

use crate::cases::inbox::arrival;
use crate::trial::{TARGET, Trial, eventually, keyed, label, message, remembering, soon, to, wanted};

/// How often a future is polled at most.
const POLLS: usize = 20;

/// Polls a future so many times, then drops it.
async fn dropped<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut left) = (pin!(future), polls);
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

pub(super) async fn a_dropped_commit_is_kept_or_not(trial: Trial) {
    let mut commits = Vec::new();
    for polls in 0..POLLS {
        trial.keep([message("cause")]).await;
        let (held, target) = (trial.claim_one("cause").await, format!("target {polls}"));
        let memory = Memory::new("contract.Ask", None, &polls.to_string());
        let mut batch = remembering(&memory, "reply");
        batch.append = vec![to(&target, &message("a")), to(&target, &message("b"))];
        batch.done = Some(held.claim);
        let committed = dropped(polls, trial.commit(batch)).await;
        let committed = committed.map(|result| result.expect("a batch is committed")).is_some();
        commits.push((polls, committed, held, target, memory));
    }
    for (polls, committed, held, target, memory) in commits {
        let mut deliveries = 0;
        let what = format!("a commit dropped after {polls} polls is kept as a whole, or not at all");
        eventually(&what, async || {
            deliveries += trial.claim_of(&[(target.as_str(), 9)]).await.len();
            let remembered = trial.recall(&memory).await.is_some();
            let held = !trial.store().renew(&[held.claim]).await.expect("a renewal is answered").is_empty();
            match (deliveries, remembered, held) {
                (2, true, false) => Some(()),
                (0, false, true) if !committed => Some(()),
                _ => None,
            }
        })
        .await;
    }
}

pub(super) async fn a_dropped_arrival_is_taken_in_or_not(trial: Trial) {
    for polls in 0..POLLS {
        let target = format!("target {polls}");
        let one = |n: usize| {
            let id = u128::try_from(polls * 10 + n).expect("it is small");
            arrival("g", id, [to(&target, &message(&format!("m{n}")))])
        };
        drop(dropped(polls, trial.store().accept(vec![one(0), one(1)])).await);
        // The broker, which heard nothing, delivers them again.
        let again = trial.store().accept(vec![one(0), one(1)]).await.expect("arrivals are taken in");
        assert_eq!(again[0], again[1], "both of them were taken in after {polls} polls, or neither");
        assert_eq!(trial.drain(&target).await, ["m0", "m1"], "each is delivered once after {polls} polls");
    }
}

pub(super) async fn a_dropped_claim_holds_nothing(trial: Trial) {
    let expected: BTreeSet<_> = (0..POLLS * 2).map(|n| format!("m{n}")).collect();
    trial.keep(expected.iter().map(|label| message(label))).await;
    let mut seen = Vec::new();
    let wants = wanted(&[(TARGET, 2)]);
    for polls in 0..POLLS {
        if let Some(claims) = dropped(polls, trial.store().claim(&wants, false)).await {
            seen.extend(claims.expect("a claim is answered").claimed);
        }
    }
    eventually("what was claimed by a dropped future is given back", async || {
        seen.extend(trial.claim(9).await);
        (seen.len() >= expected.len()).then_some(())
    })
    .await;
    let labels: BTreeSet<_> = seen.iter().map(|claimed| label(claimed).to_owned()).collect();
    assert_eq!((seen.len(), labels), (expected.len(), expected), "each was claimed by one");
}

pub(super) async fn a_dropped_settlement_counts_or_not(trial: Trial) {
    for polls in 0..POLLS {
        let key = format!("key {polls}");
        trial.keep([keyed("a", &key), keyed("b", &key)]).await;
        let claimed = trial.claim_one("a").await;
        let outcome = if polls % 2 == 0 { Outcome::Done(None) } else { Outcome::Skip };
        drop(dropped(polls, trial.store().settle(Settlement::new(claimed.claim, outcome.clone()))).await);
        trial.settle(&claimed, outcome).await;
        let next = trial.claim_soon("the next of its key was let go").await;
        assert_eq!(label(&next), "b", "the next of its key");
        trial.done(&next).await;
    }
    trial.empty("all are done").await;
}

pub(super) async fn a_dropped_burial_counts_or_not(trial: Trial) {
    for polls in 0..POLLS {
        trial.keep([message("a")]).await;
        let claimed = trial.claim_one("a").await;
        let outcome = Outcome::DeadLetter("no".into());
        drop(dropped(polls, trial.store().settle(Settlement::new(claimed.claim, outcome.clone()))).await);
        trial.settle(&claimed, outcome).await;
    }
    eventually("each is one dead letter, and nothing else", async || {
        (crate::trial::counts(&trial.depths().await[TARGET]) == [0, 0, 0, 0, 0, 20]).then_some(())
    })
    .await;
}

pub(super) async fn a_dropped_decision_counts_or_not(trial: Trial) {
    for polls in 0..POLLS {
        let key = format!("key {polls}");
        trial.keep([keyed("a", &key), keyed("b", &key)]).await;
        let id = trial.bury("a").await.id;
        let replays = polls % 2 == 0;
        let decide = async || {
            let store = trial.store();
            let decided = if replays { store.replay(id, None).await } else { store.discard(id).await };
            decided.expect("a decision is answered")
        };
        let _ = dropped(polls, decide()).await;
        decide().await;
        for expected in if replays { &["a", "b"][..] } else { &["b"] } {
            let claimed = trial.claim_soon("the key goes on").await;
            assert_eq!(label(&claimed), *expected, "the next of the key");
            trial.done(&claimed).await;
        }
    }
    trial.empty("all are done").await;
}

pub(super) async fn a_dropped_fire_fires_or_not(trial: Trial) {
    for polls in 0..POLLS {
        let (name, target) = (format!("schedule {polls}"), format!("target {polls}"));
        let due = Timestamp::UNIX_EPOCH;
        let first = dropped(polls, trial.store().fire(&name, due, to(&target, &message("a")))).await;
        let first = first.map(|fired| fired.expect("a fire is answered"));
        let second = trial.store().fire(&name, due, to(&target, &message("a"))).await;
        let second = second.expect("a fire is answered");
        assert!(!(first == Some(true) && second), "it fires once, after {polls} polls");
        let seen = trial.drain(&target).await;
        assert_eq!(seen, ["a"], "its delivery, once, after {polls} polls");
        assert_eq!(trial.store().last_fired(&name).await.expect("it is told"), Some(due), "when it fired");
    }
}

pub(super) async fn a_dropped_hint_is_not_lost(trial: Trial) {
    for label in ["a", "b", "c"] {
        let mut waiting = trial.store().ready();
        let _ = dropped(1, &mut waiting).await;
        trial.keep([message(label)]).await;
        drop(waiting);
        let wait = async {
            loop {
                trial.store().ready().await;
                if let Some(claimed) = trial.claim(1).await.pop() {
                    break claimed;
                }
            }
        };
        let claimed = soon("who waits next is given the hint of who went", wait).await;
        assert_eq!(crate::trial::label(&claimed), label, "what the hint was about");
    }
}
