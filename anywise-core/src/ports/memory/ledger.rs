//! Deliveries and what may happen to them: the state machine of every store.
//!
//! It knows no clock and no task: each move is told the time, and is made as a
//! whole before the next begins. A delivery keeps its number for life, as a
//! dead letter too. Those of one target and key stand in a lane, by number; only
//! the first may be claimed, and a dead letter at the head keeps the others back.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;

use crate::ports::memory::clock::{between, later};
use crate::ports::memory::dead::{Grave, Graveyard};
use crate::ports::store::claim::{Claim, Claimed, Claims, Failure, Settlement, Want};
use crate::ports::store::dead::{Buried, DeadLetterId};
use crate::ports::store::delivery::{Delivery, Depth};
use crate::ports::store::outcome::Outcome;

/// Failures kept of a delivery, the latest.
const FAILURES: usize = 20;

/// Target and key.
type Lane = (String, String);

/// Every delivery that is not done, and the dead letters.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    last: i64,
    rows: BTreeMap<i64, Row>,
    known: BTreeMap<(Uuid, String), i64>,
    queues: HashMap<String, Queue>,
    lanes: HashMap<Lane, BTreeSet<i64>>,
    pub(super) dead: Graveyard,
}

/// A delivery that is neither done nor dead.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) delivery: Delivery,
    pub(super) due: Timestamp,
    /// Counted up by every claim, and never down.
    pub(super) epoch: i64,
    pub(super) attempts: u32,
    pub(super) claimed: bool,
    pub(super) failures: Vec<Failure>,
    pub(super) replays: u32,
    /// It keeps no others of its key back, and waits for none.
    pub(super) loose: bool,
}

/// What may be claimed of one target, now or later.
#[derive(Debug, Default)]
struct Queue {
    ready: BTreeSet<i64>,
    later: BTreeSet<(Timestamp, i64)>,
}

impl Ledger {
    /// Keeps a delivery, unless it is kept already.
    pub(super) fn append(&mut self, delivery: Delivery, now: Timestamp) {
        if self.known.contains_key(&(delivery.envelope.id, delivery.target.clone())) {
            return;
        }
        self.last += 1;
        let due = delivery.due.map_or(now, |due| due.max(now));
        self.enter(self.last, Row::new(delivery, due));
    }

    /// Makes a delivery a dead letter that never was one, unless it is known.
    pub(super) fn inter(&mut self, buried: Buried, now: Timestamp) {
        let Buried { delivery, failure } = buried;
        let (message, target) = (delivery.envelope.id, &delivery.target);
        if self.known.contains_key(&(message, target.clone())) || self.dead.knows(message, target) {
            return;
        }
        self.last += 1;
        let mut row = Row::new(delivery, now);
        (row.loose, row.attempts) = (true, failure.attempt);
        let reason = failure.message.clone();
        row.note(Some(failure));
        self.dead.bury(Grave { id: self.last, row }, reason, false, now);
    }

    /// Claims what is due of the wanted targets, oldest first.
    pub(super) fn claim(&mut self, wants: &[Want], now: Timestamp) -> Claims {
        let mut ids = Vec::new();
        let mut next: Option<Timestamp> = None;
        for want in wants {
            let Some(queue) = self.queues.get_mut(&want.target) else { continue };
            queue.take(want.most, now, &mut ids);
            next = queue.next().into_iter().chain(next).min();
        }
        ids.sort_unstable();
        let claimed = ids.into_iter().filter_map(|id| Some(self.rows.get_mut(&id)?.claim(id))).collect();
        Claims { claimed, next: next.map(|due| between(now, due)) }
    }

    /// Whether the claim is still held.
    pub(super) fn holds(&self, claim: Claim) -> bool {
        self.rows.get(&claim.id).is_some_and(|row| row.claimed && row.epoch == claim.epoch)
    }

