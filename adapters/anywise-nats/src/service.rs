//! Commands and queries from other processes, to their handlers here.
//!
//! Each slice with handlers is a service of NATS' own protocol (ADR-32): it is
//! found by `nats micro ls`, answers PING, INFO and STATS, and has an endpoint
//! for each message. Processes with the same slice share its requests.

mod discovery;
mod endpoint;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anywise_core::catalog::FunctionKind;
use anywise_core::{App, BoxFuture, CancellationToken, Error, Frame, Ingress, JSON, Kind, Result, WireError};
use async_nats::{Client, HeaderMap, HeaderValue, Message};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::SelectAll;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::connection::Connection;
use crate::error::{too_large, unusable};
use crate::service::discovery::Discovery;
use crate::service::endpoint::{Arriving, Endpoint};
use crate::{Nats, wire};

/// Header with what went wrong, in words.
pub(crate) const ERROR: &str = "Nats-Service-Error";
/// Header with what went wrong, as an HTTP status.
pub(crate) const ERROR_CODE: &str = "Nats-Service-Error-Code";

/// How long to wait for a server that does not answer.
const AGAIN: Duration = Duration::from_secs(1);
/// How long what is on its way may take to come when the application stops.
const REST: Duration = Duration::from_secs(1);

/// The handlers here, as services.
pub(crate) struct Services(Nats);

impl Services {
    pub(crate) fn of(nats: &Nats) -> Self {
        Self(nats.clone())
    }

    async fn serve(self, app: App, stop: CancellationToken) -> Result<()> {
        let slices = slices(&app);
        if slices.is_empty() {
            return Ok(());
        }
        let Some(connection) = self.connection(&stop).await else { return Ok(()) };
        let mut services = Vec::new();
        let mut arriving = SelectAll::new();
        for (slice, messages) in slices {
            let service = Discovery::service(&self.0.config, &app, &slice, &messages)?;
            for endpoint in &service.endpoints {
                arriving.push(Arriving::at(connection, Arc::clone(endpoint)).await?);
            }
            services.push(service);
        }
        let discovery = Discovery::of(&connection.client, services).await?;
        let discovery = tokio::spawn(discovery.answer(connection.client.clone()));
        let desk = Desk { app, client: connection.client.clone(), most: connection.largest_body() };
        desk.serve(arriving, self.0.config.at_a_time, stop).await;
        discovery.abort();
        Ok(())
    }

    /// The connection, when there is one; nothing if the application stops
    /// before.
    async fn connection(&self, stop: &CancellationToken) -> Option<&Connection> {
        loop {
            let error = match self.0.connection().await {
                Ok(connection) => return Some(connection),
                Err(error) => error,
            };
            tracing::debug!(%error, "requests are not served yet");
            tokio::select! {
                () = stop.cancelled() => return None,
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }
}

impl Ingress for Services {
    fn serve(self: Box<Self>, app: App, stop: CancellationToken) -> BoxFuture<'static, Result<()>> {
        Box::pin((*self).serve(app, stop))
    }
}

/// What has its handler here, by the slice of the handler.
fn slices(app: &App) -> BTreeMap<String, Vec<String>> {
    let catalog = app.catalog();
    let mut slices: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for function in catalog.functions.iter().filter(|function| function.kind == FunctionKind::Handler) {
        let received = catalog.messages.iter().filter(|message| function.receives.contains(&message.name));
        let served = received.filter(|message| !message.local && app.handles(&message.name));
        let names = served.flat_map(|message| std::iter::once(&message.name).chain(&message.aliases));
        let mut names = names.cloned().peekable();
        if names.peek().is_some() {
            slices.entry(function.slice.clone()).or_default().extend(names);
        }
    }
    slices
}

/// Answers requests.
#[derive(Clone)]
struct Desk {
    app: App,
    client: Client,
    most: usize,
}

impl Desk {
    async fn serve(&self, mut arriving: SelectAll<Arriving>, at_a_time: usize, stop: CancellationToken) {
        let (room, tasks) = (Arc::new(Semaphore::new(at_a_time)), TaskTracker::new());
        loop {
            let permit = Arc::clone(&room).acquire_owned().await.expect("it is never closed");
            let next = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                next = arriving.next() => next,
            };
            let Some((endpoint, message)) = next else { break };
            let desk = self.clone();
            tasks.spawn(async move {
                desk.answer(&endpoint, message).await;
                drop(permit);
            });
        }
        for one in &mut arriving {
            one.end().await;
        }
        // What the server had sent by then is answered too.
        while let Ok(Some((endpoint, message))) = tokio::time::timeout(REST, arriving.next()).await {
            let desk = self.clone();
            tasks.spawn(async move { desk.answer(&endpoint, message).await });
        }
        tasks.close();
        tasks.wait().await;
    }

