//! The cases, by what they are about.

use crate::case::{Case, Need};

mod claiming;
mod crowds;
mod dead;
mod dropping;
mod envelopes;
mod fencing;
mod hints;
pub(crate) mod histories;
mod inbox;
mod keys;
mod looking;
mod replies;
mod restarts;
mod retries;
mod schedules;

macro_rules! cases {
    ($($module:ident { $($need:ident $name:ident: $promise:literal)* })*) => {
        &[$($(Case::new(
            stringify!($name),
            $promise,
            Need::$need,
            |trial| Box::pin($module::$name(trial)),
        )),*),*]
    };
}

/// Every case: what it needs, its name, what it promises.
pub(crate) const CASES: &[Case] = cases! {
    claiming {
        Any a_delivery_is_claimed_and_done:
            "what is appended is claimed once, and gone when it is done"
        Any a_delivery_that_is_kept_already_is_ignored:
            "a message and a target have one delivery at a time"
        Any a_message_has_a_delivery_for_each_target:
            "the deliveries of one message do not touch each other"
        Any what_was_done_may_come_again:
            "a delivery is known as long as it is kept"
        Any the_oldest_comes_first:
            "claims are given in the order of the appends"
        Any no_more_is_claimed_than_was_wanted:
            "a target is given at most what it has room for"
        Any only_wanted_targets_are_claimed:
            "who does not ask for a target is not given it"
        Any nothing_is_claimed_of_nothing:
            "an empty claim is no error"
        Any an_attempt_is_counted_by_its_claim:
            "an attempt counts from its claim, whatever becomes of it"
        Any a_beginning_changes_nothing_else:
            "only what is held may begin, and nothing else comes of it"
        Any an_empty_batch_is_kept:
            "a batch with nothing in it is no error"
        Any a_thousand_deliveries_are_one_batch:
            "a batch may be large"
    }
    fencing {
        Any a_lost_claim_settles_nothing:
            "a claim that is no longer held changes nothing"
        Any a_claim_is_settled_once:
            "a claim ends with its settlement"
        Any a_lost_claim_commits_nothing:
            "a batch whose claim is no longer held is not kept, in no part"
        Any a_commit_ends_its_delivery:
            "a batch settles the delivery whose effect it is"
        Any a_commit_ends_its_delivery_once:
            "a delivery has its effect once"
        Any a_lost_claim_stays_lost_after_a_replay:
            "a claim from before a dead letter does not settle its replay"
        Any a_number_is_never_given_twice:
            "a claim names one delivery for ever"
        Any a_renewal_tells_what_is_held:
            "a renewal answers with the claims that are still held"
        Any one_of_many_settlements_counts:
            "of settlements at the same time one counts"
    }
    retries {
        Any a_retry_is_not_due_before_its_time:
            "a retry waits, and nothing waits for it"
        Any a_retry_is_due_after_its_time:
            "a retry comes when its time has passed, not earlier"
        Any failures_are_kept_in_their_order:
            "what went wrong is told to the next attempt"
        Any the_latest_failures_are_kept:
            "failures are bounded, and the latest are kept"
        Any a_stop_does_not_count:
            "what was stopped is ready at once, and has not been tried"
        Any a_skip_ends_a_delivery:
            "what nobody wants is gone"
    }
    keys {
        Any a_key_is_delivered_in_its_order:
            "the messages of a key are claimed one by one"
        Any a_key_in_one_batch_is_delivered_in_its_order:
            "the messages of a key are in order within a batch too"
        Any keys_do_not_wait_for_each_other:
            "a key waits only for itself"
        Any targets_do_not_wait_for_each_other:
            "a key waits only for itself at its own target"
        Any a_key_waits_for_a_retry:
            "a retry keeps its place in its key"
        Any a_key_waits_behind_a_dead_letter:
            "a dead letter parks its key, and no other"
        Any a_key_waits_behind_what_is_held_back:
            "what is held back parks its key until it is replayed"
        Any a_key_waits_for_what_is_scheduled:
            "a scheduled message keeps its place in its key until it is cancelled"
        Any a_key_goes_on_after_a_skip:
            "a skip lets the next of its key go"
        Any a_key_goes_on_after_a_stop_from_where_it_was:
            "a stop keeps its place in its key"
        Any a_key_that_was_done_waits_for_nothing:
            "a key with nothing before it is ready"
        Any a_cause_and_its_effect_share_a_key:
            "what a commit appends is behind what it ends"
        Any one_key_may_have_a_long_line:
            "the order of a key does not depend on how many wait"
    }
    dead {
        Any a_dead_letter_says_what_is_known:
            "a dead letter is kept with everything known of it"
        Any a_replay_goes_first:
            "a replay has its old place, a fresh budget and the same id"
        Any a_replay_without_a_key_is_old:
            "a replay is as old as it was"
        Any a_replay_may_mend_the_body:
            "a replay with a body delivers it under the old head"
        Any a_replayed_message_may_die_again:
            "a replay that fails is a dead letter again"
        Any a_discard_lets_the_next_go:
            "a discard ends a dead letter and lets its key go on"
        Any there_is_no_such_dead_letter:
            "an unknown number changes nothing"
        Any dead_letters_are_found:
            "dead letters are found by number, target, message and state, newest first"
        Any dead_letters_come_in_pages:
            "dead letters are listed in bounded pages"
        Any a_replay_of_what_came_again_leaves_nothing_stuck:
            "a message that came again while it was dead is delivered, and its key goes on"
        Any one_of_many_decisions_counts:
            "of decisions at the same time one counts"
        Any a_dead_letter_of_a_scheduled_message_is_replayed_at_once:
            "a replay is due now"
        Any what_is_buried_is_a_dead_letter_at_once:
            "a burial is a dead letter with everything known of it, and is not delivered"
        Any what_is_buried_keeps_nothing_back:
            "a burial parks no key, nor does its replay"
        Any what_is_buried_may_be_replayed:
            "the replay of a burial is a delivery of its target"
        Any what_is_buried_again_is_one:
            "a message and a target are buried once"
        Any a_burial_is_part_of_its_batch:
            "a batch that is not kept buries nothing"
    }
    inbox {
        Any what_a_broker_delivers_is_kept:
            "what a broker delivers is taken in, and brings its deliveries"
        Any what_a_broker_delivers_again_is_known:
            "what is delivered again brings nothing"
        Any another_message_under_a_known_id_is_told:
            "a message that says something else under a known id is told, and brings nothing"
        Any groups_take_in_messages_for_themselves:
            "a message is taken in once for each group"
        Any a_message_that_arrives_twice_at_once_is_taken_in_once:
            "of equal arrivals in one call the first counts"
        Any arrivals_keep_each_key_in_its_order:
            "what arrives is in the order of its key, call after call"
        Any hundreds_of_messages_arrive_at_once:
            "a call may bring many messages"
        Any one_of_many_equal_arrivals_is_new:
            "of equal arrivals at the same time one is new"
        Any arrivals_are_forgotten_when_they_are_old:
            "what was taken in is forgotten after its time, not before"
        Any no_more_arrivals_are_known_than_is_said:
            "what was taken in is bounded in number, and the newest is kept"
        Durable what_was_taken_in_outlives_its_process:
            "what was taken in is known after a restart"
    }
    schedules {
        Any a_scheduled_delivery_waits_until_it_is_due:
            "nothing is delivered early"
        Any what_was_due_before_it_was_kept_is_due:
            "what is late is delivered at once"
        Any the_next_that_is_due_is_announced:
            "a claim says in how long the next is due"
        Any what_is_scheduled_may_be_cancelled:
            "a cancel removes every delivery of its message, and no other"
        Any what_is_scheduled_behind_its_key_may_be_cancelled:
            "a cancel reaches what is scheduled behind another"
        Any what_is_cancelled_behind_a_dead_letter_lets_nothing_go:
            "a cancel leaves a key parked behind its dead letter"
        Any what_is_due_cannot_be_cancelled:
            "what is due, claimed or tried is not cancelled"
        Any a_batch_cancels_what_is_scheduled:
            "a batch's cancels are part of it"
        Any a_cancelled_message_may_be_scheduled_again:
            "a cancelled message is forgotten"
        Any a_schedule_fires_once_for_each_time:
            "a schedule fires once for each time, and never back"
        Any one_of_many_fires_a_schedule:
            "of many that fire at the same time one does"
    }
    replies {
        Any a_reply_is_remembered:
            "a reply is recalled as it was given"
        Any any_bytes_may_be_a_reply:
            "a reply and its key are kept byte for byte"
        Any a_reply_is_remembered_once:
            "a second reply keeps nothing of its batch"
        Any the_key_of_another_is_another:
            "message, principal and key make a memory"
        Any one_of_many_equal_requests_is_kept:
            "of equal requests at the same time one is kept"
    }
    looking {
        Any depth_counts_every_state:
            "what waits is told by target and state"
        Any depth_tells_how_long_the_oldest_waits:
            "the age of the oldest that is due is told"
        Any a_sweep_takes_one_batch_at_a_time:
            "a sweep is bounded, and keeps as many as it is told"
        Any a_sweep_forgets_what_is_old:
            "a sweep forgets what is older than it is told"
        Any a_sweep_keeps_what_is_open:
            "a sweep drops neither open dead letters nor deliveries"
    }
    envelopes {
        Any an_envelope_comes_back_as_it_went:
            "every field of an envelope is kept"
        Any an_envelope_may_have_nothing_but_a_body:
            "what an envelope does not say is not said afterwards"
        Any any_bytes_may_be_a_body:
            "a body is bytes"
        Any any_text_may_be_a_name_or_a_value:
            "text is kept, whatever it is"
        Any keys_are_compared_byte_by_byte:
            "keys that look alike are not the same"
        Any a_large_body_comes_back:
            "a body of 1 MiB is kept"
    }
    crowds {
        Any many_committers_lose_nothing:
            "what 50 callers commit at the same time is all kept"
        Any claimers_never_share_a_delivery:
            "what is claimed by one is claimed by no other"
        Any workers_keep_each_key_in_its_order:
            "a key's order holds with many workers, through retries"
        Any committing_and_claiming_go_together:
            "commits and claims do not disturb each other"
    }
    hints {
        Any a_commit_gives_a_hint_to_who_waits:
            "a commit wakes who waits"
        Any a_hint_is_kept_for_the_next_to_wait:
            "a hint given while nobody waits is kept"
        Any letting_a_key_go_gives_a_hint:
            "a settlement that makes something ready wakes who waits"
    }
    dropping {
        Any a_dropped_commit_is_kept_or_not:
            "a commit whose caller goes is kept as a whole or not at all"
        Any a_dropped_claim_holds_nothing:
            "what nobody received is not held"
        Any a_dropped_settlement_counts_or_not:
            "a settlement whose caller goes counts as a whole or not at all"
        Any a_dropped_burial_counts_or_not:
            "a delivery whose caller goes is never lost between its states"
        Any a_dropped_decision_counts_or_not:
            "a decision whose caller goes counts as a whole or not at all"
        Any a_dropped_arrival_is_taken_in_or_not:
            "a call that takes in and whose caller goes counts as a whole or not at all"
        Any a_dropped_fire_fires_or_not:
            "a schedule whose caller goes fires once"
        Any a_dropped_hint_is_not_lost:
            "who stops waiting takes no hint along"
    }
    histories {
        Any random_histories_end_as_in_memory:
            "any sequence of moves has the effect that it has in memory"
    }
    restarts {
        Durable what_was_committed_outlives_its_process:
            "what was committed is there after a restart"
        Durable what_was_settled_outlives_its_process:
            "what was settled is so after a restart"
        Durable a_replay_goes_first_after_a_restart:
            "a dead letter keeps its place in its key across restarts"
        Shared numbers_go_on_after_a_restart:
            "a claim names one delivery for ever, across restarts"
        Loss a_claim_is_lost_with_its_process:
            "what a process was at work on comes again, with its loss counted"
        Loss what_had_not_begun_is_no_loss:
            "what a process held and had not begun comes again as if it had never been claimed"
        Loss a_suspect_is_claimed_with_ever_less_company:
            "what may have ended its process is claimed with ever fewer others, and at last alone"
        Durable a_closed_store_gives_its_claims_back:
            "what a closing store held comes again at once, uncounted"
        Shared two_processes_share_what_is_kept:
            "what one process keeps the other sees"
        Lease a_claim_that_is_not_renewed_is_anothers:
            "who stands still loses what it holds, and cannot commit it"
        Lease a_claim_that_ran_out_before_it_began_is_no_loss:
            "who stands still before it begins leaves no trace, and does not begin"
        Lease a_claim_that_is_renewed_is_held:
            "who renews in time keeps what it holds"
    }
};
