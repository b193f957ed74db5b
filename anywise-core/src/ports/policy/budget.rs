//! How many further attempts there may be: a share of what succeeds, and a few
//! each second.
//!
//! When everything fails, everybody tries again, and the target drowns. With a
//! budget it gets a tenth more than it would have got, and no more.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// How many further attempts all calls to a target may make together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "made with `..BudgetPolicy::default()`")]
pub struct BudgetPolicy {
    /// Further attempts for each call that succeeded. Default: 0.1.
    pub share: f64,
    /// Further attempts each second, whatever succeeds. Default: 10. Ten seconds
    /// of it can be saved up.
    pub per_second: f64,
}

impl Default for BudgetPolicy {
    fn default() -> Self {
        Self { share: 0.1, per_second: 10.0 }
    }
}

/// Seconds of [`BudgetPolicy::per_second`] that can be saved up.
const SAVED: f64 = 10.0;

/// What is left of a target's budget.
#[derive(Debug)]
pub(crate) struct Budget {
    policy: BudgetPolicy,
    purse: Mutex<Purse>,
}

#[derive(Debug)]
struct Purse {
    tokens: f64,
    since: Instant,
}

impl Budget {
    pub(crate) fn new(policy: BudgetPolicy) -> Self {
        let purse = Purse { tokens: policy.per_second.max(0.0), since: Instant::now() };
        Self { policy, purse: Mutex::new(purse) }
    }

    /// A call succeeded.
    pub(crate) fn earn(&self) {
        self.change(|purse| purse.tokens += self.policy.share);
    }

    /// Whether there is a further attempt left; it is then used up.
    pub(crate) fn spend(&self) -> bool {
        self.change(|purse| {
            let left = purse.tokens >= 1.0;
            if left {
                purse.tokens -= 1.0;
            }
            left
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut Purse) -> T) -> T {
        let mut purse = self.purse.lock().unwrap_or_else(PoisonError::into_inner);
        // What succeeds can be saved up where nothing comes by itself.
        let most = (SAVED * self.policy.per_second).max(SAVED);
        let now = Instant::now();
        let earned = now.duration_since(purse.since).as_secs_f64() * self.policy.per_second;
        purse.tokens = (purse.tokens + earned).clamp(0.0, most);
        purse.since = now;
        let changed = change(&mut purse);
        purse.tokens = purse.tokens.min(most);
        changed
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn spent(budget: &Budget) -> usize {
        std::iter::from_fn(|| budget.spend().then_some(())).count()
    }

    #[tokio::test(start_paused = true)]
    async fn time_and_success_fill_it_up_to_a_bound() {
        let budget = Budget::new(BudgetPolicy::default());
        assert_eq!(spent(&budget), 10);
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!(spent(&budget), 5);
        for _ in 0..30 {
            budget.earn();
        }
        assert!((2..=3).contains(&spent(&budget)));
        tokio::time::advance(Duration::from_secs(3_600)).await;
        assert_eq!(spent(&budget), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn there_may_be_none() {
        let budget = Budget::new(BudgetPolicy { share: 0.0, per_second: 0.0 });
        tokio::time::advance(Duration::from_secs(60)).await;
        budget.earn();
        assert_eq!(spent(&budget), 0);
    }
}
