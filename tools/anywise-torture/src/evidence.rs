//! What is found when a run is over.

use std::collections::HashMap;

/// One row that a consumer wrote.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effect {
    pub(crate) n: i64,
    pub(crate) consumer: String,
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) seq: i64,
    pub(crate) amount: i64,
    /// Unix milliseconds.
    pub(crate) at: i64,
    /// Of the claim it was written under, where that is known.
    pub(crate) epoch: i64,
}

/// One row that the handler of `Put` wrote.
#[derive(Clone, Debug, Default)]
pub(crate) struct Business {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) seq: i64,
    pub(crate) amount: i64,
}

/// A running balance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Balance {
    pub(crate) consumer: String,
    pub(crate) key: String,
    pub(crate) n: i64,
    pub(crate) total: i64,
}

/// A dead letter, as the store tells it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dead {
    pub(crate) id: String,
    pub(crate) target: String,
    /// What of its context is missing, if anything.
    pub(crate) missing: Option<String>,
    pub(crate) reason: String,
}

/// How much waits, by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) ready: u64,
    pub(crate) claimed: u64,
    pub(crate) blocked: u64,
    pub(crate) retrying: u64,
    pub(crate) scheduled: u64,
}

impl Left {
    pub(crate) fn count(self) -> u64 {
        self.ready + self.claimed + self.blocked + self.retrying + self.scheduled
    }

    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// The greatest values seen of what must stay bounded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) rss_mib: u64,
    pub(crate) fds: u64,
    pub(crate) threads: u64,
    pub(crate) wal_mib: u64,
}

impl Gauges {
    /// The greater of each.
    #[must_use]
    pub(crate) fn max(self, other: Self) -> Self {
        Self {
            rss_mib: self.rss_mib.max(other.rss_mib),
            fds: self.fds.max(other.fds),
            threads: self.threads.max(other.threads),
            wal_mib: self.wal_mib.max(other.wal_mib),
        }
    }
}

/// Everything that is found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) effects: Vec<Effect>,
    pub(crate) business: Vec<Business>,
    pub(crate) balances: Vec<Balance>,
    /// How often the consumer without a transaction saw each.
    pub(crate) loose: HashMap<String, u64>,
    /// The highest epoch under which each (consumer, id) was at work.
    pub(crate) granted: HashMap<(String, String), i64>,
    pub(crate) dead: Vec<Dead>,
    pub(crate) left: Left,
    /// What the database says of itself, if it is not well.
    pub(crate) damage: Option<String>,
    pub(crate) gauges: Gauges,
    /// The poison was cured and replayed: it must have had its effect now.
    pub(crate) cured: bool,
}

impl Evidence {
    /// Reads a line of a node: consumer, id and epoch.
    pub(crate) fn grant(&mut self, line: &str) {
        let mut words = line.split(' ');
        let (Some(consumer), Some(id), Some(epoch)) = (words.next(), words.next(), words.next()) else {
            return;
        };
        let granted = self.granted.entry((consumer.to_owned(), id.to_owned())).or_default();
        *granted = epoch.parse::<i64>().unwrap_or_default().max(*granted);
    }
}
