//! Which messages of one partition are done with, and how far that is true
//! without a gap: the only offset that may be committed.
//!
//! Kafka remembers one number a partition. Messages end in any order, so a
//! number past one that has not ended would lose it with the process.

use std::collections::VecDeque;

/// The messages of one partition from the oldest that has not ended.
///
/// Offsets need not be neighbours: compaction and transactions leave holes.
#[derive(Debug)]
pub(crate) struct Tracker<K> {
    /// By offset; the first one has not ended.
    entries: VecDeque<(i64, State<K>)>,
    /// The first message that was seen, ever.
    first: Option<i64>,
    /// Behind the last message that was seen.
    next: Option<i64>,
    held: usize,
    again: usize,
}

#[derive(Debug)]
enum State<K> {
    /// Handed out.
    Held(K),
    /// To be handed out again.
    Again(K),
    Ended,
}

impl<K> Default for Tracker<K> {
    fn default() -> Self {
        Self { entries: VecDeque::new(), first: None, next: None, held: 0, again: 0 }
    }
}

impl<K> Tracker<K> {
    /// A message that is handed out. One that was seen before is not seen again:
    /// then it is false.
    pub(crate) fn hold(&mut self, offset: i64, kept: K) -> bool {
        let fresh = self.see(offset);
        if fresh {
            self.held += 1;
            self.entries.push_back((offset, State::Held(kept)));
        }
        fresh
    }

    /// A message that is nobody's business here.
    pub(crate) fn skip(&mut self, offset: i64) {
        // Without a gap in front there is nothing to remember.
        if self.see(offset) && !self.entries.is_empty() {
            self.entries.push_back((offset, State::Ended));
        }
    }

    fn see(&mut self, offset: i64) -> bool {
        let fresh = self.next.is_none_or(|next| offset >= next);
        if fresh {
            self.next = Some(offset + 1);
            self.first.get_or_insert(offset);
        }
        fresh
    }

    /// A message has ended; false if it is not held.
    pub(crate) fn end(&mut self, offset: i64) -> bool {
        let Some(state @ State::Held(_)) = self.find(offset) else { return false };
        *state = State::Ended;
        self.held -= 1;
        while matches!(self.entries.front(), Some((_, State::Ended))) {
            self.entries.pop_front();
        }
        true
    }

    /// A message is to be handed out again; false if it is not held.
    pub(crate) fn put_back(&mut self, offset: i64) -> bool {
        let Some(state @ State::Held(_)) = self.find(offset) else { return false };
        let State::Held(kept) = std::mem::replace(state, State::Ended) else { return false };
        *state = State::Again(kept);
        self.held -= 1;
        self.again += 1;
        true
    }

    /// The first message that is to be handed out again; it is held then.
    pub(crate) fn take_again(&mut self) -> Option<K>
    where
        K: Clone,
    {
        if self.again == 0 {
            return None;
        }
        let state =
            self.entries.iter_mut().map(|(_, state)| state).find(|state| matches!(state, State::Again(_)))?;
        let State::Again(kept) = std::mem::replace(state, State::Ended) else { return None };
        *state = State::Held(kept.clone());
        self.again -= 1;
        self.held += 1;
        Some(kept)
    }

    /// What was kept of a message that is held.
    pub(crate) fn kept(&mut self, offset: i64) -> Option<&K> {
        match self.find(offset)? {
            State::Held(kept) => Some(kept),
            State::Again(_) | State::Ended => None,
        }
    }

    /// The offset to go on from after a crash: every message before it has
    /// ended. Nothing if no message was seen.
    pub(crate) fn done(&self) -> Option<i64> {
        self.entries.front().map(|(offset, _)| *offset).or(self.next)
    }

    /// The first message that was seen, ever.
    pub(crate) fn first(&self) -> Option<i64> {
        self.first
    }

    /// How many messages are handed out.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// How many messages are remembered.
    pub(crate) fn span(&self) -> usize {
        self.entries.len()
    }

