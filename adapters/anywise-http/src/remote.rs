//! A remote over HTTP: an envelope becomes a request to one of a target's
//! instances, and the response a reply.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use anywise_core::{
    BoxFuture, Discovery, Envelope, Error, Instance, Instances, Kind, MessageMeta, Remote, Result,
};
use bytes::Bytes;
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, Request, Uri};
use http_body_util::Full;
use tokio::time::Instant;

use crate::address::{Address, refused};
use crate::balance::{Asking, Balance};
use crate::connection::{Connections, Lost, late, nobody};
use crate::head::{Standing, headers, printable};
use crate::limits::HttpLimits;
use crate::passage::{Parts, Passage};
use crate::reply;
use crate::tls::Roots;

/// Handlers in another process, over HTTP.
///
/// # Examples
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use anywise_core::{App, RemotePolicy};
/// use anywise_http::HttpRemote;
///
/// let payment = HttpRemote::to("http://10.0.0.7:3000")?.slices(["payment"]).secret("both know it")?;
/// let app = App::builder().remote(RemotePolicy::default().around(payment)).build().await?;
/// # Ok(())
/// # }
/// ```
pub struct HttpRemote {
    name: String,
    address: Address,
    instances: Instances,
    /// Slices whose messages it takes; none for all.
    slices: BTreeSet<String>,
    every: bool,
    standing: Standing,
    limits: HttpLimits,
    roots: Roots,
    balance: Balance,
    connections: Connections,
    passages: RwLock<HashMap<String, Option<Arc<Passage>>>>,
}

impl HttpRemote {
    /// The target at `http://host:port`, perhaps with a prefix before its routes.
    ///
    /// # Errors
    /// `AW2109`: that is no such address.
    pub fn to(url: &str) -> Result<Self> {
        Self::among([url])
    }

