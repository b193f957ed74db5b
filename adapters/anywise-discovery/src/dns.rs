//! The addresses of a host name, by the system's resolver.

use std::time::Duration;

use anywise_core::{BoxFuture, Discovery, Error, Instance, Instances, Kind, Result};

use crate::follow::{Lookup, follow};

/// The A and AAAA records of a name, looked up anew every 30 s.
///
/// A service is `host:port`. The system's resolver is asked, `/etc/hosts`
/// included; it does not tell how long an answer holds, and a name that is gone
/// looks like a resolver that is away: what was found last stays.
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use std::time::Duration;
///
/// use anywise_core::Discovery as _;
/// use anywise_discovery::Dns;
///
/// let mut instances = Dns::new().refresh(Duration::from_secs(5)).watch("localhost:3000");
/// instances.some().await;
/// assert!(instances.now().unwrap().iter().all(|one| one.address.ends_with(":3000")));
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Dns {
    refresh: Duration,
}

impl Dns {
    /// Looks up every 30 s.
    pub fn new() -> Self {
        Self { refresh: Duration::from_secs(30) }
    }

    /// Looks up as often as this; at least 100 ms lie between.
    #[must_use]
    pub fn refresh(mut self, refresh: Duration) -> Self {
        self.refresh = refresh.max(Duration::from_millis(100));
        self
    }
}

impl Default for Dns {
    fn default() -> Self {
        Self::new()
    }
}

impl Discovery for Dns {
    fn name(&self) -> &'static str {
        "DNS"
    }

    fn watch(&self, service: &str) -> Instances {
        follow(service, Name { service: service.to_owned(), refresh: self.refresh, known: false })
    }
}

/// One name.
struct Name {
    service: String,
    refresh: Duration,
    known: bool,
}

impl Lookup for Name {
    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Instance>>> {
        Box::pin(async {
            if std::mem::take(&mut self.known) {
                tokio::time::sleep(self.refresh).await;
            }
            let found = tokio::net::lookup_host(&self.service).await.map_err(|error| {
                let message = format!("`{}` cannot be looked up: {error}", self.service);
                Error::new(Kind::Unavailable, "AW2110", message).with_source(error)
            })?;
            self.known = true;
            Ok(found.map(|address| Instance::new(address.to_string())).collect())
        })
    }
}
