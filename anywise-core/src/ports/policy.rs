//! How calls to a target elsewhere are made: time-outs, retries, a budget for
//! them, and a circuit breaker. All of it is data.
//!
//! It stands between the application and any [`Remote`]; the remote only
//! carries.

pub(crate) mod breaker;
pub(crate) mod budget;
pub(crate) mod named;
pub(crate) mod under;

use std::sync::Arc;
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as duration;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::ports::policy::breaker::BreakerPolicy;
use crate::ports::policy::budget::BudgetPolicy;
use crate::ports::policy::under::UnderPolicy;
use crate::ports::relay::policy::jitter;
use crate::ports::transport::Remote;

/// How calls to one target are made.
///
/// A call that failed is made again if the failure may pass: it is
/// [`Unavailable`](Kind::Unavailable) or a [`Timeout`](Kind::Timeout), or it is
/// [`RateLimited`](Kind::RateLimited) and says when to come back. Queries can be
/// repeated, and commands travel under a key by which they are carried out once
/// ([`Envelope::request_key`](crate::Envelope::request_key)); that takes a store
/// at the target. Against a target without one, set `attempts` to 1.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use anywise_core::RemotePolicy;
///
/// let policy: RemotePolicy = serde_json::from_str(r#"{
///     "timeout": "2s",
///     "attempts": 4,
///     "breaker": {"consecutive": 10, "open": "30s"}
/// }"#)?;
/// assert_eq!(policy.timeout, Duration::from_secs(2));
/// assert_eq!(policy.first_wait, RemotePolicy::default().first_wait);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "made with `..RemotePolicy::default()`")]
pub struct RemotePolicy {
    /// Longest time for one attempt; the sender's deadline may be sooner.
    /// Default: 10 s.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// Attempts in all. Default: 3; at least 1.
    pub attempts: u32,
    /// Longest wait before the second attempt, unless the target said when to
    /// come back; twice as long before each further one, and each time anything
    /// up to it. Default: 50 ms.
    #[serde(with = "duration")]
    pub first_wait: Duration,
    /// Longest wait of all. Default: 2 s.
    #[serde(with = "duration")]
    pub longest_wait: Duration,
    /// How many further attempts all calls together may make. Default: on;
    /// `None` for as many as `attempts` says.
    pub budget: Option<BudgetPolicy>,
    /// When a target that fails is left alone. Default: on; `None` for never.
    pub breaker: Option<BreakerPolicy>,
}

impl Default for RemotePolicy {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            attempts: 3,
            first_wait: Duration::from_millis(50),
            longest_wait: Duration::from_secs(2),
            budget: Some(BudgetPolicy::default()),
            breaker: Some(BreakerPolicy::default()),
        }
    }
}

impl RemotePolicy {
    /// The remote under this policy. Budget and breaker are its own: one remote
    /// is one target.
    ///
    /// # Examples
    /// ```
    /// # async fn example(there: anywise_core::App) {
    /// use anywise_core::{App, Loopback, RemotePolicy};
    ///
    /// let policy = RemotePolicy { attempts: 5, ..RemotePolicy::default() };
    /// App::builder().remote(policy.around(Loopback::to(&there)));
    /// # }
    /// ```
    pub fn around(&self, remote: impl Remote) -> UnderPolicy {
        self.around_arc(Arc::new(remote))
    }

    /// The same with a remote that others hold too.
    pub fn around_arc(&self, remote: Arc<dyn Remote>) -> UnderPolicy {
        UnderPolicy::new(self.clone(), remote)
    }

    /// How long to wait after `attempts` that ended with `error`; `None` when it
    /// is not tried again.
    pub(crate) fn wait(&self, attempts: u32, error: &Error) -> Option<Duration> {
        let passing = match error.kind() {
            Kind::Unavailable | Kind::Timeout => true,
            Kind::RateLimited => error.retry_after().is_some(),
            _ => false,
        };
        if !passing || attempts >= self.attempts {
            return None;
        }
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        let longest = self.first_wait.saturating_mul(doubled).min(self.longest_wait);
        Some(error.retry_after().unwrap_or_else(|| jitter(longest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(attempts: u32, error: &Error) -> Option<Duration> {
        RemotePolicy::default().wait(attempts, error)
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        let error = |kind| Error::new(kind, "a.b", "no");
        for kind in Kind::ALL.iter().copied() {
            let again = matches!(kind, Kind::Unavailable | Kind::Timeout);
            assert_eq!(wait(1, &error(kind)).is_some(), again, "{kind}");
            assert_eq!(wait(3, &error(kind)), None);
        }
        let limited = error(Kind::RateLimited).with_retry_after(Duration::from_secs(7));
        assert_eq!(wait(1, &limited), Some(Duration::from_secs(7)));
    }

    #[test]
    fn waits_grow_and_are_bounded() {
        let policy = RemotePolicy { attempts: 100, ..RemotePolicy::default() };
        let error = Error::new(Kind::Unavailable, "a.b", "no");
        let longest = |attempts| (0..500).filter_map(|_| policy.wait(attempts, &error)).max();
        assert!(longest(1) <= Some(policy.first_wait));
        assert!(longest(3) > Some(policy.first_wait) && longest(3) <= Some(policy.first_wait * 4));
        assert!(longest(90) <= Some(policy.longest_wait));
    }

    #[test]
    fn a_policy_is_data() {
        let policy = RemotePolicy { breaker: None, ..RemotePolicy::default() };
        let json = serde_json::to_value(&policy).expect("data");
        assert_eq!((json["timeout"].as_str(), json["first_wait"].as_str()), (Some("10s"), Some("50ms")));
        assert_eq!(serde_json::from_value::<RemotePolicy>(json).expect("as it was written"), policy);
        let wrong = serde_json::from_str::<RemotePolicy>(r#"{"timout": "1s"}"#).expect_err("a typing error");
        assert!(wrong.to_string().contains("timout"), "{wrong}");
        serde_json::from_str::<RemotePolicy>(r#"{"timeout": "30"}"#).expect_err("no unit");
    }
}