    /// A target with several instances, which differ in host and port alone.
    ///
    /// # Errors
    /// `AW2109`: one is no such address, or there is none.
    pub fn among<'u>(urls: impl IntoIterator<Item = &'u str>) -> Result<Self> {
        let all = urls.into_iter().map(Address::read).collect::<Result<Vec<_>>>()?;
        let first = all.first().cloned().ok_or_else(|| refused("", "there is none"))?;
        if let Some(other) = all.iter().find(|one| **one != first.at(&one.authority)) {
            return Err(refused(other.authority.as_str(), "it differs in more than host and port"));
        }
        let instances = all.iter().map(|one| Instance::new(one.authority.as_str()));
        Self::new(first.authority.to_string(), first, Instances::fixed(instances))
    }

    /// The instances of `service`, wherever they are found. Called within a
    /// Tokio runtime.
    ///
    /// Addresses are those of `http://`, without a prefix.
    ///
    /// # Errors
    /// `AW2109`: the service has no name.
    pub fn found(discovery: &dyn Discovery, service: &str) -> Result<Self> {
        if service.is_empty() {
            return Err(refused(service, "the service has no name"));
        }
        // Never asked itself: its instances stand in for it.
        let address = Address::read("http://service.invalid")?;
        Self::new(service.to_owned(), address, discovery.watch(service))
    }

    fn new(name: String, address: Address, instances: Instances) -> Result<Self> {
        let (limits, roots) = (HttpLimits::default(), Roots::default());
        Ok(Self {
            name,
            balance: Balance::new(instances.clone(), limits.skip_time),
            connections: Connections::new(&limits, &roots, &address.scheme)?,
            roots,
            address,
            instances,
            slices: BTreeSet::new(),
            every: false,
            standing: Standing::Stranger,
            limits,
            passages: RwLock::default(),
        })
    }

    /// Names the target, for logs and for the policy of that name. Default: host
    /// and port, or the name of the service.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Takes the messages of these slices and no others. Default: all. Several
    /// calls add up.
    #[must_use]
    pub fn slices(mut self, slices: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.slices.extend(slices.into_iter().map(Into::into));
        self
    }

    /// Also takes messages that name no route, or that do not fit theirs: the
    /// target serves [every message] to whom it trusts.
    ///
    /// [every message]: https://docs.rs/anywise-axum/latest/anywise_axum/struct.Http.html#method.every_message
    #[must_use]
    pub fn every_message(mut self) -> Self {
        self.every = true;
        self
    }

    /// Shows the target a secret, by which it trusts this process: principal,
    /// message id and cause then cross. It is sent with each request: use it over
    /// TLS, or in a network where nobody listens.
    ///
    /// # Errors
    /// `AW2109`: it is empty, or has characters other than printable ASCII.
    pub fn secret(mut self, secret: &str) -> Result<Self> {
        let Some(mut value) = printable(secret) else {
            let message = "a secret must be printable ASCII, and not empty";
            return Err(Error::new(Kind::Invalid, "AW2109", message));
        };
        value.set_sensitive(true);
        self.standing = Standing::Secret(value);
        Ok(self)
    }

    /// Says that the target trusts everybody who can connect: principal, message
    /// id and cause are sent without a secret.
    #[must_use]
    pub fn trusted(mut self) -> Self {
        self.standing = Standing::Trusted;
        self
    }

    /// Sets what is waited for and taken.
    ///
    /// # Errors
    /// With TLS, that the machine's certificates cannot be read.
    pub fn limits(mut self, limits: HttpLimits) -> Result<Self> {
        self.connections = Connections::new(&limits, &self.roots, &self.address.scheme)?;
        self.balance = Balance::new(self.instances.clone(), limits.skip_time);
        self.limits = limits;
        Ok(self)
    }

    /// Takes certificates that are signed by one of these, in PEM form, and no
    /// others. Default: by whoever this machine trusts.
    ///
    /// # Errors
    /// `AW2109`: that are no certificates.
    #[cfg(feature = "tls")]
    pub fn roots(mut self, pem: &[u8]) -> Result<Self> {
        self.roots = Roots::read(pem)?;
        self.connections = Connections::new(&self.limits, &self.roots, &self.address.scheme)?;
        Ok(self)
    }

    /// How the message goes; `None` if this remote does not take it.
    fn passage(&self, message: &str) -> Option<Arc<Passage>> {
        let known = self.passages.read().unwrap_or_else(PoisonError::into_inner).get(message).cloned();
        known.unwrap_or_else(|| {
            let passage = self.find(message).map(Arc::new);
            let mut passages = self.passages.write().unwrap_or_else(PoisonError::into_inner);
            passages.insert(message.to_owned(), passage.clone());
            passage
        })
    }

    fn find(&self, message: &str) -> Option<Passage> {
        let meta = MessageMeta::find(message)?;
        let ours = self.slices.is_empty() || self.slices.contains(meta.slice());
        Passage::of(meta).filter(|passage| ours && (self.every || passage.is_routed()))
    }

    async fn ask(&self, envelope: Envelope) -> Result<Bytes> {
        let passage = self.passage(&envelope.name).ok_or_else(|| self.no_way(&envelope.name))?;
        let parts = passage.parts(&envelope, self.every)?;
        let headers = headers(&envelope, &passage, &parts, &self.standing)?;
        let began = Instant::now();
        let own = began + self.limits.answer_time;
        let until = envelope.deadline.map_or(own, |deadline| own.min(deadline.into()));
        let answer = tokio::time::timeout_at(until, self.exchange(&parts, &headers)).await;
        answer.unwrap_or_else(|_| Err(late(&self.name, until - began)))
    }

    /// Sends to one instance after the other, until something was sent.
    async fn exchange(&self, parts: &Parts, headers: &HeaderMap) -> Result<Bytes> {
        self.balance.wait(self.limits.connect_time).await;
        let (mut tried, mut last) = (Vec::new(), None);
        while let Some(seat) = self.balance.pick(&tried) {
            let to = seat.authority.as_str();
            let request = request(&self.address.at(&seat.authority), parts, headers)?;
            let asking = Asking::new(&seat);
            match self.connections.send(to, request).await {
                Ok(response) => {
                    let reply = reply::read(to, response, self.limits.reply_size).await;
                    asking.answered();
                    return reply;
                }
                Err(Lost::Sent(error)) => return Err(error),
                Err(Lost::Unsent(error)) => {
                    asking.refused();
                    tried.push(seat);
                    last = Some(error);
                }
            }
        }
        Err(last.unwrap_or_else(|| nobody(&self.name)))
    }

    fn no_way(&self, message: &str) -> Error {
        let message = format!("`{}` has no way to a handler of `{message}`", self.name);
        Error::new(Kind::Internal, "AW2107", message)
    }
}

fn request(to: &Address, parts: &Parts, headers: &HeaderMap) -> Result<Request<Full<Bytes>>> {
    let path = format!("{}{}", to.prefix, parts.path);
    let path = PathAndQuery::try_from(path).map_err(|error| unwritable(&error))?;
    let mut uri = http::uri::Parts::default();
    uri.scheme = Some(to.scheme.clone());
    uri.authority = Some(to.authority.clone());
    uri.path_and_query = Some(path);
    let uri = Uri::from_parts(uri).map_err(|error| unwritable(&error))?;
    let body = Full::new(parts.body.clone().unwrap_or_default());
    let mut request = Request::new(body);
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = uri;
    *request.headers_mut() = headers.clone();
    Ok(request)
}

/// What is percent-encoded can be a path, unless it is longer than any.
fn unwritable(error: &dyn fmt::Display) -> Error {
    Error::new(Kind::Internal, "AW2108", format!("the request cannot be written: {error}"))
}

impl Remote for HttpRemote {
    fn name(&self) -> &str {
        &self.name
    }

    fn reaches(&self, message: &str) -> bool {
        self.passage(message).is_some()
    }

    fn route(&self, message: &str) -> String {
        let scheme = if self.address.scheme == Scheme::HTTPS { "https" } else { "http" };
        let route = self.passage(message).map(|passage| passage.words());
        format!("{scheme}://{}{} {}", self.name, self.address.prefix, route.unwrap_or_default())
    }

    fn call(&self, request: Envelope) -> BoxFuture<'_, Result<Bytes>> {
        Box::pin(self.ask(request))
    }
}

impl fmt::Debug for HttpRemote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRemote").field("name", &self.name).finish_non_exhaustive()
    }
}
