//! A remote under a policy: the loop of attempts.

use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use crate::envelope::Envelope;
use crate::error::{Error, Kind, Result};
use crate::ports::policy::RemotePolicy;
use crate::ports::policy::breaker::{Breaker, BreakerState};
use crate::ports::policy::budget::Budget;
use crate::ports::transport::Remote;
use crate::walk::call::BoxFuture;

/// A remote under a [`RemotePolicy`].
pub struct UnderPolicy {
    policy: RemotePolicy,
    remote: Arc<dyn Remote>,
    budget: Option<Budget>,
    breaker: Option<Arc<Breaker>>,
}

impl UnderPolicy {
    pub(crate) fn new(policy: RemotePolicy, remote: Arc<dyn Remote>) -> Self {
        let budget = policy.budget.map(Budget::new);
        let breaker = policy.breaker.map(Breaker::new);
        Self { policy, remote, budget, breaker }
    }

    /// What its breaker does with calls; without one they are let through.
    pub fn state(&self) -> BreakerState {
        self.breaker.as_ref().map_or(BreakerState::Closed, |breaker| breaker.state())
    }

    async fn attempts(&self, request: Envelope) -> Result<Bytes> {
        let mut attempts = 1;
        loop {
            let error = match self.attempt(request.clone()).await {
                Ok(reply) => {
                    self.budget.as_ref().inspect(|budget| budget.earn());
                    return Ok(reply);
                }
                Err(error) => error,
            };
            let Some(wait) = self.policy.wait(attempts, &error) else { return Err(error) };
            let at = Instant::now() + wait;
            let late = request.deadline.is_some_and(|deadline| at >= deadline.into());
            if late || self.budget.as_ref().is_some_and(|budget| !budget.spend()) {
                return Err(error);
            }
            tracing::debug!(target = self.name(), %error, attempts, ?wait, "trying again");
            tokio::time::sleep_until(at).await;
            attempts += 1;
        }
    }

    async fn attempt(&self, request: Envelope) -> Result<Bytes> {
        let Some(breaker) = &self.breaker else { return self.timed(request).await };
        let passage = breaker.enter().map_err(|after| self.open(after))?;
        let result = self.timed(request).await;
        let failed =
            result.as_ref().is_err_and(|error| matches!(error.kind(), Kind::Unavailable | Kind::Timeout));
        if let Some(state) = passage.end(failed) {
            tracing::warn!(target = self.name(), ?state, "the breaker changed");
        }
        result
    }

    async fn timed(&self, mut request: Envelope) -> Result<Bytes> {
        let own = Instant::now() + self.policy.timeout;
        let until = request.deadline.map_or(own, |deadline| own.min(deadline.into()));
        // The other side need not work for longer than it is waited for.
        request.deadline = Some(until.into_std());
        let answer = tokio::time::timeout_at(until, self.remote.call(request)).await;
        answer.unwrap_or_else(|_| Err(self.late()))
    }

    fn open(&self, after: std::time::Duration) -> Error {
        let message = format!("`{}` failed too often and is left alone for a while", self.name());
        Error::new(Kind::Unavailable, "AW2106", message).with_retry_after(after)
    }

    fn late(&self) -> Error {
        let message = format!("`{}` did not answer in time", self.name());
        Error::new(Kind::Timeout, "AW2105", message)
    }
}

impl Remote for UnderPolicy {
    fn name(&self) -> &str {
        self.remote.name()
    }

    fn reaches(&self, message: &str) -> bool {
        self.remote.reaches(message)
    }

    fn call(&self, request: Envelope) -> BoxFuture<'_, Result<Bytes>> {
        Box::pin(self.attempts(request))
    }
}

impl std::fmt::Debug for UnderPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnderPolicy").field("remote", &self.name()).finish_non_exhaustive()
    }
}
