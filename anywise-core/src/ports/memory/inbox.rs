//! The messages of brokers that a memory store has taken in.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use uuid::Uuid;

use crate::ports::memory::dead::is_past;
use crate::ports::store::Retention;
use crate::ports::store::inbox::Acceptance;

/// Group and message.
type Known = (String, Uuid);

/// What was taken in, by group and message, and in the order in which it was.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    known: HashMap<Known, Uuid>,
    order: VecDeque<(Timestamp, Known)>,
}

impl Inbox {
    /// Notes a message, unless it is known.
    pub(super) fn accept(&mut self, message: Known, fingerprint: Uuid, now: Timestamp) -> Acceptance {
        match self.known.entry(message.clone()) {
            Entry::Occupied(known) => Acceptance::of(fingerprint, *known.get()),
            Entry::Vacant(place) => {
                place.insert(fingerprint);
                self.order.push_back((now, message));
                Acceptance::New
            }
        }
    }

    /// Forgets messages that are too old or too many, at most one batch.
    pub(super) fn sweep(&mut self, retention: &Retention, now: Timestamp) -> u64 {
        let mut swept = 0;
        while swept < u64::from(retention.batch) && self.is_over(retention, now) {
            let Some((_, message)) = self.order.pop_front() else { break };
            self.known.remove(&message);
            swept += 1;
        }
        swept
    }

    fn is_over(&self, retention: &Retention, now: Timestamp) -> bool {
        let is_past = |(at, _): &(Timestamp, Known)| is_past(*at, retention.inbox, now);
        self.order.len() as u64 > retention.most_inbox || self.order.front().is_some_and(is_past)
    }
}
