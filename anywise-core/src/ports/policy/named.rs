//! Policies by the names of their targets, as configuration holds them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ports::policy::RemotePolicy;
use crate::ports::policy::under::UnderPolicy;
use crate::ports::transport::Remote;

/// Policies by the names of their targets. `default` is for those that have no
/// policy of their own; where it is missing too, [`RemotePolicy::default`] is.
///
/// # Examples
/// ```
/// use anywise_core::RemotePolicies;
///
/// let policies: RemotePolicies = serde_json::from_str(r#"{
///     "default": {"timeout": "5s"},
///     "payment": {"timeout": "30s", "attempts": 1}
/// }"#)?;
/// assert_eq!(policies.of("payment").attempts, 1);
/// assert_eq!(policies.of("stock").timeout.as_secs(), 5);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RemotePolicies(BTreeMap<String, RemotePolicy>);

impl RemotePolicies {
    /// The policy for calls to `target`.
    pub fn of(&self, target: &str) -> RemotePolicy {
        self.0.get(target).or_else(|| self.0.get("default")).cloned().unwrap_or_default()
    }

    /// The remote under the policy of its name.
    pub fn around(&self, remote: impl Remote) -> UnderPolicy {
        self.of(remote.name()).around(remote)
    }
}

impl<N: Into<String>> FromIterator<(N, RemotePolicy)> for RemotePolicies {
    fn from_iter<T: IntoIterator<Item = (N, RemotePolicy)>>(policies: T) -> Self {
        Self(policies.into_iter().map(|(name, policy)| (name.into(), policy)).collect())
    }
}