    fn find(&mut self, offset: i64) -> Option<&mut State<K>> {
        let at = self.entries.binary_search_by_key(&offset, |(offset, _)| *offset).ok()?;
        Some(&mut self.entries[at].1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::Tracker;

    #[test]
    fn nothing_is_done_past_what_has_not_ended() {
        let mut tracker = Tracker::default();
        assert_eq!(tracker.done(), None);
        for offset in [5, 6, 9] {
            assert!(tracker.hold(offset, ()));
        }
        assert_eq!(tracker.done(), Some(5));
        assert!(tracker.end(6));
        assert_eq!(tracker.done(), Some(5));
        assert!(tracker.end(5) && !tracker.end(5), "it ends once");
        assert_eq!(tracker.done(), Some(9));
        assert!(tracker.end(9));
        assert_eq!((tracker.done(), tracker.held(), tracker.span()), (Some(10), 0, 0));
    }

    #[test]
    fn what_is_skipped_behind_what_is_held_waits_for_it() {
        let mut tracker = Tracker::default();
        tracker.skip(0);
        assert_eq!((tracker.done(), tracker.span()), (Some(1), 0));
        tracker.hold(1, ());
        tracker.skip(2);
        assert_eq!(tracker.done(), Some(1));
        tracker.end(1);
        assert_eq!((tracker.done(), tracker.span()), (Some(3), 0));
    }

    #[test]
    fn what_comes_again_comes_in_its_order_and_is_held_then() {
        let mut tracker = Tracker::default();
        for offset in 0..4 {
            tracker.hold(offset, offset);
        }
        assert!(tracker.put_back(2) && tracker.put_back(1) && !tracker.put_back(1));
        assert!(!tracker.end(1), "it is not held now");
        assert_eq!(
            (tracker.take_again(), tracker.take_again(), tracker.take_again()),
            (Some(1), Some(2), None)
        );
        assert!(!tracker.hold(3, 3), "what is fetched once more is known");
        (0..4).for_each(|offset| assert!(tracker.end(offset)));
        assert_eq!((tracker.done(), tracker.span()), (Some(4), 0));
    }

    /// What may happen to a partition.
    #[derive(Clone, Debug)]
    enum Step {
        Hold(i64),
        Skip(i64),
        End(usize),
        PutBack(usize),
        TakeAgain,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (1_i64..4).prop_map(Step::Hold),
            2 => (1_i64..4).prop_map(Step::Skip),
            5 => any::<usize>().prop_map(Step::End),
            1 => any::<usize>().prop_map(Step::PutBack),
            2 => Just(Step::TakeAgain),
        ]
    }

    /// What is known of a message, in the plainest way.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    enum Plain {
        Held,
        Again,
        Ended,
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn it_agrees_with_the_plainest_book_keeping(steps in prop::collection::vec(step(), 0..200)) {
            let (mut tracker, mut all, mut next) = (Tracker::default(), BTreeMap::<i64, Plain>::new(), 0_i64);
            let mut committed = None;
            for step in steps {
                let chosen = |at: usize, all: &BTreeMap<i64, Plain>| {
                    (!all.is_empty()).then(|| *all.keys().nth(at % all.len()).expect("it is less than their number"))
                };
                match step {
                    Step::Hold(hole) => {
                        next += hole;
                        prop_assert!(tracker.hold(next, next));
                        all.insert(next, Plain::Held);
                    }
                    Step::Skip(hole) => {
                        next += hole;
                        tracker.skip(next);
                        all.insert(next, Plain::Ended);
                    }
                    Step::End(at) => if let Some(offset) = chosen(at, &all) {
                        let held = all[&offset] == Plain::Held;
                        prop_assert_eq!(tracker.end(offset), held);
                        if held { all.insert(offset, Plain::Ended); }
                    },
                    Step::PutBack(at) => if let Some(offset) = chosen(at, &all) {
                        let held = all[&offset] == Plain::Held;
                        prop_assert_eq!(tracker.put_back(offset), held);
                        if held { all.insert(offset, Plain::Again); }
                    },
                    Step::TakeAgain => {
                        let first = all.iter().find(|(_, state)| **state == Plain::Again).map(|(offset, _)| *offset);
                        prop_assert_eq!(tracker.take_again(), first);
                        if let Some(offset) = first { all.insert(offset, Plain::Held); }
                    }
                }
                let open = all.iter().find(|(_, state)| **state != Plain::Ended).map(|(offset, _)| *offset);
                let done = open.or_else(|| (!all.is_empty()).then_some(next + 1));
                prop_assert_eq!(tracker.done(), done);
                prop_assert!(tracker.done() >= committed, "it never goes back");
                committed = tracker.done();
                let held = all.values().filter(|state| **state == Plain::Held).count();
                prop_assert_eq!(tracker.held(), held);
                for (offset, state) in &all {
                    prop_assert_eq!(tracker.kept(*offset).copied(), (*state == Plain::Held).then_some(*offset));
                }
            }
        }
    }
}
