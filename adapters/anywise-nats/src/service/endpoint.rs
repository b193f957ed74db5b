//! One message that is answered here: its subject, its requests, its figures.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use anywise_core::{Error, Result};
use async_nats::{Message, Subscriber};
use futures_util::{Stream, StreamExt as _};
use serde_json::{Value, json};

use crate::connection::Connection;
use crate::names::{Names, plain};

/// One message that is answered here.
#[derive(Debug)]
pub(crate) struct Endpoint {
    message: String,
    subject: String,
    queue: String,
    requests: AtomicU64,
    errors: AtomicU64,
    nanos: AtomicU64,
    last_error: Mutex<String>,
}

impl Endpoint {
    /// The endpoint of a message; its slice's processes share its requests.
    pub(crate) fn of(names: &Names, slice: &str, message: &str) -> Result<Self> {
        Ok(Self {
            message: message.to_owned(),
            subject: names.request(message)?,
            queue: plain(slice),
            requests: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            nanos: AtomicU64::new(0),
            last_error: Mutex::default(),
        })
    }

    /// Wire name of the message.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Counts a request that is answered.
    pub(crate) fn count(&self, took: Duration, error: Option<&Error>) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        if let Some(error) = error {
            self.errors.fetch_add(1, Ordering::Relaxed);
            let text = format!("{}:{}", error.status(), error.code());
            *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = text;
        }
    }

    /// What it is.
    pub(crate) fn info(&self) -> Value {
        json!({
            "name": self.name(),
            "subject": self.subject,
            "queue_group": self.queue,
            "metadata": { "message": self.message },
        })
    }

    /// What it has done.
    pub(crate) fn stats(&self) -> Value {
        let (requests, nanos) = (self.requests.load(Ordering::Relaxed), self.nanos.load(Ordering::Relaxed));
        let last_error = self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone();
        json!({
            "name": self.name(),
            "subject": self.subject,
            "queue_group": self.queue,
            "num_requests": requests,
            "num_errors": self.errors.load(Ordering::Relaxed),
            "last_error": last_error,
            "processing_time": nanos,
            "average_processing_time": nanos.checked_div(requests).unwrap_or(0),
        })
    }

    /// Its name among the endpoints, in which there are no dots.
    fn name(&self) -> String {
        self.message.replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "-")
    }
}

/// The requests that arrive for an endpoint.
pub(crate) struct Arriving {
    endpoint: Arc<Endpoint>,
    subscriber: Subscriber,
}

impl Arriving {
    /// Listens, together with the other processes of the slice.
    pub(crate) async fn at(connection: &Connection, endpoint: Arc<Endpoint>) -> Result<Self> {
        let (subject, queue) = (endpoint.subject.clone(), endpoint.queue.clone());
        let subscriber = connection.client.queue_subscribe(subject, queue).await;
        Ok(Self { endpoint, subscriber: subscriber.map_err(|error| connection.away(error))? })
    }

    /// Has the server send no more; what is on its way still arrives.
    pub(crate) async fn end(&mut self) {
        // Without a connection nothing arrives anyway.
        drop(self.subscriber.drain().await);
    }
}

impl Stream for Arriving {
    type Item = (Arc<Endpoint>, Message);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let message = std::task::ready!(self.subscriber.poll_next_unpin(cx));
        Poll::Ready(message.map(|message| (Arc::clone(&self.endpoint), message)))
    }
}
