//! What one process tells another of a message beside its body, as headers.
//!
//! The names are reserved: what they say is believed of a process that is
//! trusted, and dropped when a stranger says it. Who is trusted is decided by
//! whoever takes the message in.

/// Id of the message: a UUID.
pub const MESSAGE_ID: &str = "aw-message-id";

/// Id of the message that caused it: a UUID.
pub const CAUSATION_ID: &str = "aw-causation-id";

/// On whose behalf: a [`Principal`](crate::Principal) as JSON.
pub const PRINCIPAL: &str = "aw-principal";

/// How long the sender still waits, in milliseconds. It can only shorten what
/// is done for the sender, so that strangers are believed too.
pub const DEADLINE_MS: &str = "aw-deadline-ms";

/// What shows that the sender is trusted: a text both know.
pub const SECRET: &str = "aw-secret";
