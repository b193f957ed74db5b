//! A list of instances that does not change.

use std::collections::BTreeMap;

use anywise_core::{Discovery, Instance, Instances};

/// Services and their instances, as they were given.
///
/// # Examples
/// ```
/// use anywise_core::Discovery as _;
/// use anywise_discovery::Fixed;
///
/// let fixed = Fixed::new().service("payment", ["10.0.0.1:3000", "10.0.0.2:3000"]);
/// assert_eq!(fixed.watch("payment").now().map(|all| all.len()), Some(2));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Fixed(BTreeMap<String, Vec<Instance>>);

impl Fixed {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds instances of a service, each `host:port`.
    #[must_use]
    pub fn service(
        mut self,
        name: impl Into<String>,
        addresses: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let instances = addresses.into_iter().map(Instance::new);
        self.0.entry(name.into()).or_default().extend(instances);
        self
    }
}

impl Discovery for Fixed {
    fn name(&self) -> &'static str {
        "a fixed list"
    }

    fn watch(&self, service: &str) -> Instances {
        Instances::fixed(self.0.get(service).into_iter().flatten().cloned())
    }
}
