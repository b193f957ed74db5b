//! What was committed outlives the process; what it held is known to be lost.

use std::time::{Duration, Instant};

use anywise_core::{Claimed, DeadLetterState, DeadLetters, Memory, Outcome, SUSPECT, Timestamp, company};

use crate::harness::Setting;
use crate::trial::{HOUR, TARGET, Trial, after, codes, counts, eventually, keyed, label, labels, message};
use crate::trial::{appending, remembering, reply, wanted};

pub(super) async fn what_was_committed_outlives_its_process(trial: Trial) {
    let (memory, due) = (Memory::new("contract.Ask", None, "k"), Timestamp::UNIX_EPOCH);
    trial.keep([message("a"), keyed("b", "k"), keyed("c", "k")]).await;
    trial.keep([message("d").due(Some(after(HOUR)))]).await;
    trial.commit(remembering(&memory, "reply")).await.expect("it is the first");
    assert!(
        trial.store().fire("daily", due, message("e")).await.expect("a fire is answered"),
        "it is the first"
    );
    let depths = trial.depths().await;
    let trial = trial.restart().await;
    let again = trial.depths().await;
    assert_eq!(counts(&again[TARGET]), counts(&depths[TARGET]), "what waits, by state");
    assert_eq!(trial.recall(&memory).await, Some(reply(&memory, "reply")), "the reply");
    assert_eq!(
        trial.store().last_fired("daily").await.expect("it is told"),
        Some(due),
        "when the schedule fired"
    );
    assert_eq!(labels(&trial.claim(2).await), ["a", "b"], "the oldest are the oldest");
    trial.keep([message("f")]).await;
    assert_eq!(labels(&trial.claim(9).await), ["e", "f"], "what is new comes after what was there");
}

pub(super) async fn what_was_settled_outlives_its_process(trial: Trial) {
    trial.keep([keyed("a", "k"), keyed("b", "k"), message("c"), message("d"), message("e")]).await;
    let claimed = trial.claim(9).await;
    assert_eq!(labels(&claimed), ["a", "c", "d", "e"], "what can be claimed");
    trial.fail(&claimed[0], Outcome::DeadLetter("no".into()), "contract.no").await;
    trial.fail(&claimed[1], Outcome::Retry(HOUR), "contract.busy").await;
    trial.fail(&claimed[2], Outcome::Retry(Duration::ZERO), "contract.busy").await;
    trial.done(&claimed[3]).await;
    let trial = trial.restart().await;
    assert_eq!(counts(&trial.depths().await[TARGET]), [1, 0, 1, 0, 1, 1], "what waits, by state");
    let retried = trial.claim_one("d").await;
    assert_eq!((retried.attempts, retried.losses), (2, 0), "a retry is no loss");
    assert_eq!(codes(&retried.failures), ["contract.busy"], "what went wrong before");
    let letter = trial.letters(DeadLetters::default()).await.remove(0);
    assert_eq!((letter.state, letter.reason.as_str()), (DeadLetterState::Open, "no"), "the dead letter");
    assert_eq!(codes(&letter.failures), ["contract.no"], "what had gone wrong");
    assert!(trial.store().replay(letter.id, None).await.expect("a replay is answered"), "it was open");
    assert_eq!(trial.drain(TARGET).await, ["a", "b"], "the key goes on, in its order");
}

pub(super) async fn a_replay_goes_first_after_a_restart(trial: Trial) {
    trial.keep([keyed("done", "k"), keyed("a", "k")]).await;
    trial.done(&trial.claim_one("done").await).await;
    let letter = trial.bury("a").await;
    let trial = trial.restart().await;
    trial.keep([keyed("b", "k"), keyed("c", "k")]).await;
    trial.claim_nothing("the key is parked").await;
    assert!(trial.store().replay(letter.id, None).await.expect("a replay is answered"), "it was open");
    assert_eq!(trial.drain(TARGET).await, ["a", "b", "c"], "what is new comes after what was there");
}

pub(super) async fn numbers_go_on_after_a_restart(trial: Trial) {
    trial.keep([message("a")]).await;
    let lost = trial.claim_one("a").await;
    trial.done(&lost).await;
    let trial = trial.restart().await;
    trial.keep([message("b")]).await;
    let held = trial.claim_one("b").await;
    assert!(!trial.settle(&lost, Outcome::Done(None)).await, "a claim of the process before settles nothing");
    trial.done(&held).await;
}

