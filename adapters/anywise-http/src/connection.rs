//! Connections to a target: made when needed, kept for the next request.

use std::time::Duration;

use anywise_core::{Error, Kind, Result};
use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::limits::HttpLimits;
use crate::reply::broken_off;
use crate::tls::{Connector, Roots, connector};

/// The connections of one remote.
#[derive(Clone, Debug)]
pub(crate) struct Connections(Client<Connector, Full<Bytes>>);

/// Why there is no response.
pub(crate) enum Lost {
    /// There was no connection: nothing was sent.
    Unsent(Error),
    /// Something was sent, perhaps all of it.
    Sent(Error),
}

impl Connections {
    pub(crate) fn new(limits: &HttpLimits, roots: &Roots, scheme: &Scheme) -> Result<Self> {
        let mut http = HttpConnector::new();
        // Without it a small request may wait 40 ms for the server's acknowledgement.
        http.set_nodelay(true);
        http.set_connect_timeout(Some(limits.connect_time));
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_idle_timeout(limits.idle_time).pool_timer(TokioTimer::new());
        Ok(Self(builder.build(connector(http, roots, scheme)?)))
    }

    pub(crate) async fn send(
        &self,
        to: &str,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Lost> {
        self.0.request(request).await.map_err(|error| {
            if error.is_connect() {
                return Lost::Unsent(unreachable(to, &error).with_source(error));
            }
            Lost::Sent(broken_off(to, error))
        })
    }
}

/// `AW2101`, in the words of the whole chain of causes.
fn unreachable(to: &str, error: &dyn std::error::Error) -> Error {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    Error::new(Kind::Unavailable, "AW2101", format!("`{to}` cannot be reached: {words}"))
}

/// `AW2101`: there is nobody to ask.
pub(crate) fn nobody(target: &str) -> Error {
    Error::new(Kind::Unavailable, "AW2101", format!("no instance of `{target}` is known"))
}

/// `AW2105`.
pub(crate) fn late(to: &str, after: Duration) -> Error {
    Error::new(Kind::Timeout, "AW2105", format!("`{to}` did not answer within {after:?}"))
}
