//! A failure in one field of a message.

use serde::{Deserialize, Serialize};

/// What went wrong in one field of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FieldFault {
    /// JSON pointer (RFC 6901) of a body field, or `path.name` / `query.name`.
    pub pointer: String,
    /// What is wrong, in words.
    pub detail: String,
    /// What was expected, if that can be said shortly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found: at most 64 characters of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

impl FieldFault {
    /// A fault at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into(), expected: None, found: None }
    }

    /// Says what was expected and found.
    #[must_use]
    pub fn expected(mut self, expected: Option<String>, found: Option<String>) -> Self {
        self.expected = expected;
        self.found = found;
        self
    }
}
