//! How a delivery ended.

use std::time::Duration;

/// How a delivery ended: the only words of settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Handled. Requests carry the encoded reply.
    Done(Option<bytes::Bytes>),
    /// To be tried again after the given time.
    Retry(Duration),
    /// Given up, with the reason.
    DeadLetter(String),
    /// Held back, with the reason, until an operator or a newer program lets
    /// it go.
    Park(String),
    /// Not for us: nobody here wants it.
    Skip,
    /// The application is stopping: neither handled nor failed.
    Stop,
}
