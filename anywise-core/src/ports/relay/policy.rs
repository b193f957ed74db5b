//! How often a delivery is tried, and how long it waits in between.

use std::time::Duration;

use uuid::Uuid;

use crate::app::SINK;
use crate::error::{Error, Kind};
use crate::ports::store::Retention;
use crate::ports::store::claim::{Claimed, SUSPECT};
use crate::ports::store::outcome::Outcome;

/// How the deliveries of an application are tried.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use anywise_core::{App, RelayPolicy};
///
/// let policy = RelayPolicy { attempts: 8, first_wait: Duration::from_millis(200), ..RelayPolicy::default() };
/// App::builder().relay(policy);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "made with `..RelayPolicy::default()`")]
pub struct RelayPolicy {
    /// Attempts before a delivery is given up. Default: 5.
    pub attempts: u32,
    /// Longest wait before the second attempt. Default: 1 s.
    pub first_wait: Duration,
    /// How much longer the wait may be after each further attempt. Default: 5.
    pub factor: u32,
    /// Longest wait of all. Default: 2 min.
    pub longest_wait: Duration,
    /// Deliveries of one target whose function runs at one time, unless the
    /// function says otherwise. Default: 10.
    pub concurrency: u32,
    /// Deliveries of one target that are held at one time: running, waiting to
    /// run, or waiting for their commit. Bounds the memory. Default: 256.
    pub held: u32,
    /// How long a store is left alone when it has nothing to claim and gives no
    /// hint. Default: 1 s; 200 ms for a store shared with other processes.
    pub poll: Option<Duration>,
    /// What the store may forget.
    pub retention: Retention,
    /// How often it is swept. Default: 1 min.
    pub sweep: Duration,
    /// How often observers are told what waits. Default: 10 s.
    pub observe: Duration,
    /// How long a delivery may have been due before the application counts as
    /// [`Degraded`](crate::Health::Degraded). Default: 1 min.
    pub late: Duration,
}

impl Default for RelayPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_wait: Duration::from_secs(1),
            factor: 5,
            longest_wait: Duration::from_secs(120),
            concurrency: 10,
            held: 256,
            poll: None,
            retention: Retention::default(),
            sweep: Duration::from_secs(60),
            observe: Duration::from_secs(10),
            late: Duration::from_secs(60),
        }
    }
}

/// Longest wait for a broker that is away.
const AWAY: Duration = Duration::from_secs(10);

/// Losses as a suspect, in ever smaller company and at last alone, after which
/// it is known to end the process.
const TRIED: u32 = 10;

impl RelayPolicy {
    /// What becomes of a delivery that must not be tried again.
    pub(crate) fn hopeless(claimed: &Claimed) -> Option<Outcome> {
        (claimed.losses >= SUSPECT + TRIED).then(|| {
            Outcome::DeadLetter(format!(
                "AW2500: the process ended {} times while it was handled",
                claimed.losses
            ))
        })
    }

    /// What becomes of a delivery whose function failed.
    pub(crate) fn outcome(&self, claimed: &Claimed, error: &Error) -> Outcome {
        // A broker that is away is no fault of what is to be published.
        if claimed.delivery.target.starts_with(SINK) && error.kind() == Kind::Unavailable {
            return Outcome::Retry(jitter(self.wait(claimed.tries()).min(AWAY)));
        }
        self.verdict(claimed.tries(), error)
    }

    /// What becomes of a function's work that failed the `tries`th time.
    pub(crate) fn verdict(&self, tries: u32, error: &Error) -> Outcome {
        match error.code() {
            "AW1502" => return Outcome::Stop,
            // A newer program will know it.
            "AW5003" => return Outcome::Park(error.to_string()),
            _ => {}
        }
        if !error.kind().is_retryable() || tries >= self.attempts {
            return Outcome::DeadLetter(error.to_string());
        }
        Outcome::Retry(error.retry_after().unwrap_or_else(|| jitter(self.wait(tries))))
    }

    /// The longest wait after so many tries.
    fn wait(&self, tries: u32) -> Duration {
        let factor = self.factor.saturating_pow(tries.saturating_sub(1));
        self.first_wait.saturating_mul(factor).min(self.longest_wait)
    }
}

/// Full jitter: anything up to `longest`, so that what failed together is not
/// tried again together.
pub fn jitter(longest: Duration) -> Duration {
    let [a, b, ..] = *Uuid::new_v4().as_bytes();
    longest.mul_f64(f64::from(u16::from_be_bytes([a, b])) / f64::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::Envelope;
    use crate::ports::store::claim::Claim;
    use crate::ports::store::delivery::Delivery;

    fn claimed(attempts: u32, losses: u32) -> Claimed {
        let mut claimed =
            Claimed::new(Claim { id: 1, epoch: 1 }, Delivery::new("t", Envelope::json("a.B", "{}")));
        claimed.attempts = attempts;
        claimed.losses = losses;
        claimed
    }

    fn after(attempts: u32, losses: u32, kind: Kind) -> Outcome {
        RelayPolicy::default().outcome(&claimed(attempts, losses), &Error::new(kind, "x.y", "z"))
    }

    #[test]
    fn waits_grow_and_are_bounded() {
        let policy = RelayPolicy::default();
        let waits: Vec<_> = (1..=6).map(|tries| policy.wait(tries).as_secs()).collect();
        assert_eq!(waits, [1, 5, 25, 120, 120, 120]);
        assert!((0..100).all(|_| jitter(Duration::from_secs(1)) <= Duration::from_secs(1)));
    }

    #[test]
    fn what_may_work_later_is_retried_until_its_attempts_are_used_up() {
        assert!(matches!(after(1, 0, Kind::Unavailable), Outcome::Retry(_)));
        assert!(matches!(after(4, 0, Kind::Internal), Outcome::Retry(_)));
        assert!(matches!(after(5, 0, Kind::Internal), Outcome::DeadLetter(_)));
        assert!(matches!(after(1, 0, Kind::Conflict), Outcome::DeadLetter(_)));
    }

    #[test]
    fn an_attempt_that_was_lost_is_no_failure() {
        assert!(matches!(after(7, 3, Kind::Internal), Outcome::Retry(_)));
        assert!(RelayPolicy::hopeless(&claimed(12, 12)).is_none());
        assert!(matches!(RelayPolicy::hopeless(&claimed(13, 13)), Some(Outcome::DeadLetter(_))));
    }
}