pub(super) async fn a_claim_is_lost_with_its_process(trial: Trial) {
    trial.keep([keyed("a", "k"), keyed("b", "k")]).await;
    let lost = trial.claim_one("a").await;
    assert!(trial.begins(&lost).await, "it is held");
    let trial = trial.restart().await;
    let claimed = trial.claim_soon("what a process held that has ended comes again").await;
    assert_eq!(label(&claimed), "a", "the first of the key");
    assert_eq!((claimed.attempts, claimed.losses, claimed.tries()), (2, 1, 1), "attempts, losses, tries");
    assert!(!trial.settle(&lost, Outcome::Done(None)).await, "the claim from before is lost");
    trial.claim_nothing("the key still waits for its first").await;
    trial.done(&claimed).await;
    assert_eq!(trial.drain(TARGET).await, ["b"], "the key goes on");
}

pub(super) async fn what_had_not_begun_is_no_loss(trial: Trial) {
    let mut trial = trial;
    trial.keep([message("begun"), message("held"), message("settled")]).await;
    for losses in 0..SUSPECT {
        let claimed = claim_all(&trial, 3).await;
        assert_eq!(labels(&claimed), ["begun", "held", "settled"], "none of them is a suspect");
        let counted: Vec<_> = claimed.iter().map(|one| (one.attempts, one.losses)).collect();
        let expected = [(losses + 1, losses), (1, 0), (losses + 1, 0)];
        assert_eq!(counted, expected, "attempts and losses after {losses} restarts");
        assert!(trial.begins(&claimed[0]).await, "it is held");
        assert!(trial.begins(&claimed[2]).await, "it is held");
        // It begins, is tried again, and has not begun again when the process ends.
        trial.fail(&claimed[2], Outcome::Retry(Duration::ZERO), "contract.busy").await;
        assert_eq!(label(&trial.claim_one("settled").await), "settled", "it is claimed again");
        trial = trial.restart().await;
    }
    let claimed = claim_all(&trial, 2).await;
    assert_eq!(labels(&claimed), ["held", "settled"], "what never began when a process ended is no suspect");
    let counted: Vec<_> = claimed.iter().map(|one| (one.attempts, one.losses)).collect();
    assert_eq!(counted, [(1, 0), (SUSPECT + 1, 0)], "attempts and losses");
}

async fn claim_all(trial: &Trial, count: usize) -> Vec<Claimed> {
    let mut claimed = Vec::new();
    eventually("what was lost comes again", async || {
        claimed.extend(trial.claim(9).await);
        (claimed.len() == count).then(|| std::mem::take(&mut claimed))
    })
    .await
}

async fn claim_suspects(trial: &Trial) -> Vec<Claimed> {
    trial.store().claim(&wanted(&[(TARGET, 99)]), true).await.expect("a claim is answered").claimed
}

async fn begin_all(trial: &Trial, claimed: &[Claimed]) {
    let beginning = claimed.iter().map(|one| {
        let (store, claim) = (trial.store().clone(), one.claim);
        tokio::spawn(async move { store.begin(claim).await })
    });
    for one in beginning.collect::<Vec<_>>() {
        assert!(one.await.expect("it does not panic").expect("a beginning is answered"), "it is held");
    }
}

pub(super) async fn a_suspect_is_claimed_with_ever_less_company(trial: Trial) {
    const ALL: usize = 20;
    let mut trial = trial;
    trial.keep((0..ALL).map(|n| message(&format!("m{n}")))).await;
    for losses in 0..SUSPECT {
        let claimed = eventually("what was lost comes again", async || {
            let claimed = trial.claim(99).await;
            (!claimed.is_empty()).then_some(claimed)
        })
        .await;
        assert_eq!(claimed.len(), ALL, "all come again together after {losses} restarts");
        assert!(claimed.iter().all(|one| one.losses == losses), "losses after {losses} restarts");
        begin_all(&trial, &claimed).await;
        trial = trial.restart().await;
    }
    trial.keep([message("innocent")]).await;
    trial.done(&trial.claim_one("innocent").await).await;
    for losses in SUSPECT..SUSPECT + 6 {
        eventually("what was lost comes again", async || {
            trial.claim_nothing("no suspect is claimed unasked").await;
            (trial.depths().await[TARGET].claimed == 0).then_some(())
        })
        .await;
        let held = claim_suspects(&trial).await;
        let most = usize::try_from(company(losses)).expect("it is small");
        assert_eq!((label(&held[0]), held[0].losses), ("m0", losses), "the oldest is the first");
        assert_eq!(held.len(), most, "how many suspects are at work, of which the first has {losses} losses");
        assert!(held.iter().all(|one| one.losses <= losses), "none is more suspicious than the first");
        assert_eq!(claim_suspects(&trial).await.len(), 0, "no other suspects while some are held");
        begin_all(&trial, &held).await;
        trial = trial.restart().await;
    }
    let mut seen = Vec::new();
    while seen.len() < ALL {
        let held = eventually("the next suspects are claimed", async || {
            let held = claim_suspects(&trial).await;
            (!held.is_empty()).then_some(held)
        })
        .await;
        for one in &held {
            trial.done(one).await;
            seen.push(label(one).to_owned());
        }
    }
    trial.empty("all are done").await;
}

