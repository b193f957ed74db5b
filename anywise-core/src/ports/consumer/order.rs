//! Whether the messages of a key come in the order of their producer's numbers.
//!
//! A transport that keeps an order keeps it, and a message comes again as itself:
//! what is told here is that one of the two is not so. It is remembered in bounds
//! and as long as the process lives; nothing is held back or dropped by it.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::envelope::Envelope;

/// Keys that are remembered, the older half of them not for long.
const KEYS: usize = 16 * 1024;

/// The last number of each key of each producer.
#[derive(Debug, Default)]
pub(crate) struct Order {
    keys: Mutex<Keys>,
    hasher: RandomState,
    late: AtomicU64,
}

/// By the hash of producer and key. What was not seen since half of them were
/// new is forgotten.
#[derive(Debug, Default)]
struct Keys {
    young: HashMap<u64, u64>,
    old: HashMap<u64, u64>,
}

impl Order {
    /// Messages that came behind a later one of their key.
    pub(crate) fn late(&self) -> u64 {
        self.late.load(Ordering::Relaxed)
    }

    /// Notes a message of a producer; false if a later one of its key came before.
    pub(crate) fn note(&self, source: &str, envelope: &Envelope) -> bool {
        let (Some(number), Some(key)) = (envelope.sequence, &envelope.key) else { return true };
        let place = self.hasher.hash_one((source, key));
        let last = self.keys.lock().unwrap_or_else(PoisonError::into_inner).set(place, number);
        let in_order = last.is_none_or(|last| last < number);
        if !in_order {
            self.late.fetch_add(1, Ordering::Relaxed);
        }
        in_order
    }
}

impl Keys {
    /// Sets a key's number unless a higher one is known; says what it was.
    fn set(&mut self, place: u64, number: u64) -> Option<u64> {
        let last = self.young.get(&place).or_else(|| self.old.get(&place)).copied();
        if self.young.len() >= KEYS / 2 && !self.young.contains_key(&place) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(place, last.map_or(number, |last| last.max(number)));
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(key: &str, sequence: u64) -> Envelope {
        let mut envelope = Envelope::json("order.OrderPaid", "{}");
        (envelope.key, envelope.sequence) = (Some(key.to_owned()), Some(sequence));
        envelope
    }

    #[test]
    fn each_key_of_each_producer_has_an_order_of_its_own() {
        let order = Order::default();
        let note = |source, key, sequence| order.note(source, &of(key, sequence));
        assert!(note("/shop", "a", 7) && note("/shop", "b", 3) && note("/till", "a", 1));
        assert!(note("/shop", "a", 12), "numbers have gaps");
        assert!(!note("/shop", "a", 7), "again");
        assert!(!note("/shop", "a", 11) && note("/shop", "a", 13), "late, and the last is still known");
        assert_eq!(order.late(), 2);
    }

    #[test]
    fn what_has_no_number_or_no_key_has_no_order() {
        let order = Order::default();
        let (mut keyless, mut nameless) = (of("a", 1), of("a", 1));
        (keyless.key, nameless.sequence) = (None, None);
        for _ in 0..2 {
            assert!(order.note("/shop", &keyless) && order.note("/shop", &nameless));
        }
    }

    #[test]
    fn no_more_keys_are_remembered_than_there_is_room_for() {
        let order = Order::default();
        for key in 0..4 * KEYS {
            assert!(order.note("/shop", &of(&key.to_string(), 1)));
            assert!(order.note("/shop", &of("often", 2 + key as u64)));
        }
        assert!(!order.note("/shop", &of("often", 1)), "a busy key is not forgotten");
        let keys = order.keys.lock().unwrap();
        assert!(keys.young.len() + keys.old.len() <= KEYS);
    }
}
