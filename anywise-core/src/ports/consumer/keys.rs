//! One message of a key at a time, in the order in which they came.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// What waits behind an earlier message of its key.
pub(crate) struct Keys<W>(Mutex<HashMap<String, VecDeque<W>>>);

impl<W> Default for Keys<W> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<W> Keys<W> {
    /// Takes the turn of a key; gives `work` back if it is free, keeps it
    /// otherwise.
    pub(crate) fn enter(&self, key: &str, work: W) -> Option<W> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = keys.get_mut(key) {
            waiting.push_back(work);
            return None;
        }
        keys.insert(key.to_owned(), VecDeque::new());
        Some(work)
    }

    /// Ends the turn of a key; the next one of it has it then.
    pub(crate) fn leave(&self, key: &str) -> Option<W> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = keys.get_mut(key).and_then(VecDeque::pop_front);
        if next.is_none() {
            keys.remove(key);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::Keys;

    #[test]
    fn one_of_a_key_at_a_time_in_order_and_nothing_is_left_behind() {
        let keys = Keys::default();
        assert_eq!(keys.enter("a", 1), Some(1));
        assert_eq!(keys.enter("b", 2), Some(2));
        assert_eq!((keys.enter("a", 3), keys.enter("a", 4)), (None, None));
        assert_eq!((keys.leave("a"), keys.leave("a"), keys.leave("a")), (Some(3), Some(4), None));
        assert_eq!(keys.enter("a", 5), Some(5));
        assert_eq!((keys.leave("a"), keys.leave("b")), (None, None));
        assert!(keys.0.lock().expect("nothing panicked").is_empty());
    }
}
