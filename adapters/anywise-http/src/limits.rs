//! How long a target may take, and how much it may answer.

use std::time::Duration;

/// What is waited for and taken of a target. Every limit is on by default.
///
/// # Examples
/// ```
/// use anywise_http::HttpLimits;
///
/// let limits = HttpLimits { reply_size: 64 * 1024, ..HttpLimits::default() };
/// assert_eq!(limits.answer_time.as_secs(), 30);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made with `..HttpLimits::default()`")]
pub struct HttpLimits {
    /// Longest time until a connection is there. Default: 1 s; then the instance
    /// counts as one that refuses.
    pub connect_time: Duration,
    /// Longest time for a whole call; the sender's deadline may be sooner.
    /// Default: 30 s; then `AW2105`.
    pub answer_time: Duration,
    /// Most bytes of a reply, or of a problem document. Default: 1 MiB; then
    /// `AW2104`.
    pub reply_size: usize,
    /// How long a connection without work is kept. Default: 30 s, less than a
    /// server of `anywise-axum` keeps it.
    pub idle_time: Duration,
    /// How long an instance is skipped that refuses connections, or that did not
    /// answer three times in a row. Default: 5 s. When all are skipped, the one
    /// that was skipped first is asked.
    pub skip_time: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connect_time: Duration::from_secs(1),
            answer_time: Duration::from_secs(30),
            reply_size: 1024 * 1024,
            idle_time: Duration::from_secs(30),
            skip_time: Duration::from_secs(5),
        }
    }
}
