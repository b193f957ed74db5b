//! A broker of one topic inside the process.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::envelope::Envelope;
use crate::error::{Error, Kind, Result};
use crate::ports::store::outcome::Outcome;
use crate::ports::transport::{Incoming, Sink, Source};
use crate::walk::call::BoxFuture;

/// A broker of one topic inside the process: what its sink takes in, its
/// source hands out.
#[derive(Debug)]
pub struct MemoryBroker {
    name: Arc<str>,
    sender: mpsc::Sender<Envelope>,
    receiver: Option<mpsc::Receiver<Envelope>>,
}

impl MemoryBroker {
    /// A broker with a name, under which deliveries to it are kept, that holds at
    /// most `bound` envelopes; senders then wait.
    pub fn new(name: &str, bound: usize) -> Self {
        let (sender, receiver) = mpsc::channel(bound);
        Self { name: name.into(), sender, receiver: Some(receiver) }
    }

    /// The way in; there may be many.
    pub fn sink(&self) -> impl Sink + use<> {
        MemorySink { name: Arc::clone(&self.name), sender: self.sender.clone() }
    }

    /// The way out; there is one.
    pub fn source(&mut self) -> Option<impl Source + use<>> {
        let receiver = self.receiver.take()?;
        Some(MemorySource { name: Arc::clone(&self.name), receiver, again: self.sender.downgrade() })
    }
}

struct MemorySink {
    name: Arc<str>,
    sender: mpsc::Sender<Envelope>,
}

impl Sink for MemorySink {
    fn name(&self) -> &str {
        &self.name
    }

    fn send(&self, envelope: Envelope) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let permit = self
                .sender
                .reserve()
                .await
                .map_err(|_| Error::new(Kind::Unavailable, "AW2020", "the in-memory broker is closed"))?;
            permit.send(envelope);
            Ok(())
        })
    }
}

struct MemorySource {
    name: Arc<str>,
    receiver: mpsc::Receiver<Envelope>,
    again: mpsc::WeakSender<Envelope>,
}

impl Source for MemorySource {
    fn name(&self) -> &str {
        &self.name
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Option<Incoming>>> {
        Box::pin(async move {
            let Some(envelope) = self.receiver.recv().await else { return Ok(None) };
            let (again, copy) = (self.again.clone(), envelope.clone());
            Ok(Some(Incoming::new(envelope, move |outcome| {
                Box::pin(async move {
                    let after = match outcome {
                        Outcome::Retry(after) => after,
                        Outcome::Stop | Outcome::Park(_) => Duration::ZERO,
                        // Given up: the consumer has logged it, and a
                        // reference keeps no dead letters.
                        _ => return Ok(()),
                    };
                    if let Some(sender) = again.upgrade() {
                        tokio::time::sleep(after).await;
                        drop(sender.send(copy).await);
                    }
                    Ok(())
                })
            })))
        })
    }
}
