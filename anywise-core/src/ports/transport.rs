//! The ways in and out of a process, as ports.
//!
//! Core holds the loops, retries and settlement; an adapter only translates.

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::envelope::Envelope;
use crate::error::Result;
use crate::ports::store::outcome::Outcome;
use crate::walk::call::BoxFuture;

/// Brings envelopes in.
pub trait Source: Send + 'static {
    /// What it is, for people.
    fn name(&self) -> &str;

    /// Waits for the next envelope; `None` when there will be no more.
    ///
    /// Cancel-safe: dropping the future loses no envelope.
    ///
    /// # Errors
    /// That the source is broken; the loop ends with it.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Incoming>>>;
}

/// An envelope that waits to be settled.
pub struct Incoming {
    /// The envelope.
    pub envelope: Envelope,
    settle: Box<dyn FnOnce(Outcome) -> BoxFuture<'static, Result<()>> + Send>,
}

impl Incoming {
    /// An envelope, and how its outcome is told to where it came from.
    pub fn new(
        envelope: Envelope,
        settle: impl FnOnce(Outcome) -> BoxFuture<'static, Result<()>> + Send + 'static,
    ) -> Self {
        Self { envelope, settle: Box::new(settle) }
    }

    /// Tells the outcome.
    ///
    /// # Errors
    /// That it did not arrive; the envelope will come again.
    pub async fn settle(self, outcome: Outcome) -> Result<()> {
        (self.settle)(outcome).await
    }
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming").field("envelope", &self.envelope).finish_non_exhaustive()
    }
}

/// Takes events out.
pub trait Sink: Send + Sync + 'static {
    /// What it is, for people.
    fn name(&self) -> &str;

    /// Sends an envelope; done when the other side has it.
    ///
    /// # Errors
    /// That it may not have arrived.
    fn send(&self, envelope: Envelope) -> BoxFuture<'_, Result<()>>;
}

/// Takes commands and queries to a handler in another process.
pub trait Remote: Send + Sync + 'static {
    /// What it is, for people.
    fn name(&self) -> &str;

    /// Whether it can take the message with this wire name.
    fn reaches(&self, message: &str) -> bool;

    /// Sends a request and waits for the reply's body, in the request's format.
    ///
    /// # Errors
    /// The handler's, or that it could not be reached.
    fn call(&self, request: Envelope) -> BoxFuture<'_, Result<bytes::Bytes>>;
}

/// Serves requests from outside: HTTP, gRPC.
pub trait Ingress: Send + 'static {
    /// Serves until `stop`, then finishes what has begun.
    ///
    /// # Errors
    /// That it could not serve.
    fn serve(self: Box<Self>, app: App, stop: CancellationToken) -> BoxFuture<'static, Result<()>>;
}
