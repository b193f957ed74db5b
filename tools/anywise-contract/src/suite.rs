//! One test for each case.

use crate::case::cases;
use crate::harness::Harness;
use crate::run::{run, strangers};

/// Makes one test of each case of the suite, named after it.
///
/// The expression makes the [`Harness`](crate::Harness); it is evaluated in each
/// test. Use it in a module, or a test file, of its own.
#[macro_export]
macro_rules! store_suite {
    ($harness:expr) => {
        $crate::store_suite! { @cases $harness;
            a_delivery_is_claimed_and_done
            a_delivery_that_is_kept_already_is_ignored
            a_message_has_a_delivery_for_each_target
            what_was_done_may_come_again
            the_oldest_comes_first
            no_more_is_claimed_than_was_wanted
            only_wanted_targets_are_claimed
            nothing_is_claimed_of_nothing
            an_attempt_is_counted_by_its_claim
            a_beginning_changes_nothing_else
            an_empty_batch_is_kept
            a_thousand_deliveries_are_one_batch
            a_lost_claim_settles_nothing
            a_claim_is_settled_once
            a_lost_claim_commits_nothing
            a_commit_ends_its_delivery
            a_commit_ends_its_delivery_once
            a_lost_claim_stays_lost_after_a_replay
            a_number_is_never_given_twice
            a_renewal_tells_what_is_held
            one_of_many_settlements_counts
            a_retry_is_not_due_before_its_time
            a_retry_is_due_after_its_time
            failures_are_kept_in_their_order
            the_latest_failures_are_kept
            a_stop_does_not_count
            a_skip_ends_a_delivery
            a_key_is_delivered_in_its_order
            a_key_in_one_batch_is_delivered_in_its_order
            keys_do_not_wait_for_each_other
            targets_do_not_wait_for_each_other
            a_key_waits_for_a_retry
            a_key_waits_behind_a_dead_letter
            a_key_waits_behind_what_is_held_back
            a_key_waits_for_what_is_scheduled
            a_key_goes_on_after_a_skip
            a_key_goes_on_after_a_stop_from_where_it_was
            a_key_that_was_done_waits_for_nothing
            a_cause_and_its_effect_share_a_key
            one_key_may_have_a_long_line
            a_dead_letter_says_what_is_known
            a_replay_goes_first
            a_replay_without_a_key_is_old
            a_replay_may_mend_the_body
            a_replayed_message_may_die_again
            a_discard_lets_the_next_go
            there_is_no_such_dead_letter
            dead_letters_are_found
            dead_letters_come_in_pages
            a_replay_of_what_came_again_leaves_nothing_stuck
            one_of_many_decisions_counts
            a_dead_letter_of_a_scheduled_message_is_replayed_at_once
            what_is_buried_is_a_dead_letter_at_once
            what_is_buried_keeps_nothing_back
            what_is_buried_may_be_replayed
            what_is_buried_again_is_one
            a_burial_is_part_of_its_batch
            what_a_broker_delivers_is_kept
            what_a_broker_delivers_again_is_known
            another_message_under_a_known_id_is_told
            groups_take_in_messages_for_themselves
            a_message_that_arrives_twice_at_once_is_taken_in_once
            arrivals_keep_each_key_in_its_order
            hundreds_of_messages_arrive_at_once
            one_of_many_equal_arrivals_is_new
            arrivals_are_forgotten_when_they_are_old
            no_more_arrivals_are_known_than_is_said
            what_was_taken_in_outlives_its_process
            a_scheduled_delivery_waits_until_it_is_due
            what_was_due_before_it_was_kept_is_due
            the_next_that_is_due_is_announced
            what_is_scheduled_may_be_cancelled
            what_is_scheduled_behind_its_key_may_be_cancelled
            what_is_cancelled_behind_a_dead_letter_lets_nothing_go
            what_is_due_cannot_be_cancelled
            a_batch_cancels_what_is_scheduled
            a_cancelled_message_may_be_scheduled_again
            a_schedule_fires_once_for_each_time
            one_of_many_fires_a_schedule
            a_reply_is_remembered
            any_bytes_may_be_a_reply
            a_reply_is_remembered_once
            the_key_of_another_is_another
            one_of_many_equal_requests_is_kept
            depth_counts_every_state
            depth_tells_how_long_the_oldest_waits
            a_sweep_takes_one_batch_at_a_time
            a_sweep_forgets_what_is_old
            a_sweep_keeps_what_is_open
            an_envelope_comes_back_as_it_went
            an_envelope_may_have_nothing_but_a_body
            any_bytes_may_be_a_body
            any_text_may_be_a_name_or_a_value
            keys_are_compared_byte_by_byte
            a_large_body_comes_back
            many_committers_lose_nothing
            claimers_never_share_a_delivery
            workers_keep_each_key_in_its_order
            committing_and_claiming_go_together
            a_commit_gives_a_hint_to_who_waits
            a_hint_is_kept_for_the_next_to_wait
            letting_a_key_go_gives_a_hint
            a_dropped_commit_is_kept_or_not
            a_dropped_claim_holds_nothing
            a_dropped_settlement_counts_or_not
            a_dropped_burial_counts_or_not
            a_dropped_decision_counts_or_not
            a_dropped_arrival_is_taken_in_or_not
            a_dropped_fire_fires_or_not
            a_dropped_hint_is_not_lost
            random_histories_end_as_in_memory
            what_was_committed_outlives_its_process
            what_was_settled_outlives_its_process
            a_replay_goes_first_after_a_restart
            numbers_go_on_after_a_restart
            a_claim_is_lost_with_its_process
            what_had_not_begun_is_no_loss
            a_suspect_is_claimed_with_ever_less_company
            a_closed_store_gives_its_claims_back
            two_processes_share_what_is_kept
            a_claim_that_is_not_renewed_is_anothers
            a_claim_that_ran_out_before_it_began_is_no_loss
            a_claim_that_is_renewed_is_held
        }
    };
    (@cases $harness:expr; $($case:ident)*) => {
        $(
            #[test]
            fn $case() {
                $crate::__private::one(&$harness, stringify!($case));
            }
        )*

        #[test]
        fn every_case_is_run_and_every_skip_is_a_case() {
            $crate::__private::complete(&$harness, &[$(stringify!($case)),*]);
        }
    };
}

/// Runs the case of this name in a runtime of its own.
pub fn one(harness: &dyn Harness, name: &str) {
    let case = cases().iter().find(|case| case.name == name).expect("the macro's names are the cases'");
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().expect("there is room for a runtime");
    let verdict = runtime.block_on(run(harness, case));
    println!("{}: {verdict:?}", case.name);
}

/// The names are the cases', and the skips' are among them.
pub fn complete(harness: &dyn Harness, names: &[&str]) {
    let known: Vec<_> = cases().iter().map(|case| case.name).collect();
    assert_eq!(names, known, "left: what the macro runs, right: the cases");
    assert_eq!(strangers(harness).collect::<Vec<_>>(), [""; 0]);
}
