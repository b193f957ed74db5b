//! Each planted bug is caught by the case that is about it.

use anywise_contract::{Case, cases, run};

use crate::double::{Bug, Double};

const CAUGHT: &[(Bug, &str)] = &[
    (Bug::AppendsInTwoSteps, "a_dropped_commit_is_kept_or_not"),
    (Bug::AppendsTwice, "a_delivery_that_is_kept_already_is_ignored"),
    (Bug::BeginsForGood, "what_had_not_begun_is_no_loss"),
    (Bug::BeginsWhatIsLost, "a_beginning_changes_nothing_else"),
    (Bug::BuriesNothing, "what_is_buried_is_a_dead_letter_at_once"),
    (Bug::BuriesWithTheirKey, "what_is_buried_keeps_nothing_back"),
    (Bug::ChangesTheOldReply, "a_reply_is_remembered"),
    (Bug::ClaimsMore, "no_more_is_claimed_than_was_wanted"),
    (Bug::ClaimsWithoutCounting, "an_attempt_is_counted_by_its_claim"),
    (Bug::ClosesWithoutGivingBack, "a_closed_store_gives_its_claims_back"),
    (Bug::CommitsWithoutFence, "a_lost_claim_commits_nothing"),
    (Bug::CutsBodies, "a_large_body_comes_back"),
    (Bug::DeliversEarly, "a_scheduled_delivery_waits_until_it_is_due"),
    (Bug::FiresAlways, "a_schedule_fires_once_for_each_time"),
    (Bug::ForgetsArrivals, "what_a_broker_delivers_again_is_known"),
    (Bug::ForgetsArrivalsWithTheProcess, "what_was_taken_in_outlives_its_process"),
    (Bug::ForgetsBatchCancels, "a_batch_cancels_what_is_scheduled"),
    (Bug::ForgetsFailures, "failures_are_kept_in_their_order"),
    (Bug::ForgetsFirings, "what_was_committed_outlives_its_process"),
    (Bug::ForgetsKeys, "a_key_is_delivered_in_its_order"),
    (Bug::ForgetsLastOfBatch, "a_thousand_deliveries_are_one_batch"),
    (Bug::ForgetsReplies, "a_reply_is_remembered"),
    (Bug::ForgetsTheCause, "an_envelope_comes_back_as_it_went"),
    (Bug::GivesHintsToNobody, "a_commit_gives_a_hint_to_who_waits"),
    (Bug::GivesTwice, "claimers_never_share_a_delivery"),
    (Bug::GivesUpForGood, "a_dead_letter_says_what_is_known"),
    (Bug::HoldsForEver, "a_claim_that_is_not_renewed_is_anothers"),
    (Bug::HoldsWhatNobodyReceived, "a_dropped_claim_holds_nothing"),
    (Bug::KeepsAppendsOfFailedBatches, "a_reply_is_remembered_once"),
    (Bug::KeepsArrivalsInTwoSteps, "a_dropped_arrival_is_taken_in_or_not"),
    (Bug::KnowsArrivalsByIdAlone, "groups_take_in_messages_for_themselves"),
    (Bug::LosesHeaders, "an_envelope_comes_back_as_it_went"),
    (Bug::LosesPrincipals, "an_envelope_comes_back_as_it_went"),
    (Bug::RenewsForNothing, "a_claim_that_is_renewed_is_held"),
    (Bug::RenewsWhatIsLost, "a_renewal_tells_what_is_held"),
    (Bug::ReplaysTheOldBody, "a_replay_may_mend_the_body"),
    (Bug::RetriesAtOnce, "a_retry_is_not_due_before_its_time"),
    (Bug::RetriesNever, "a_retry_is_due_after_its_time"),
    (Bug::SaysNothingWaits, "depth_counts_every_state"),
    (Bug::SettlesWithoutFence, "a_lost_claim_settles_nothing"),
    (Bug::StopsCount, "a_stop_does_not_count"),
    (Bug::SuspectsTogether, "a_suspect_is_claimed_with_ever_less_company"),
    (Bug::SweepsEverything, "a_sweep_takes_one_batch_at_a_time"),
    (Bug::TakesHeldForBegun, "what_had_not_begun_is_no_loss"),
    (Bug::TakesLossesForNothing, "a_claim_is_lost_with_its_process"),
    (Bug::TakesParkedForDead, "a_key_waits_behind_what_is_held_back"),
    (Bug::TakesReusedForKnown, "another_message_under_a_known_id_is_told"),
    (Bug::TurnsArrivalsRound, "arrivals_keep_each_key_in_its_order"),
    (Bug::TurnsNoPage, "dead_letters_come_in_pages"),
];

/// Bugs of single moves, which a random history must find by itself.
const FOUND: &[Bug] = &[
    Bug::AppendsTwice,
    Bug::BuriesNothing,
    Bug::ClaimsMore,
    Bug::CommitsWithoutFence,
    Bug::ForgetsArrivals,
    Bug::ForgetsBatchCancels,
    Bug::ForgetsKeys,
    Bug::GivesUpForGood,
    Bug::KeepsAppendsOfFailedBatches,
    Bug::ReplaysTheOldBody,
    Bug::RetriesAtOnce,
    Bug::SettlesWithoutFence,
    Bug::StopsCount,
];

fn case(name: &str) -> &'static Case {
    cases().iter().find(|case| case.name == name).unwrap_or_else(|| panic!("there is no case `{name}`"))
}

/// The bugs that none of these cases caught.
async fn survivors(planted: impl IntoIterator<Item = (Bug, &'static str)>) -> Vec<(Bug, &'static str)> {
    let trying = planted.into_iter().map(|(bug, name)| {
        let trying = tokio::spawn(async move { run(&Double(bug), case(name)).await });
        (bug, name, trying)
    });
    let mut survivors = Vec::new();
    for (bug, name, trying) in trying.collect::<Vec<_>>() {
        if trying.await.is_ok() {
            survivors.push((bug, name));
        }
    }
    survivors
}

#[tokio::test(flavor = "multi_thread")]
async fn each_planted_bug_is_caught_by_the_case_about_it() {
    assert_eq!(survivors(CAUGHT.iter().copied()).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn random_histories_find_planted_bugs() {
    let planted = FOUND.iter().map(|bug| (*bug, "random_histories_end_as_in_memory"));
    assert_eq!(survivors(planted).await, []);
}
