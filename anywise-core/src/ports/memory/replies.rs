//! The replies that a memory store remembers.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::ports::memory::dead::is_past;
use crate::ports::store::Retention;
use crate::ports::store::remember::{Memory, Remembered};

/// Replies by what they were given to, and in the order in which they were.
#[derive(Debug, Default)]
pub(super) struct Replies {
    last: u64,
    known: HashMap<Memory, Remembered>,
    order: BTreeMap<u64, (Timestamp, Memory)>,
}

impl Replies {
    /// What is remembered, if anything.
    pub(super) fn get(&self, memory: &Memory) -> Option<&Remembered> {
        self.known.get(memory)
    }

    /// Remembers a reply.
    pub(super) fn insert(&mut self, reply: Remembered, now: Timestamp) {
        self.last += 1;
        self.order.insert(self.last, (now, reply.memory.clone()));
        self.known.insert(reply.memory.clone(), reply);
    }

    /// Forgets replies that are too old or too many, at most one batch.
    pub(super) fn sweep(&mut self, retention: &Retention, now: Timestamp) -> u64 {
        let mut swept = 0;
        while swept < u64::from(retention.batch) && self.is_over(retention, now) {
            let Some((_, (_, memory))) = self.order.pop_first() else { break };
            self.known.remove(&memory);
            swept += 1;
        }
        swept
    }

    fn is_over(&self, retention: &Retention, now: Timestamp) -> bool {
        let is_past = |(at, _): &(Timestamp, Memory)| is_past(*at, retention.replies, now);
        self.order.len() as u64 > retention.most_replies || self.order.values().next().is_some_and(is_past)
    }
}
