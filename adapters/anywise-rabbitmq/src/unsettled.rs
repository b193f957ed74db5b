//! What was delivered on a channel and not settled.
//!
//! The tags of a channel are numbers in order, and one acknowledgement may stand
//! for all up to its tag: for those at the front that have all been settled.

use std::collections::VecDeque;

use bytes::Bytes;
use lapin::BasicProperties;
use lapin::types::ShortString;

/// A message, as long as it may have to be kept elsewhere.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) properties: BasicProperties,
    pub(crate) body: Bytes,
    pub(crate) exchange: ShortString,
    pub(crate) routing_key: ShortString,
}

/// What was delivered on a channel and not settled.
#[derive(Debug, Default)]
pub(crate) struct Unsettled {
    /// The tag at the front.
    first: u64,
    slots: VecDeque<Option<Kept>>,
}

/// What to acknowledge.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Acks {
    /// This tag and all before it.
    pub(crate) through: Option<u64>,
    /// These alone.
    pub(crate) single: Vec<u64>,
}

impl Unsettled {
    /// A message was delivered.
    pub(crate) fn add(&mut self, tag: u64, kept: Kept) {
        if self.slots.is_empty() {
            self.first = tag;
        }
        // Tags come without gaps; if they did not, nobody would hold what is between.
        while self.first + (self.slots.len() as u64) < tag {
            self.slots.push_back(None);
        }
        self.slots.push_back(Some(kept));
    }

    /// The message of a tag, if it is not settled.
    pub(crate) fn get(&self, tag: u64) -> Option<&Kept> {
        self.slots.get(self.place(tag)?)?.as_ref()
    }

    /// Takes a message that is acknowledged by no one, as it goes back.
    pub(crate) fn remove(&mut self, tag: u64) -> Option<Kept> {
        let place = self.place(tag)?;
        let kept = self.slots.get_mut(place)?.take();
        self.shrink();
        kept
    }

    /// Takes messages that are to be acknowledged, and says how.
    pub(crate) fn settle(&mut self, mut tags: Vec<u64>) -> Acks {
        tags.retain(|tag| self.place(*tag).and_then(|place| self.slots.get_mut(place)?.take()).is_some());
        self.shrink();
        let (before, after): (Vec<_>, Vec<_>) = tags.into_iter().partition(|tag| *tag < self.first);
        Acks { through: before.into_iter().max(), single: after }
    }

    fn place(&self, tag: u64) -> Option<usize> {
        usize::try_from(tag.checked_sub(self.first)?).ok()
    }

    fn shrink(&mut self) {
        while matches!(self.slots.front(), Some(None)) {
            self.slots.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsettled(tags: impl IntoIterator<Item = u64>) -> Unsettled {
        let mut unsettled = Unsettled::default();
        for tag in tags {
            let kept = Kept {
                properties: BasicProperties::default(),
                body: Bytes::new(),
                exchange: "".into(),
                routing_key: "".into(),
            };
            unsettled.add(tag, kept);
        }
        unsettled
    }

    fn acks(through: Option<u64>, single: &[u64]) -> Acks {
        Acks { through, single: single.to_vec() }
    }

    #[test]
    fn one_acknowledgement_stands_for_all_at_the_front() {
        let mut held = unsettled(1..=6);
        assert_eq!(held.settle(vec![3, 1, 2]), acks(Some(3), &[]));
        assert_eq!(held.settle(vec![6]), acks(None, &[6]));
        assert_eq!(held.settle(vec![4]), acks(Some(4), &[]));
        assert_eq!(held.settle(vec![5]), acks(Some(5), &[]), "6 was acknowledged before");
        assert!(held.slots.is_empty());
    }

    #[test]
    fn what_is_still_held_is_never_acknowledged_with_others() {
        let mut held = unsettled(1..=5);
        assert_eq!(held.settle(vec![2, 3, 5]), acks(None, &[2, 3, 5]));
        assert!(held.get(1).is_some() && held.get(2).is_none() && held.get(4).is_some());
        assert!(held.remove(1).is_some(), "it goes back");
        assert_eq!(held.settle(vec![4]), acks(Some(4), &[]));
    }

    #[test]
    fn what_is_settled_twice_is_acknowledged_once() {
        let mut held = unsettled(1..=2);
        assert_eq!(held.settle(vec![1, 1]), acks(Some(1), &[]));
        assert_eq!(held.settle(vec![1]), acks(None, &[]));
        assert!(held.remove(1).is_none() && held.remove(9).is_none());
    }

    #[test]
    fn tags_go_on_after_everything_was_settled() {
        let mut held = unsettled(1..=2);
        held.settle(vec![1, 2]);
        let kept = held.remove(2);
        assert!(kept.is_none());
        let mut next = unsettled(3..=4);
        assert_eq!(next.settle(vec![4]), acks(None, &[4]));
        assert_eq!(next.settle(vec![3]), acks(Some(3), &[]));
    }
}
