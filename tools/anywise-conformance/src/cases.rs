//! The promises, by what they are about.

mod apps;
mod crashes;
mod crowds;
mod envelopes;
mod groups;
mod order;
mod publishing;
mod receiving;
mod settling;

use crate::case::{Case, Need};

macro_rules! cases {
    ($($module:ident: $name:ident, $need:ident, $promise:literal;)*) => {
        /// Every case, in the order in which they are run.
        pub(crate) const CASES: &[Case] = &[$(
            Case::new(
                stringify!($name),
                $promise,
                Need::$need,
                |trial| Box::pin($module::$name(trial)),
            ),
        )*];
    };
}

cases! {
    publishing: an_event_reaches_its_group, Any, "what is published is received";
    publishing: an_event_that_nobody_hears_is_no_error, Any, "events may have no listener";
    publishing: what_is_published_before_the_first_receive_waits, Any, "a group that was opened misses nothing";
    publishing: what_is_published_before_anybody_subscribed_is_replayed, Replay, "a new group begins with what was there";
    publishing: an_event_published_twice_is_delivered_once, Dedup, "the broker recognises an id it has had";
    publishing: a_dropped_send_is_sent_or_not, Any, "dropping a send harms nobody else";
    envelopes: an_envelope_comes_back_as_it_went, Any, "everything an envelope says travels";
    envelopes: any_text_may_be_a_header_or_a_key, Any, "values come back byte for byte";
    envelopes: any_bytes_may_be_a_body, Any, "bodies come back byte for byte";
    envelopes: a_large_body_comes_back, Any, "a body of 200 kB travels";
    envelopes: a_body_that_is_too_large_is_refused, MaxSize, "what cannot be taken is refused, and nothing else suffers";
    envelopes: plain_json_of_a_foreign_producer_is_read, Foreign, "a producer need not write CloudEvents";
    receiving: no_more_is_received_than_was_asked_for, Any, "the room is respected";
    receiving: a_dropped_receive_loses_nothing, Any, "receiving is cancel-safe";
    receiving: a_source_is_closed_twice_and_while_it_waits, Any, "closing is harmless";
    receiving: lag_tells_what_waits, Any, "the broker's own facts are told";
    settling: what_is_settled_does_not_come_again, Any, "settling is for good";
    settling: what_is_not_settled_comes_again, Any, "nothing is lost with its process";
    settling: many_are_settled_at_once, Any, "settlements come in groups";
    settling: settlements_come_in_any_order, Any, "a later message may be settled first";
    settling: a_retry_comes_again, Any, "what failed comes again";
    settling: a_retry_comes_after_its_time, Delay, "a retry waits";
    settling: a_hundred_retries_lose_nothing, Any, "what fails a hundred times is still there";
    settling: a_dead_letter_does_not_come_again, Any, "what is given up is out of the way";
    settling: it_is_said_how_often_a_message_was_delivered, Counted, "deliveries are counted";
    settling: what_is_held_for_too_long_comes_again, Hold, "what a process forgets goes to another";
    settling: what_is_extended_is_held, Hold, "what a process works on stays its own";
    groups: each_group_gets_every_event, Any, "groups do not take events from each other";
    groups: a_group_gets_its_own_events_alone, Any, "events nobody asked for do not come";
    groups: a_hundred_events_share_a_subscription, Any, "a slice may listen to many events";
    groups: a_group_that_hears_more_keeps_what_waits, Any, "a slice may get a new listener";
    groups: processes_of_a_group_share_its_events, Groups, "each event goes to one process of a group";
    groups: the_share_of_a_process_that_ends_goes_to_the_others, Groups, "a process that ends holds up nothing";
    groups: a_group_that_is_stuck_holds_up_no_other, Any, "a slow listener harms its own slice alone";
    order: events_of_a_key_come_in_order, Ordered, "the order of a key is kept";
    order: order_is_kept_when_the_consumer_is_restarted, Ordered, "what comes again comes in order";
    order: order_is_kept_among_several_processes, OrderedAlways, "the order of a key is kept in a group";
    crowds: fifty_publishers_lose_nothing, Any, "many publish at one time";
    crowds: publishing_and_receiving_go_together, Any, "ten thousand pass while they are published";
    crowds: a_consumer_restarted_in_the_middle_loses_nothing, Any, "restarting a consumer loses nothing";
    crashes: a_broker_that_crashes_in_the_middle_loses_nothing, Restart, "what was confirmed outlives the broker";
    apps: events_pass_between_applications, Any, "slices in two processes hear each other";
    apps: a_listener_that_fails_is_tried_again, Any, "core's retries work over the transport";
    apps: an_application_that_stops_under_load_loses_nothing, Any, "stopping drains or gives back";
    apps: with_a_store_each_effect_happens_once, Any, "what comes twice is recognised";
    apps: a_request_is_answered_from_another_process, Requests, "replies and errors cross";
}
