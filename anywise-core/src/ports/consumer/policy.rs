//! How much is received at a time, and what becomes of what nobody knows.

use std::time::Duration;

/// How an application consumes its transports.
///
/// How often a listener is tried, and how long it waits in between, is
/// [`RelayPolicy`](crate::RelayPolicy)'s.
///
/// # Examples
/// ```
/// use anywise_core::{App, ConsumePolicy};
///
/// let policy = ConsumePolicy { prefetch: 64, trusted: false, ..ConsumePolicy::default() };
/// App::builder().consume_policy(policy);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made with `..ConsumePolicy::default()`")]
pub struct ConsumePolicy {
    /// Messages of one subscription that are received and not settled. Bounds
    /// the memory. Default: 256.
    pub prefetch: usize,
    /// Messages of one subscription whose listeners run at one time, when there
    /// is no store. Default: 64.
    pub concurrency: usize,
    /// With a store: messages are handed to it before they are settled, and
    /// recognised when they come again. Without this their listeners run
    /// before they are settled, and again if they come again. Default: true.
    pub inbox: bool,
    /// The largest body that is read, in bytes. Default: 1 MiB.
    pub max_size: usize,
    /// Whether producers may say on whose behalf they act, and who has heard
    /// of an event. Default: true: whoever can publish to the broker is one of
    /// us.
    pub trusted: bool,
    /// What becomes of a message that no type here is named after.
    pub unknown: Unknown,
    /// Longest wait before a lost source is subscribed to again. Default: 50 ms,
    /// then twice as long each time.
    pub first_wait: Duration,
    /// Longest wait of all. Default: 10 s.
    pub longest_wait: Duration,
    /// How often the broker is asked how much waits. Default: 10 s.
    pub observe: Duration,
}

/// What becomes of a message that no type here is named after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// It is a dead letter (`AW2005`): somebody has to look at it.
    #[default]
    DeadLetter,
    /// It is for others.
    Ignore,
}

impl Default for ConsumePolicy {
    fn default() -> Self {
        Self {
            prefetch: 256,
            concurrency: 64,
            inbox: true,
            max_size: 1024 * 1024,
            trusted: true,
            unknown: Unknown::DeadLetter,
            first_wait: Duration::from_millis(50),
            longest_wait: Duration::from_secs(10),
            observe: Duration::from_secs(10),
        }
    }
}
