//! Stands in for Consul: answers as the documentation of its HTTP API says.
//!
//! Agent services with a TTL check, `/v1/health/service` with blocking queries
//! (`index`, `wait`, `X-Consul-Index`), the token of a request.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;

/// The stand-in.
#[derive(Clone)]
pub(crate) struct Consul {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

struct State {
    token: Option<&'static str>,
    services: Mutex<BTreeMap<String, Service>>,
    index: watch::Sender<u64>,
}

struct Service {
    document: Value,
    passing: bool,
    ttl: Duration,
    passed: Instant,
}

impl Consul {
    pub(crate) async fn start(token: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { token, services: Mutex::default(), index: watch::Sender::new(20) };
        let state = Arc::new(state);
        let serving = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&serving);
                let service = service_fn(move |request| Arc::clone(&state).answer(request));
                let connection = hyper::server::conn::http1::Builder::new();
                tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Forgets everything and counts anew, as after a restart without its data.
    pub(crate) fn forget(&self) {
        self.state.services.lock().unwrap().clear();
        self.state.index.send_replace(1);
    }

    /// The IDs of the services that are known, healthy or not.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.state.services.lock().unwrap().keys().cloned().collect()
    }
}

type Answer = Response<Full<Bytes>>;

fn say(status: u16, body: impl Into<Bytes>) -> Answer {
    Response::builder().status(status).body(Full::new(body.into())).unwrap()
}

impl State {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Answer, Infallible> {
        let token = request.headers().get("x-consul-token").map(|token| token.to_str().unwrap().to_owned());
        if self.token.is_some() && token.as_deref() != self.token {
            return Ok(say(403, "Permission denied: token with AccessorID lacks permission"));
        }
        let (parts, body) = request.into_parts();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let body = body.collect().await.unwrap().to_bytes();
        let steps: Vec<_> = parts.uri.path().trim_start_matches("/v1/").split('/').map(decoded).collect();
        let steps: Vec<_> = steps.iter().map(String::as_str).collect();
        Ok(match (&parts.method, &steps[..]) {
            (&Method::PUT, ["agent", "service", "register"]) => self.register(&body),
            (&Method::PUT, ["agent", "service", "deregister", id]) => self.deregister(id),
            (&Method::PUT, ["agent", "check", "pass", check]) => self.pass(check),
            (&Method::GET, ["health", "service", name]) => self.healthy(name, &query).await,
            _ => say(404, "no such endpoint"),
        })
    }

    fn changed(&self) {
        self.index.send_modify(|index| *index += 1);
    }

    fn register(self: &Arc<Self>, body: &[u8]) -> Answer {
        let Ok(document) = serde_json::from_slice::<Value>(body) else {
            return say(400, "Request decode failed");
        };
        let ttl = document["Check"]["TTL"].as_str().and_then(|ttl| ttl.strip_suffix('s')?.parse().ok());
        let (Some(id), Some(ttl)) = (document["ID"].as_str(), ttl) else { return say(400, "Bad Request") };
        let id = id.to_owned();
        let passing = document["Check"]["Status"] == "passing";
        let service = Service { document, passing, ttl: Duration::from_secs(ttl), passed: Instant::now() };
        self.services.lock().unwrap().insert(id.clone(), service);
        self.changed();
        self.expire(id, Duration::from_secs(ttl));
        say(200, "")
    }

    fn deregister(&self, id: &str) -> Answer {
        if self.services.lock().unwrap().remove(id).is_none() {
            return say(404, format!("Unknown service ID \"{id}\""));
        }
        self.changed();
        say(200, "")
    }

    fn pass(self: &Arc<Self>, check: &str) -> Answer {
        let id = check.strip_prefix("service:").unwrap_or_default();
        let (ttl, was) = match self.services.lock().unwrap().get_mut(id) {
            None => {
                return say(
                    404,
                    format!(
                        "Unknown check ID \"{check}\". Ensure that the check ID is passed, not the check name."
                    ),
                );
            }
            Some(service) => {
                service.passed = Instant::now();
                (service.ttl, std::mem::replace(&mut service.passing, true))
            }
        };
        if !was {
            self.changed();
        }
        self.expire(id.to_owned(), ttl);
        say(200, "")
    }

    /// Turns the check critical when its time is over.
    fn expire(self: &Arc<Self>, id: String, ttl: Duration) {
        let state = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(ttl).await;
            let expired = match state.services.lock().unwrap().get_mut(&id) {
                Some(service) if service.passing && service.passed.elapsed() >= ttl => {
                    service.passing = false;
                    true
                }
                _ => false,
            };
            if expired {
                state.changed();
            }
        });
    }

    /// Holds back until there is something new.
    async fn healthy(&self, name: &str, query: &str) -> Answer {
        let value = |key: &str| query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
        if let Some(index) = value("index").and_then(|index| index.parse::<u64>().ok()) {
            let wait = value("wait").and_then(|wait| wait.strip_suffix('s')?.parse().ok()).unwrap_or(300);
            let mut changes = self.index.subscribe();
            // One that is smaller counts anew.
            let news = changes.wait_for(|now| *now != index);
            let _ = tokio::time::timeout(Duration::from_secs(wait), news).await;
        }
        let index = *self.index.borrow();
        let passing_only = value("passing").is_some();
        let services = self.services.lock().unwrap();
        let found = services.values().filter(|service| service.document["Name"] == name);
        let found = found.filter(|service| service.passing || !passing_only).map(|service| {
            let document = &service.document;
            json!({
                "Node": {"ID": "40e4a748", "Node": "foobar", "Address": "10.1.10.12", "Datacenter": "dc1"},
                "Service": {
                    "ID": document["ID"], "Service": document["Name"], "Tags": [],
                    "Address": document["Address"], "Port": document["Port"],
                },
                "Checks": [{"Status": if service.passing { "passing" } else { "critical" }}],
            })
        });
        let mut answer = say(200, Value::from(found.collect::<Vec<_>>()).to_string());
        answer.headers_mut().insert("x-consul-index", index.into());
        answer.headers_mut().insert("content-type", "application/json".parse().unwrap());
        answer
    }
}

fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, more @ ..] = rest {
        if let (b'%', [high, low, after @ ..]) = (first, more) {
            let digits = [*high, *low];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            rest = after;
        } else {
            bytes.push(*first);
            rest = more;
        }
    }
    String::from_utf8(bytes).unwrap()
}
