//! Replies kept for requests that come twice.

use bytes::Bytes;
use uuid::Uuid;

/// Which request is remembered: its message, who sent it, and the key they gave.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Memory(String);

impl Memory {
    /// The memory of a request to `message` with the caller's `key`. The same
    /// key of another principal is another memory.
    pub fn new(message: &str, principal: Option<&str>, key: &str) -> Self {
        // The separator occurs in no wire name, and in no key that an ingress lets in.
        Self(format!("{message}\u{1f}{}\u{1f}{key}", principal.unwrap_or_default()))
    }

    /// As text, for a store's key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Memory {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// A request and what was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remembered {
    /// Which request.
    pub memory: Memory,
    /// What it asked, so that another body under the same key is noticed.
    pub fingerprint: Uuid,
    /// The encoded reply.
    pub reply: Bytes,
    /// Media type of the reply.
    pub content_type: String,
}

impl Remembered {
    /// A request with this `fingerprint` was answered with `reply`.
    pub fn new(memory: Memory, fingerprint: Uuid, content_type: impl Into<String>, reply: Bytes) -> Self {
        Self { memory, fingerprint, reply, content_type: content_type.into() }
    }
}