pub(super) async fn a_closed_store_gives_its_claims_back(trial: Trial) {
    trial.keep([keyed("a", "k"), keyed("b", "k")]).await;
    let lost = trial.claim_one("a").await;
    let trial = trial.close().await;
    let claimed = trial.claim_one("a").await;
    assert_eq!((claimed.attempts, claimed.losses), (1, 0), "what was given back was neither tried nor lost");
    assert!(!trial.settle(&lost, Outcome::Done(None)).await, "the claim from before is lost");
    trial.done(&claimed).await;
    trial.claim_one("b").await;
}

pub(super) async fn two_processes_share_what_is_kept(trial: Trial) {
    let other = trial.another().await;
    let memory = Memory::new("contract.Ask", None, "k");
    trial.keep([keyed("a", "k"), keyed("b", "k")]).await;
    trial.commit(remembering(&memory, "reply")).await.expect("it is the first");
    let claimed = other.claim_one("a").await;
    trial.claim_nothing("the other has it").await;
    assert_eq!(other.recall(&memory).await, Some(reply(&memory, "reply")), "what the first remembers");
    other.done(&claimed).await;
    trial.bury("b").await;
    let letter = other.letters(DeadLetters::default()).await.remove(0);
    assert!(other.store().replay(letter.id, None).await.expect("a replay is answered"), "it was open");
    trial.claim_one("b").await;
}

pub(super) async fn a_claim_that_is_not_renewed_is_anothers(trial: Trial) {
    let other = trial.another().await;
    trial.keep([message("a")]).await;
    let lost = trial.claim_one("a").await;
    assert!(trial.begins(&lost).await, "it is held");
    let claimed = other.claim_soon("a claim that is not renewed runs out").await;
    assert_eq!((claimed.attempts, claimed.losses), (2, 1), "the claim was lost");
    assert!(!trial.settle(&lost, Outcome::Done(None)).await, "who stood still cannot settle");
    let renewed = trial.store().renew(&[lost.claim]).await.expect("a renewal is answered");
    assert_eq!(renewed, [], "nor renew");
    assert!(!trial.begins(&lost).await, "nor begin");
    let mut batch = appending([message("caused")]);
    batch.done = Some(lost.claim);
    let error = trial.commit(batch).await.expect_err("nor commit");
    assert_eq!(error.code(), "AW7020", "the claim is no longer held: {error}");
    other.done(&claimed).await;
    other.empty("nothing of who stood still was kept").await;
}

pub(super) async fn a_claim_that_ran_out_before_it_began_is_no_loss(trial: Trial) {
    let other = trial.another().await;
    trial.keep([message("a")]).await;
    let lost = trial.claim_one("a").await;
    let claimed = other.claim_soon("a claim that is not renewed runs out").await;
    assert_eq!((claimed.attempts, claimed.losses), (1, 0), "as if it had never been claimed");
    assert!(!trial.begins(&lost).await, "who stood still must not begin");
    assert!(other.begins(&claimed).await, "who has it now may");
    other.done(&claimed).await;
}

pub(super) async fn a_claim_that_is_renewed_is_held(trial: Trial) {
    let other = trial.another().await;
    trial.keep([message("a")]).await;
    let claimed = trial.claim_one("a").await;
    let every = trial.store().traits().renew.expect("the case needs it");
    let begun = Instant::now();
    while begun.elapsed() < Setting::IMPATIENT.lease * 2 {
        tokio::time::sleep(every / 2).await;
        let renewed = trial.store().renew(&[claimed.claim]).await.expect("a renewal is answered");
        assert_eq!(renewed, [claimed.claim], "a claim that is renewed in time is held");
        other.claim_nothing("it is held").await;
    }
    trial.done(&claimed).await;
}
