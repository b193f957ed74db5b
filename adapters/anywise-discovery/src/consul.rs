//! Consul, by its HTTP API: services of the local agent with a TTL check, and
//! blocking queries.
//!
//! Written after the documentation of the API; see the crate's page for what it
//! was tested against.

use std::time::Duration;

use anywise_core::{BoxFuture, Discovery, Error, Instance, Instances, Kind, Result};
use http::Method;
use http::header::{HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::json;

use crate::api::{Api, QUICK, is_missing};
use crate::follow::{Lookup, follow};
use crate::registry::{Entry, Registered, Registry, keep};

/// How long Consul holds a query back while nothing changes. It adds a sixteenth.
const WAIT: Duration = Duration::from_secs(60);

/// Services in Consul.
///
/// # Examples
/// ```no_run
/// # async fn example() -> anywise_core::Result<()> {
/// use anywise_core::{Discovery as _, Instance};
/// use anywise_discovery::{Consul, Registry as _};
///
/// let consul = Consul::at("http://127.0.0.1:8500")?;
/// let registered = consul.register("payment", Instance::new("10.0.0.1:3000")).await?;
/// let instances = consul.watch("payment");
/// registered.deregister().await
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Consul {
    api: Api,
    ttl: Duration,
}

impl Consul {
    /// The agent at `http://host:port`.
    ///
    /// # Errors
    /// `AW2109`: that is no such address.
    pub fn at(url: &str) -> Result<Self> {
        Ok(Self { api: Api::at("Consul", url)?, ttl: Duration::from_secs(15) })
    }

    /// Shows this token with each request.
    ///
    /// # Errors
    /// `AW2109`: it cannot be a header.
    pub fn token(mut self, token: &str) -> Result<Self> {
        let value = HeaderValue::from_str(token);
        let mut value = value
            .map_err(|_| Error::new(Kind::Invalid, "AW2109", "the token of Consul cannot be a header"))?;
        value.set_sensitive(true);
        self.api.header(HeaderName::from_static("x-consul-token"), value);
        Ok(self)
    }

    /// How soon an instance counts as unhealthy whose process has died. Default:
    /// 15 s; whole seconds, at least 2. A minute later Consul forgets it.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Duration::from_secs(ttl.as_secs().max(2));
        self
    }
}

fn encoded(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

/// One service that is healthy, as `/v1/health/service` tells it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Healthy {
    node: Node,
    service: Service,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Node {
    address: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Service {
    /// Empty when it is the node's.
    #[serde(default)]
    address: String,
    port: u16,
}

impl Healthy {
    fn instance(self) -> Instance {
        let Self { node, service } = self;
        let host = if service.address.is_empty() { node.address } else { service.address };
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        Instance::new(format!("{host}:{}", service.port))
    }
}

/// The healthy instances of one service.
struct Query {
    api: Api,
    path: String,
    /// `X-Consul-Index` of the last answer.
    index: u64,
}

impl Lookup for Query {
    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Instance>>> {
        Box::pin(async {
            // After a failure it is asked at once.
            let last = std::mem::take(&mut self.index);
            let path = match last {
                0 => self.path.clone(),
                index => format!("{}&index={index}&wait={}s", self.path, WAIT.as_secs()),
            };
            let answer = self.api.ask(Method::GET, &path, String::new(), WAIT * 17 / 16 + QUICK).await?;
            let index =
                answer.headers().get("x-consul-index").and_then(|index| index.to_str().ok()?.parse().ok());
            let found: Vec<Healthy> = self.api.parse(&answer)?;
            // An index that goes back means that Consul counts anew.
            self.index = index.filter(|index| *index >= last).unwrap_or(0);
            if self.index == 0 {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Ok(found.into_iter().map(Healthy::instance).collect())
        })
    }
}

impl Discovery for Consul {
    fn name(&self) -> &'static str {
        "Consul"
    }

    fn watch(&self, service: &str) -> Instances {
        let path = format!("/v1/health/service/{}?passing=true", encoded(service));
        follow(service, Query { api: self.api.clone(), path, index: 0 })
    }
}

impl Registry for Consul {
    fn register(&self, service: &str, instance: Instance) -> BoxFuture<'static, Result<Registered>> {
        let id = format!("{service}-{}", instance.address);
        let checked =
            Checked { api: self.api.clone(), service: service.to_owned(), id, instance, ttl: self.ttl };
        Box::pin(keep(checked, self.ttl))
    }
}

/// An instance with a TTL check.
struct Checked {
    api: Api,
    service: String,
    id: String,
    instance: Instance,
    ttl: Duration,
}

impl Checked {
    async fn put(&self, path: &str, body: String) -> Result<()> {
        self.api.ask(Method::PUT, path, body, QUICK).await.map(drop)
    }

    fn document(&self) -> Result<String> {
        let (host, port) = self.instance.address.rsplit_once(':').unwrap_or_default();
        let port: u16 = port.parse().map_err(|_| {
            let message = format!("`{}` is no `host:port`", self.instance.address);
            Error::new(Kind::Invalid, "AW2109", message)
        })?;
        let check = json!({
            "TTL": format!("{}s", self.ttl.as_secs()),
            "Status": "passing",
            "DeregisterCriticalServiceAfter": "1m",
        });
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let service = json!({
            "ID": self.id, "Name": self.service, "Address": host, "Port": port, "Check": check,
        });
        Ok(service.to_string())
    }
}

impl Entry for Checked {
    fn enter(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.put("/v1/agent/service/register", self.document()?).await })
    }

    fn renew(&mut self) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async {
            let path = format!("/v1/agent/check/pass/{}", encoded(&format!("service:{}", self.id)));
            match self.put(&path, String::new()).await {
                Ok(()) => Ok(true),
                // Older agents answer 500 for a check they do not know.
                Err(error) if is_missing(&error) || error.message().contains("nknown check") => Ok(false),
                Err(error) => Err(error),
            }
        })
    }

    fn leave(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            match self
                .put(&format!("/v1/agent/service/deregister/{}", encoded(&self.id)), String::new())
                .await
            {
                Err(error) if !is_missing(&error) => Err(error),
                _ => Ok(()),
            }
        })
    }
}