    /// Ends a claim; false if it is no longer held.
    pub(super) fn settle(&mut self, settlement: Settlement, now: Timestamp) -> bool {
        let Settlement { claim, outcome, failure } = settlement;
        if !self.holds(claim) {
            return false;
        }
        match outcome {
            Outcome::Done(_) | Outcome::Skip => self.finish(claim.id),
            Outcome::Retry(after) => self.retry(claim.id, failure, later(now, after)),
            Outcome::Stop => self.release(claim.id),
            Outcome::DeadLetter(reason) => self.bury(claim.id, failure, reason, false, now),
            Outcome::Park(reason) => self.bury(claim.id, failure, reason, true, now),
        }
        true
    }

    /// Ends a delivery for good.
    pub(super) fn finish(&mut self, id: i64) {
        if let Some(row) = self.take(id) {
            self.leave(id, &row);
        }
    }

    /// Gives every claim back, as if it had never been made.
    pub(super) fn release_all(&mut self) {
        let claimed: Vec<_> = self.rows.iter().filter(|(_, row)| row.claimed).map(|(id, _)| *id).collect();
        for id in claimed {
            self.release(id);
        }
    }

    /// Removes what is scheduled of a message; says whether there was any.
    pub(super) fn cancel(&mut self, message: Uuid, now: Timestamp) -> bool {
        let ids: Vec<_> = self
            .known
            .range((message, String::new())..)
            .take_while(|((id, _), _)| *id == message)
            .map(|(_, id)| *id)
            .filter(|id| self.rows.get(id).is_some_and(|row| row.is_scheduled(now)))
            .collect();
        for id in &ids {
            self.finish(*id);
        }
        !ids.is_empty()
    }

    /// Makes an open dead letter a delivery again, under its old number.
    pub(super) fn replay(&mut self, id: DeadLetterId, body: Option<Bytes>, now: Timestamp) -> bool {
        let Some(Grave { id, mut row }) = self.dead.replay(id, now) else { return false };
        if let Some(body) = body {
            row.delivery.envelope.body = body;
        }
        if self.known.contains_key(&(row.delivery.envelope.id, row.delivery.target.clone())) {
            // It has come again in the meantime: that one is delivered.
            self.leave(id, &row);
        } else {
            self.enter(id, row);
        }
        true
    }

    /// Gives an open dead letter up, and lets the next of its key go.
    pub(super) fn discard(&mut self, id: DeadLetterId, now: Timestamp) -> bool {
        let Some(Grave { id, row }) = self.dead.discard(id, now) else { return false };
        self.leave(id, &row);
        true
    }

    /// When the next is due that is not due now.
    pub(super) fn next(&self, now: Timestamp) -> Option<Duration> {
        let after = |queue: &Queue| queue.later.range((now, i64::MAX)..).next().map(|(due, _)| *due);
        self.queues.values().filter_map(after).min().map(|due| between(now, due))
    }

    /// What waits, by target.
    pub(super) fn depth(&self, now: Timestamp) -> Vec<Depth> {
        let mut depths = BTreeMap::new();
        for (id, row) in &self.rows {
            let depth = depth_of(&mut depths, &row.delivery.target);
            match row {
                row if row.claimed => depth.claimed += 1,
                row if !self.is_head(*id, row) => depth.blocked += 1,
                row if row.due > now && row.attempts > 0 => depth.retrying += 1,
                row if row.due > now => depth.scheduled += 1,
                row => {
                    depth.ready += 1;
                    depth.oldest = depth.oldest.max(between(row.due, now));
                }
            }
        }
        self.dead.open().for_each(|letter| depth_of(&mut depths, &letter.target).dead += 1);
        depths.into_values().collect()
    }

    /// A delivery takes its place among the others of its target and key.
    fn enter(&mut self, id: i64, row: Row) {
        self.known.insert((row.delivery.envelope.id, row.delivery.target.clone()), id);
        if let Some(lane) = lane(&row) {
            self.lanes.entry(lane).or_default().insert(id);
        }
        self.rows.insert(id, row);
        self.offer(id);
    }

