//! The targets of a service in DNS: SRV records (RFC 2782).

use std::time::Duration;

use anywise_core::{BoxFuture, Discovery, Error, Instance, Instances, Kind, Result};
use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;

use crate::follow::{Lookup, follow};

/// The SRV records of a name, such as `_http._tcp.payment.example.`, looked up
/// anew every 30 s.
///
/// Of several priorities the targets of the lowest are taken; weights are not
/// looked at. A target stays a name: whoever connects looks it up.
#[derive(Clone)]
pub struct Srv {
    resolver: TokioResolver,
    refresh: Duration,
}

impl Srv {
    /// Asks the name servers that the system is set up with.
    ///
    /// # Errors
    /// `AW2110`: which those are cannot be read.
    pub fn system() -> Result<Self> {
        let resolver = TokioResolver::builder_tokio().and_then(hickory_resolver::ResolverBuilder::build);
        resolver.map(Self::through).map_err(|error| {
            let message = format!("the system's name servers cannot be found out: {error}");
            Error::new(Kind::Unavailable, "AW2110", message)
        })
    }

    /// Asks through a resolver of yours.
    pub fn through(resolver: TokioResolver) -> Self {
        Self { resolver, refresh: Duration::from_secs(30) }
    }

    /// Looks up as often as this; at least 100 ms lie between. The resolver keeps
    /// answers for as long as they hold.
    #[must_use]
    pub fn refresh(mut self, refresh: Duration) -> Self {
        self.refresh = refresh.max(Duration::from_millis(100));
        self
    }
}

impl std::fmt::Debug for Srv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Srv").field("refresh", &self.refresh).finish_non_exhaustive()
    }
}

impl Discovery for Srv {
    fn name(&self) -> &'static str {
        "DNS, SRV records"
    }

    fn watch(&self, service: &str) -> Instances {
        follow(service, Records { of: self.clone(), service: service.to_owned(), known: false })
    }
}

/// The records of one service.
struct Records {
    of: Srv,
    service: String,
    known: bool,
}

impl Records {
    async fn look_up(&self) -> Result<Vec<Instance>> {
        let found = match self.of.resolver.srv_lookup(self.service.as_str()).await {
            Ok(found) => found,
            // The name server says that there is none.
            Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
            Err(error) => {
                let message = format!("`{}` cannot be looked up: {error}", self.service);
                return Err(Error::new(Kind::Unavailable, "AW2110", message).with_source(error));
            }
        };
        let records = found.answers().iter().filter_map(|record| match &record.data {
            RData::SRV(srv) => Some(srv),
            _ => None,
        });
        let records: Vec<_> = records.collect();
        let first = records.iter().map(|srv| srv.priority).min();
        let first = records.iter().filter(|srv| Some(srv.priority) == first && !srv.target.is_root());
        let address = |srv: &&hickory_resolver::proto::rr::rdata::SRV| {
            let host = srv.target.to_ascii();
            Instance::new(format!("{}:{}", host.trim_end_matches('.'), srv.port))
        };
        Ok(first.map(address).collect())
    }
}

impl Lookup for Records {
    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Instance>>> {
        Box::pin(async {
            if std::mem::take(&mut self.known) {
                tokio::time::sleep(self.of.refresh).await;
            }
            let found = self.look_up().await?;
            self.known = true;
            Ok(found)
        })
    }
}
