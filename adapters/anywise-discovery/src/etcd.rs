//! etcd, by its JSON gateway (etcd 3.4 and later).
//!
//! An instance is a key under a lease, `/anywise/services/payment/10.0.0.1:3000`,
//! whose value is its address. Whoever looks reads all keys of a service, and
//! once more whenever one of them has changed.

use std::time::Duration;

use anywise_core::{BoxFuture, Discovery, Instance, Instances, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::Method;
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde_json::json;

use crate::api::{Answer, Api, LARGEST, QUICK, is_missing};
use crate::follow::{Lookup, follow};
use crate::registry::{Entry, Registered, Registry, keep};

/// How long a watch is believed to be alive; then all is read anew.
const WATCH: Duration = Duration::from_secs(60);

/// Services in etcd.
///
/// # Examples
/// ```no_run
/// # async fn example() -> anywise_core::Result<()> {
/// use anywise_core::{Discovery as _, Instance};
/// use anywise_discovery::{Etcd, Registry as _};
///
/// let etcd = Etcd::at("http://127.0.0.1:2379")?;
/// let registered = etcd.register("payment", Instance::new("10.0.0.1:3000")).await?;
/// let instances = etcd.watch("payment");
/// registered.deregister().await
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Etcd {
    api: Api,
    prefix: String,
    ttl: Duration,
}

impl Etcd {
    /// etcd at `http://host:port`.
    ///
    /// # Errors
    /// `AW2109`: that is no such address.
    pub fn at(url: &str) -> Result<Self> {
        let prefix = "/anywise/services/".to_owned();
        Ok(Self { api: Api::at("etcd", url)?, prefix, ttl: Duration::from_secs(15) })
    }

    /// Keeps services below this key. Default: `/anywise/services/`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How soon an instance is forgotten whose process has died. Default: 15 s;
    /// whole seconds, at least 2.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Duration::from_secs(ttl.as_secs().max(2));
        self
    }

    /// The key below which the instances of a service are.
    fn key(&self, service: &str) -> String {
        format!("{}{service}/", self.prefix)
    }
}

async fn post(api: &Api, path: &str, body: serde_json::Value) -> Result<Answer> {
    api.ask(Method::POST, path, body.to_string(), QUICK).await
}

/// Numbers are texts in the gateway's JSON.
#[derive(Deserialize)]
struct Range {
    header: Header,
    #[serde(default)]
    kvs: Vec<Pair>,
}

#[derive(Deserialize)]
struct Header {
    revision: String,
}

#[derive(Deserialize)]
struct Pair {
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct Watched {
    result: Option<Change>,
}

#[derive(Deserialize)]
struct Change {
    #[serde(default)]
    events: Vec<serde_json::Value>,
    #[serde(default)]
    canceled: bool,
}

/// The instances of one service.
struct Service {
    api: Api,
    key: String,
    /// What was read last.
    revision: Option<u64>,
}

impl Service {
    /// The keys as the gateway wants them: the first, and the first after the last.
    fn range(&self) -> (String, String) {
        let mut end = self.key.clone().into_bytes();
        // A key ends with a slash, after which there is a character.
        if let Some(last) = end.last_mut() {
            *last += 1;
        }
        (BASE64.encode(&self.key), BASE64.encode(end))
    }

    async fn read(&self) -> Result<(u64, Vec<Instance>)> {
        let (key, range_end) = self.range();
        let answer = post(&self.api, "/v3/kv/range", json!({"key": key, "range_end": range_end})).await?;
        let range: Range = self.api.parse(&answer)?;
        let revision = range.header.revision.parse();
        let revision = revision.map_err(|_| self.api.failed("its revision is no number"))?;
        let address = |pair: Pair| String::from_utf8(BASE64.decode(pair.value).ok()?).ok();
        Ok((revision, range.kvs.into_iter().filter_map(address).map(Instance::new).collect()))
    }

    /// Waits for the first change after `revision`, or for so long that it is
    /// better to look.
    async fn change(&self, revision: u64) -> Result<()> {
        let (key, range_end) = self.range();
        let start = (revision + 1).to_string();
        let request =
            json!({"create_request": {"key": key, "range_end": range_end, "start_revision": start}});
        let watched = async {
            let mut body = self.api.open(Method::POST, "/v3/watch", request.to_string()).await?.into_body();
            let mut held = Vec::new();
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| self.api.failed(&error.to_string()))?;
                held.extend_from_slice(&frame.into_data().unwrap_or_default());
                if held.len() > LARGEST {
                    return Err(self.api.failed("it tells of a change without end"));
                }
                while let Some(end) = held.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = held.drain(..=end).collect();
                    let watched: Watched = self.api.parse_bytes(&line)?;
                    if watched.result.is_none_or(|change| change.canceled || !change.events.is_empty()) {
                        return Ok(());
                    }
                }
            }
            Err(self.api.failed("it ended the watch"))
        };
        tokio::time::timeout(WATCH, watched).await.unwrap_or(Ok(()))
    }
}

impl Lookup for Service {
    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Instance>>> {
        Box::pin(async {
            if let Some(revision) = self.revision.take() {
                self.change(revision).await?;
            }
            let (revision, found) = self.read().await?;
            self.revision = Some(revision);
            Ok(found)
        })
    }
}

impl Discovery for Etcd {
    fn name(&self) -> &'static str {
        "etcd"
    }

    fn watch(&self, service: &str) -> Instances {
        follow(service, Service { api: self.api.clone(), key: self.key(service), revision: None })
    }
}

impl Registry for Etcd {
    fn register(&self, service: &str, instance: Instance) -> BoxFuture<'static, Result<Registered>> {
        let key = format!("{}{}", self.key(service), instance.address);
        let entry = Leased { api: self.api.clone(), key, instance, ttl: self.ttl, lease: None };
        Box::pin(keep(entry, self.ttl))
    }
}

/// An instance under a lease.
struct Leased {
    api: Api,
    key: String,
    instance: Instance,
    ttl: Duration,
    lease: Option<String>,
}

#[derive(Deserialize)]
struct Granted {
    #[serde(rename = "ID")]
    id: String,
}

#[derive(Deserialize)]
struct Kept {
    result: Option<Left>,
}

#[derive(Deserialize)]
struct Left {
    #[serde(rename = "TTL")]
    ttl: Option<String>,
}

impl Entry for Leased {
    fn enter(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let ttl = self.ttl.as_secs().to_string();
            let granted = post(&self.api, "/v3/lease/grant", json!({"TTL": ttl})).await?;
            let Granted { id } = self.api.parse(&granted)?;
            let (key, value) = (BASE64.encode(&self.key), BASE64.encode(&self.instance.address));
            post(&self.api, "/v3/kv/put", json!({"key": key, "value": value, "lease": id})).await?;
            self.lease = Some(id);
            Ok(())
        })
    }

    fn renew(&mut self) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async {
            let Some(id) = &self.lease else { return Ok(false) };
            let kept = post(&self.api, "/v3/lease/keepalive", json!({"ID": id})).await?;
            let kept: Kept = self.api.parse(&kept)?;
            // A lease that is over has no time left.
            Ok(kept.result.and_then(|left| left.ttl).is_some_and(|ttl| ttl != "0"))
        })
    }

    fn leave(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let Some(id) = self.lease.take() else { return Ok(()) };
            match post(&self.api, "/v3/lease/revoke", json!({"ID": id})).await {
                Err(error) if !is_missing(&error) => Err(error),
                _ => Ok(()),
            }
        })
    }
}
