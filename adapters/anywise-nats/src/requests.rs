//! Commands and queries on their way to a handler in another process, and their
//! replies back.
//!
//! A request goes to the subject `<prefix>.request.<wire name>`. Whoever listens
//! there answers; with several processes the server picks one. What went wrong
//! comes back as [`WireError`] with the headers of NATS' services.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anywise_core::{BoxFuture, Envelope, Error, Kind, Remote, Result, WireError};
use async_nats::Message;
use async_nats::client::Request;
use bytes::Bytes;

use crate::config::Config;
use crate::connection::Lazy;
use crate::error::nobody;
use crate::service::{ERROR, ERROR_CODE};
use crate::{Nats, wire};

/// The way to handlers in other processes.
#[derive(Clone)]
pub(crate) struct Requests {
    config: Arc<Config>,
    lazy: Arc<Lazy>,
}

impl Requests {
    pub(crate) fn through(nats: &Nats) -> Self {
        Self { config: Arc::clone(&nats.config), lazy: Arc::clone(&nats.lazy) }
    }

    async fn call(&self, mut envelope: Envelope) -> Result<Bytes> {
        let subject = self.config.names.request(&envelope.name)?;
        let left = self.left(&mut envelope);
        if left.is_zero() {
            return Err(Error::new(Kind::Timeout, "AW2105", "there was no time left to ask"));
        }
        let frame = envelope.to_frame(&format!("/{}", self.config.names.prefix()));
        let request = Request::new().headers(wire::headers(&frame)?).payload(frame.body).timeout(Some(left));
        let connection = self.lazy.get(&self.config).await?;
        match connection.request(subject.clone(), request).await? {
            Some(reply) => read(reply),
            None => Err(nobody(&envelope.name, &subject)),
        }
    }

    /// The time that is left; who answers is told.
    fn left(&self, envelope: &mut Envelope) -> Duration {
        let now = Instant::now();
        let deadline = envelope.deadline.get_or_insert(now + self.config.patience);
        deadline.saturating_duration_since(now)
    }
}

/// The body of a reply, or the error that it is.
fn read(reply: Message) -> Result<Bytes> {
    let header = |name| Some(reply.headers.as_ref()?.get(name)?.as_str());
    let Some(status) = header(ERROR_CODE) else { return Ok(reply.payload) };
    if let Ok(error) = serde_json::from_slice::<WireError>(&reply.payload) {
        return Err(error.into());
    }
    // A service that is none of ours.
    let status = status.parse().unwrap_or(500);
    let why = header(ERROR).unwrap_or("it does not say why").to_owned();
    Err(Error::new(Kind::of_status(status), "AW2111", why))
}

impl Remote for Requests {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn reaches(&self, message: &str) -> bool {
        let covers = |name: &String| {
            message.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.config.requests_to.as_ref().is_none_or(|names| names.iter().any(covers))
    }

    fn route(&self, message: &str) -> String {
        match self.config.names.request(message) {
            Ok(subject) => format!("{}: request {subject}", self.config.name),
            Err(error) => format!("{}: {error}", self.config.name),
        }
    }

    fn call(&self, request: Envelope) -> BoxFuture<'_, Result<Bytes>> {
        Box::pin(self.call(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(to: &[&str], message: &str, reaches: bool) {
        let nats = Nats::new("nats://127.0.0.1:4222").requests_to(to.iter().copied());
        assert_eq!(Requests::through(&nats).reaches(message), reaches, "{to:?} {message}");
    }

    #[test]
    fn what_is_elsewhere_is_reached() {
        assert!(Requests::through(&Nats::new("")).reaches("stock.Reserve"));
        check(&["stock"], "stock.Reserve", true);
        check(&["stock"], "stockroom.Reserve", false);
        check(&["payment", "stock.Reserve"], "stock.Reserve", true);
        check(&["stock.Reserve"], "stock.Release", false);
        check(&[], "stock.Reserve", false);
    }
}
