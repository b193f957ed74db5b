//! The HTTP APIs of registries: JSON there, JSON back.

use std::time::Duration;

use anywise_core::{Error, Kind, Result};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::de::DeserializeOwned;

/// Most bytes of an answer.
pub(crate) const LARGEST: usize = 8 * 1024 * 1024;

/// How long an answer may take that is not waited for on purpose.
pub(crate) const QUICK: Duration = Duration::from_secs(5);

/// A registry's API.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    what: &'static str,
    base: String,
    client: Client<HttpConnector, Full<Bytes>>,
    header: Option<(HeaderName, HeaderValue)>,
}

/// An answer that is whole.
pub(crate) type Answer = Response<Bytes>;

impl Api {
    /// The API at `http://host:port`.
    ///
    /// # Errors
    /// `AW2109`: that is no such address.
    pub(crate) fn at(what: &'static str, url: &str) -> Result<Self> {
        let uri = url.parse::<Uri>().ok();
        let fits = uri.is_some_and(|uri| {
            uri.scheme_str() == Some("http")
                && uri.host().is_some_and(|host| !host.is_empty())
                && uri.query().is_none()
        });
        if !fits {
            let message = format!("`{url}` is no address of {what}: it must be `http://host:port`");
            return Err(Error::new(Kind::Invalid, "AW2109", message));
        }
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.set_connect_timeout(Some(Duration::from_secs(1)));
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_idle_timeout(Duration::from_secs(30)).pool_timer(TokioTimer::new());
        Ok(Self {
            what,
            base: url.trim_end_matches('/').to_owned(),
            client: builder.build(http),
            header: None,
        })
    }

    /// Sends this header with each request.
    #[cfg(feature = "consul")]
    pub(crate) fn header(&mut self, name: HeaderName, value: HeaderValue) {
        self.header = Some((name, value));
    }

    /// Asks, and reads the answer whole.
    ///
    /// # Errors
    /// `AW2110`, which [`is_missing`] tells from others.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: String,
        within: Duration,
    ) -> Result<Answer> {
        let answer = async {
            let (parts, body) = self.open(method, path, body).await?.into_parts();
            Ok(Response::from_parts(parts, self.read(body).await?))
        };
        tokio::time::timeout(within, answer)
            .await
            .unwrap_or_else(|_| Err(self.failed("it did not answer in time")))
    }

    /// Asks, and gives the answer as it comes.
    pub(crate) async fn open(&self, method: Method, path: &str, body: String) -> Result<Response<Incoming>> {
        let mut request = Request::new(Full::new(Bytes::from(body)));
        let uri = format!("{}{path}", self.base).parse().map_err(|_| self.failed("a name is no name"))?;
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.extend(self.header.clone().map(|(name, value)| (Some(name), value)));
        let sent = self.client.request(request).await;
        let response = sent.map_err(|error| self.failed(&error.to_string()).with_source(error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = self.read(response.into_body()).await.unwrap_or_default();
        let words: String = String::from_utf8_lossy(&body).chars().take(200).collect();
        Err(self.failed(&format!("it answered {status}: {}", words.trim())).with_status(status.as_u16()))
    }

    async fn read(&self, body: Incoming) -> Result<Bytes> {
        let body = Limited::new(body, LARGEST).collect().await;
        body.map(http_body_util::Collected::to_bytes).map_err(|error| self.failed(&error.to_string()))
    }

    /// `AW2110`.
    pub(crate) fn failed(&self, why: &str) -> Error {
        let message = format!("{} at {} failed: {why}", self.what, self.base);
        Error::new(Kind::Unavailable, "AW2110", message)
    }

    /// What an answer says.
    pub(crate) fn parse<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T> {
        self.parse_bytes(answer.body())
    }

    pub(crate) fn parse_bytes<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T> {
        serde_json::from_slice(bytes)
            .map_err(|error| self.failed(&format!("its answer makes no sense: {error}")))
    }
}

/// Whether the registry says that there is no such thing.
pub(crate) fn is_missing(error: &Error) -> bool {
    error.status() == 404
}
