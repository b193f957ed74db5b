//! Where a search for ready deliveries begins.
//!
//! A delivery that is gone stays in the index of ready ones until a vacuum, and a
//! search from the beginning passes all of them. While more is ready than is
//! wanted, a search therefore begins where the last one ended; but once in
//! [`AGAIN`], and whenever it finds less than is wanted, at the beginning: what
//! is tried again, or was committed later under a lower number, is there.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anywise_core::{Claimed, Want};

/// How long what has become ready before the mark may wait.
const AGAIN: Duration = Duration::from_secs(1);

/// For each target from which there is more than was wanted.
#[derive(Debug, Default)]
pub(super) struct Marks(Mutex<HashMap<String, Mark>>);

#[derive(Clone, Copy, Debug)]
struct Mark {
    /// The lowest number that was not looked at.
    low: i64,
    /// When a search last began at the beginning.
    since: Instant,
}

impl Marks {
    /// The number from which to search for each of these.
    pub(super) fn lows(&self, wants: &[Want], now: Instant) -> Vec<i64> {
        let marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let low = |mark: &Mark| (now.duration_since(mark.since) < AGAIN).then_some(mark.low);
        wants.iter().map(|want| marks.get(&want.target).and_then(low).unwrap_or(0)).collect()
    }

    /// A search from `lows` has found this.
    pub(super) fn note(&self, wants: &[Want], lows: &[i64], claimed: &[Claimed], now: Instant) {
        let mut found = HashMap::<&str, (u32, i64)>::new();
        for one in claimed {
            let (count, last) = found.entry(&one.delivery.target).or_default();
            (*count, *last) = (*count + 1, one.claim.id.max(*last));
        }
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (want, low) in wants.iter().zip(lows) {
            match found.get(want.target.as_str()) {
                Some((count, last)) if *count >= want.most => {
                    let since = marks.get(&want.target).filter(|_| *low > 0).map_or(now, |mark| mark.since);
                    marks.insert(want.target.clone(), Mark { low: last + 1, since });
                }
                _ => drop(marks.remove(&want.target)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use anywise_core::{Claim, Delivery, Envelope};

    use super::*;

    fn claimed(id: i64) -> Claimed {
        Claimed::new(Claim { id, epoch: 1 }, Delivery::new("ledger", Envelope::json("Paid", "{}")))
    }

    #[test]
    fn a_search_goes_on_where_the_last_one_ended_and_begins_again_in_time() {
        let (marks, began) = (Marks::default(), Instant::now());
        let wants = [Want { target: "ledger".to_owned(), most: 2 }];
        assert_eq!(marks.lows(&wants, began), [0]);
        marks.note(&wants, &[0], &[claimed(4), claimed(7)], began);
        assert_eq!(marks.lows(&wants, began), [8]);
        // Going on does not put the next beginning off.
        let later = began + AGAIN / 2;
        marks.note(&wants, &[8], &[claimed(8), claimed(9)], later);
        assert_eq!(marks.lows(&wants, later), [10]);
        assert_eq!(marks.lows(&wants, began + AGAIN), [0]);
    }

    #[test]
    fn where_less_is_found_than_is_wanted_a_search_begins_at_the_beginning() {
        let (marks, now) = (Marks::default(), Instant::now());
        let wants = [Want { target: "ledger".to_owned(), most: 2 }];
        marks.note(&wants, &[0], &[claimed(4), claimed(7)], now);
        marks.note(&wants, &[8], &[claimed(8)], now);
        assert_eq!(marks.lows(&wants, now), [0]);
    }
}