    /// Lets a delivery be claimed, if it waits and nothing of its key is before it.
    fn offer(&mut self, id: i64) {
        let Some(row) = self.rows.get(&id) else { return };
        if !row.claimed && self.is_head(id, row) {
            let due = (row.due, id);
            self.queues.entry(row.delivery.target.clone()).or_default().later.insert(due);
        }
    }

    /// Takes a delivery out; its place in the lane stays taken.
    fn take(&mut self, id: i64) -> Option<Row> {
        let row = self.rows.remove(&id)?;
        self.known.remove(&(row.delivery.envelope.id, row.delivery.target.clone()));
        if let Some(queue) = self.queues.get_mut(&row.delivery.target) {
            queue.ready.remove(&id);
            queue.later.remove(&(row.due, id));
        }
        Some(row)
    }

    /// Gives up a place in the lane, and lets the next go.
    fn leave(&mut self, id: i64, row: &Row) {
        let Some(lane) = lane(row) else { return };
        let Some(waiting) = self.lanes.get_mut(&lane) else { return };
        waiting.remove(&id);
        match waiting.first().copied() {
            Some(head) if head > id => self.offer(head),
            Some(_) => {}
            None => drop(self.lanes.remove(&lane)),
        }
    }

    fn is_head(&self, id: i64, row: &Row) -> bool {
        let head = lane(row).and_then(|lane| self.lanes.get(&lane)?.first().copied());
        head.is_none_or(|head| head == id)
    }

    fn retry(&mut self, id: i64, failure: Option<Failure>, due: Timestamp) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        row.claimed = false;
        row.due = due;
        row.note(failure);
        self.offer(id);
    }

    fn release(&mut self, id: i64) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        row.claimed = false;
        row.attempts = row.attempts.saturating_sub(1);
        self.offer(id);
    }

    fn bury(&mut self, id: i64, failure: Option<Failure>, reason: String, parked: bool, now: Timestamp) {
        let Some(mut row) = self.take(id) else { return };
        row.note(failure);
        self.dead.bury(Grave { id, row }, reason, parked, now);
    }
}

impl Row {
    pub(super) fn new(delivery: Delivery, due: Timestamp) -> Self {
        Self {
            delivery,
            due,
            epoch: 0,
            attempts: 0,
            claimed: false,
            failures: Vec::new(),
            replays: 0,
            loose: false,
        }
    }

    fn claim(&mut self, id: i64) -> Claimed {
        self.claimed = true;
        self.epoch += 1;
        self.attempts += 1;
        let claim = Claim { id, epoch: self.epoch };
        Claimed {
            attempts: self.attempts,
            failures: self.failures.clone(),
            ..Claimed::new(claim, self.delivery.clone())
        }
    }

    fn note(&mut self, failure: Option<Failure>) {
        self.failures.extend(failure);
        let surplus = self.failures.len().saturating_sub(FAILURES);
        self.failures.drain(..surplus);
    }

    /// Whether it can still be cancelled.
    fn is_scheduled(&self, now: Timestamp) -> bool {
        !self.claimed && self.attempts == 0 && self.due > now
    }
}

impl Queue {
    /// Takes at most `most` that are due, the oldest.
    fn take(&mut self, most: u32, now: Timestamp, ids: &mut Vec<i64>) {
        while let Some((due, id)) = self.later.first().copied().filter(|(due, _)| *due <= now) {
            self.later.remove(&(due, id));
            self.ready.insert(id);
        }
        ids.extend((0..most).map_while(|_| self.ready.pop_first()));
    }

    /// When the first is due that is not due yet.
    fn next(&self) -> Option<Timestamp> {
        self.later.first().map(|(due, _)| *due)
    }
}

fn lane(row: &Row) -> Option<Lane> {
    let Row { delivery, loose, .. } = row;
    (!loose).then_some(())?;
    Some((delivery.target.clone(), delivery.envelope.key.clone()?))
}

fn depth_of<'d>(depths: &'d mut BTreeMap<String, Depth>, target: &str) -> &'d mut Depth {
    depths.entry(target.to_owned()).or_insert_with(|| Depth::of(target))
}
