//! The dead letters of a memory store.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::ports::memory::clock::between;
use crate::ports::memory::ledger::Row;
use crate::ports::store::Retention;
use crate::ports::store::dead::{DeadLetter, DeadLetterId, DeadLetterState, DeadLetters};
use crate::ports::store::delivery::Delivery;

/// Letters given when no number is asked for.
const PAGE: u32 = 100;

/// The dead letters, by number.
#[derive(Debug, Default)]
pub(super) struct Graveyard {
    last: i64,
    letters: BTreeMap<DeadLetterId, Entry>,
}

/// A delivery with the number it had, and will have again.
#[derive(Clone, Debug)]
pub(super) struct Grave {
    pub(super) id: i64,
    pub(super) row: Row,
}

#[derive(Debug)]
struct Entry {
    letter: DeadLetter,
    delivery: i64,
    epoch: i64,
    loose: bool,
    settled: Option<Timestamp>,
}

impl Graveyard {
    /// Makes a delivery a dead letter.
    pub(super) fn bury(&mut self, grave: Grave, reason: String, parked: bool, now: Timestamp) {
        let Grave { id: delivery, row } = grave;
        self.last += 1;
        let id = DeadLetterId(self.last);
        let letter = DeadLetter {
            parked,
            attempts: row.attempts,
            failures: row.failures,
            at: now,
            replays: row.replays,
            ..DeadLetter::new(id, row.delivery.target, row.delivery.envelope, reason)
        };
        self.letters
            .insert(id, Entry { letter, delivery, epoch: row.epoch, loose: row.loose, settled: None });
    }

    /// The delivery that an open letter becomes.
    pub(super) fn replay(&mut self, id: DeadLetterId, now: Timestamp) -> Option<Grave> {
        let entry = self.settle(id, DeadLetterState::Replayed, now)?;
        entry.letter.replays += 1;
        Some(entry.grave(now))
    }

    /// The delivery that an open letter was, given up for good.
    pub(super) fn discard(&mut self, id: DeadLetterId, now: Timestamp) -> Option<Grave> {
        Some(self.settle(id, DeadLetterState::Discarded, now)?.grave(now))
    }

    /// Whether there is a letter of this message and target, whatever its state.
    pub(super) fn knows(&self, message: Uuid, target: &str) -> bool {
        self.letters
            .values()
            .any(|Entry { letter, .. }| letter.envelope.id == message && letter.target == target)
    }

    /// Those that somebody has to look at, oldest first.
    pub(super) fn open(&self) -> impl Iterator<Item = &DeadLetter> {
        self.letters.values().map(|entry| &entry.letter).filter(|letter| is_open(letter))
    }

    /// Those that are asked for, newest first.
    pub(super) fn find(&self, which: &DeadLetters) -> Vec<DeadLetter> {
        let most = which.most.unwrap_or(PAGE) as usize;
        let letters = self.letters.values().rev().map(|entry| &entry.letter);
        letters.filter(|letter| matches(which, letter)).take(most).cloned().collect()
    }

    /// Removes settled letters that are too old or too many, at most one batch.
    pub(super) fn sweep(&mut self, retention: &Retention, now: Timestamp) -> u64 {
        let Retention { settled_dead_letters: age, most_settled_dead_letters: most, batch, .. } = *retention;
        let settled: Vec<_> =
            self.letters.iter().filter_map(|(id, entry)| Some((*id, entry.settled?))).collect();
        let surplus = settled.len().saturating_sub(usize::try_from(most).unwrap_or(usize::MAX));
        let is_over = |n: usize, at: Timestamp| n < surplus || is_past(at, age, now);
        let over = settled.iter().enumerate().filter(|(n, (_, at))| is_over(*n, *at));
        let ids: Vec<_> = over.map(|(_, (id, _))| *id).take(batch as usize).collect();
        for id in &ids {
            self.letters.remove(id);
        }
        ids.len() as u64
    }

    fn settle(&mut self, id: DeadLetterId, state: DeadLetterState, now: Timestamp) -> Option<&mut Entry> {
        let entry = self.letters.get_mut(&id).filter(|entry| is_open(&entry.letter))?;
        entry.letter.state = state;
        entry.settled = Some(now);
        Some(entry)
    }
}

impl Entry {
    /// The delivery with a fresh budget; its epoch goes on, so that a claim made
    /// before it was a dead letter stays lost.
    fn grave(&self, now: Timestamp) -> Grave {
        let mut row = Row::new(Delivery::new(&self.letter.target, self.letter.envelope.clone()), now);
        row.epoch = self.epoch;
        row.loose = self.loose;
        row.replays = self.letter.replays;
        Grave { id: self.delivery, row }
    }
}

/// Whether `at` is longer ago than `age`.
pub(super) fn is_past(at: Timestamp, age: Duration, now: Timestamp) -> bool {
    between(at, now) > age
}

fn is_open(letter: &DeadLetter) -> bool {
    letter.state == DeadLetterState::Open
}

fn matches(which: &DeadLetters, letter: &DeadLetter) -> bool {
    which.id.is_none_or(|id| id == letter.id)
        && which.target.as_ref().is_none_or(|target| *target == letter.target)
        && which.message.as_ref().is_none_or(|name| *name == letter.envelope.name)
        && which.before.is_none_or(|before| letter.id < before)
        && (which.all || is_open(letter))
}
