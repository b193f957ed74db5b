//! Where a search for ready deliveries begins.
//!
//! A delivery that is gone stays in the index of ready ones until a vacuum, and a
//! search from the beginning passes all of them. While more is ready than is
//! wanted, a search therefore begins where the last one ended. It begins at the
//! beginning where this process has made something ready that was there before,
//! where less is found than is wanted, and once in [`AGAIN`]: for what others
//! have made ready, or committed later under a lower number.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anywise_core::{Claimed, Want};

/// How long what others have made ready before the mark may wait.
const AGAIN: Duration = Duration::from_secs(1);

/// For each target from which there is more than was wanted.
#[derive(Debug, Default)]
pub(super) struct Marks(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    marks: HashMap<String, Mark>,
    /// How often they were forgotten.
    forgotten: u64,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    /// The lowest number that was not looked at.
    low: i64,
    /// When a search last began at the beginning.
    since: Instant,
}

/// A search for ready deliveries.
#[derive(Debug)]
pub(super) struct Search {
    /// The number from which to search, for each that is wanted.
    pub(super) lows: Vec<i64>,
    began: Instant,
    forgotten: u64,
}

impl Marks {
    /// Begins a search for these.
    pub(super) fn search(&self, wants: &[Want], now: Instant) -> Search {
        let inner = self.lock();
        let low = |mark: &Mark| (now.duration_since(mark.since) < AGAIN).then_some(mark.low);
        let lows =
            wants.iter().map(|want| inner.marks.get(&want.target).and_then(low).unwrap_or(0)).collect();
        Search { lows, began: now, forgotten: inner.forgotten }
    }

    /// Something that was there before has become ready.
    pub(super) fn forget(&self) {
        let mut inner = self.lock();
        inner.marks.clear();
        inner.forgotten += 1;
    }

    /// The search has found this.
    pub(super) fn note(&self, search: &Search, wants: &[Want], claimed: &[Claimed]) {
        let mut found = HashMap::<&str, (u32, i64)>::new();
        for one in claimed {
            let (count, last) = found.entry(&one.delivery.target).or_default();
            (*count, *last) = (*count + 1, one.claim.id.max(*last));
        }
        let mut inner = self.lock();
        if inner.forgotten != search.forgotten {
            // Perhaps it did not see what has become ready meanwhile.
            return;
        }
        for (want, low) in wants.iter().zip(&search.lows) {
            match found.get(want.target.as_str()) {
                Some((count, last)) if *count >= want.most => {
                    let known = inner.marks.get(&want.target).filter(|_| *low > 0);
                    let since = known.map_or(search.began, |mark| mark.since);
                    inner.marks.insert(want.target.clone(), Mark { low: last + 1, since });
                }
                _ => drop(inner.marks.remove(&want.target)),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use anywise_core::{Claim, Delivery, Envelope};

    use super::*;

    fn claimed(id: i64) -> Claimed {
        Claimed::new(Claim { id, epoch: 1 }, Delivery::new("ledger", Envelope::json("Paid", "{}")))
    }

    fn wants() -> [Want; 1] {
        [Want { target: "ledger".to_owned(), most: 2 }]
    }

    /// Where a search begins that found two.
    fn search(marks: &Marks, now: Instant, found: [i64; 2]) -> i64 {
        let search = marks.search(&wants(), now);
        marks.note(&search, &wants(), &found.map(claimed));
        search.lows[0]
    }

    #[test]
    fn a_search_goes_on_where_the_last_one_ended_and_begins_again_in_time() {
        let (marks, began) = (Marks::default(), Instant::now());
        assert_eq!(search(&marks, began, [4, 7]), 0);
        // Going on does not put the next beginning off.
        assert_eq!(search(&marks, began + AGAIN / 2, [8, 9]), 8);
        assert_eq!(search(&marks, began + AGAIN * 3 / 4, [10, 11]), 10);
        assert_eq!(search(&marks, began + AGAIN, [2, 12]), 0);
    }

    #[test]
    fn where_less_is_found_than_is_wanted_a_search_begins_at_the_beginning() {
        let (marks, now) = (Marks::default(), Instant::now());
        search(&marks, now, [4, 7]);
        let next = marks.search(&wants(), now);
        marks.note(&next, &wants(), &[claimed(8)]);
        assert_eq!(search(&marks, now, [9, 10]), 0);
    }

    #[test]
    fn what_becomes_ready_is_found_by_the_next_search_though_one_is_under_way() {
        let (marks, now) = (Marks::default(), Instant::now());
        search(&marks, now, [4, 7]);
        let under_way = marks.search(&wants(), now);
        marks.forget();
        marks.note(&under_way, &wants(), &[8, 9].map(claimed));
        assert_eq!(search(&marks, now, [1, 10]), 0);
    }
}