    async fn answer(&self, endpoint: &Endpoint, message: Message) {
        let began = tokio::time::Instant::now();
        let frame = wire::frame(message.headers.as_ref(), message.payload);
        let kind = frame.content_type.clone();
        let result = match addressed(frame, endpoint.message()) {
            Ok(frame) => self.app.answer(frame).await,
            Err(error) => Err(error),
        };
        let result = result.and_then(|body| match body.len() {
            size if size > self.most => Err(too_large("the reply", size, self.most)),
            _ => Ok(body),
        });
        endpoint.count(began.elapsed(), result.as_ref().err());
        let Some(reply) = message.reply else { return };
        let sent = match result {
            Ok(body) => match kind.filter(|kind| kind != JSON) {
                Some(kind) => self.client.publish_with_headers(reply, of_kind(&kind), body).await,
                // Without headers it is JSON.
                None => self.client.publish(reply, body).await,
            },
            Err(error) => {
                let (headers, body) = bad(&error);
                self.client.publish_with_headers(reply, headers, body).await
            }
        };
        if let Err(error) = sent {
            tracing::warn!(message = endpoint.message(), %error, "a reply could not be sent");
        }
    }
}

/// A frame that is a request for `name`: the subject says so, and who may send
/// to it is decided by the subject.
fn addressed(mut frame: Frame, name: &str) -> Result<Frame> {
    if frame.attributes.is_empty() {
        let id = anywise_core::new_id().to_string();
        let attributes = [("specversion", "1.0"), ("id", &id), ("source", "nats"), ("type", name)];
        for (name, value) in attributes {
            frame.attributes.insert(name, value);
        }
    }
    match frame.attribute("type") {
        Some(said) if said != name => {
            let why = format!("it came as a request for `{name}`");
            Err(unusable("the message name", said, &why))
        }
        _ => Ok(frame),
    }
}

fn of_kind(kind: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", line(kind));
    headers
}

fn bad(error: &Error) -> (HeaderMap, Bytes) {
    let wire = WireError::from(error);
    let mut headers = HeaderMap::new();
    headers.insert("content-type", JSON);
    headers.insert(ERROR, line(wire.detail.as_deref().unwrap_or(error.kind().in_general())));
    headers.insert(ERROR_CODE, error.status().to_string());
    let body = serde_json::to_vec(&wire).unwrap_or_else(|fault| {
        tracing::error!(%fault, "an error could not be written");
        let plain = WireError::new(Kind::Internal, "AW1500");
        serde_json::to_vec(&plain).expect("plain data is JSON")
    });
    (headers, body.into())
}

/// Text on one line.
fn line(text: &str) -> HeaderValue {
    HeaderValue::from(text.replace(['\r', '\n'], " "))
}

/// Whether a service may say that it is of this version: three numbers, and
/// what may follow them.
pub(crate) fn check_version(version: &str) -> Result<()> {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<_> = core.split('.').collect();
    if parts.len() == 3 && parts.into_iter().all(number) {
        return Ok(());
    }
    Err(unusable("the version", version, "a service has three numbers, such as `1.4.0`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_three_numbers() {
        for good in ["0.0.0", "1.4.0", "10.0.3-rc.1", "1.0.0+b7"] {
            assert!(check_version(good).is_ok(), "{good}");
        }
        for bad in ["", "1", "1.2", "1.2.x", "1.2.3.4", "v1.2.3", "1..3"] {
            assert_eq!(check_version(bad).unwrap_err().code(), "AW2022", "{bad}");
        }
    }

    #[test]
    fn a_request_is_the_one_its_subject_says() {
        let plain = addressed(Frame::plain(None, "{}"), "stock.Reserve").unwrap();
        assert_eq!(plain.attribute("type"), Some("stock.Reserve"));
        let mut other = Frame::plain(None, "{}");
        other.attributes.insert("type", "stock.Empty");
        assert_eq!(addressed(other, "stock.Reserve").unwrap_err().code(), "AW2022");
    }

    #[test]
    fn an_error_is_said_in_both_ways() {
        let error = Error::new(Kind::Conflict, "order.closed", "order 7\r\nis closed");
        let (headers, body) = bad(&error);
        assert_eq!(headers.get(ERROR_CODE).unwrap().as_str(), "409");
        assert_eq!(headers.get(ERROR).unwrap().as_str(), "order 7  is closed");
        let wire: WireError = serde_json::from_slice(&body).unwrap();
        assert_eq!(wire.code, "order.closed");
    }
}
