//! One test for each case.

/// Makes one test of each case of the suite, named after it.
///
/// The expression makes the [`Harness`](crate::Harness); it is evaluated in each
/// test. Use it in a module, or a test file, of its own.
#[macro_export]
macro_rules! transport_suite {
    ($harness:expr) => {
        $crate::__private::tests! {
            dyn $crate::Harness, $harness;
            an_event_reaches_its_group
            an_event_that_nobody_hears_is_no_error
            what_is_published_before_the_first_receive_waits
            what_is_published_before_anybody_subscribed_is_replayed
            an_event_published_twice_is_delivered_once
            a_dropped_send_is_sent_or_not
            an_envelope_comes_back_as_it_went
            any_text_may_be_a_header_or_a_key
            any_bytes_may_be_a_body
            a_large_body_comes_back
            a_body_that_is_too_large_is_refused
            plain_json_of_a_foreign_producer_is_read
            no_more_is_received_than_was_asked_for
            a_dropped_receive_loses_nothing
            a_source_is_closed_twice_and_while_it_waits
            lag_tells_what_waits
            what_is_settled_does_not_come_again
            what_is_not_settled_comes_again
            many_are_settled_at_once
            settlements_come_in_any_order
            a_retry_comes_again
            a_retry_comes_after_its_time
            a_hundred_retries_lose_nothing
            a_dead_letter_does_not_come_again
            it_is_said_how_often_a_message_was_delivered
            what_is_held_for_too_long_comes_again
            what_is_extended_is_held
            each_group_gets_every_event
            a_group_gets_its_own_events_alone
            a_hundred_events_share_a_subscription
            a_group_that_hears_more_keeps_what_waits
            processes_of_a_group_share_its_events
            the_share_of_a_process_that_ends_goes_to_the_others
            a_group_that_is_stuck_holds_up_no_other
            events_of_a_key_come_in_order
            order_is_kept_when_the_consumer_is_restarted
            order_is_kept_among_several_processes
            fifty_publishers_lose_nothing
            publishing_and_receiving_go_together
            a_consumer_restarted_in_the_middle_loses_nothing
            a_broker_that_crashes_in_the_middle_loses_nothing
            events_pass_between_applications
            a_listener_that_fails_is_tried_again
            an_application_that_stops_under_load_loses_nothing
            with_a_store_each_effect_happens_once
            a_request_is_answered_from_another_process
        }
    };
}
