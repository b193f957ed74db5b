//! The time of day, carried by the runtime's clock.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// The time of day at one moment, and how long ago that was.
///
/// It moves with the runtime: in a test whose clock is paused a day passes when
/// the test says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    then: Timestamp,
    since: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self { then: Timestamp::now(), since: Instant::now() }
    }
}

impl Clock {
    /// The time of day.
    pub(super) fn now(&self) -> Timestamp {
        later(self.then, self.since.elapsed())
    }
}

/// `after` later than `time`.
pub(super) fn later(time: Timestamp, after: Duration) -> Timestamp {
    time.checked_add(after).unwrap_or(Timestamp::MAX)
}

/// From `earlier` to `time`; nothing if it is not earlier.
pub(super) fn between(earlier: Timestamp, time: Timestamp) -> Duration {
    time.duration_since(earlier).try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_time_of_day_moves_with_the_runtimes_clock() {
        let clock = Clock::default();
        let before = clock.now();
        tokio::time::advance(Duration::from_secs(86_400)).await;
        assert_eq!(between(before, clock.now()), Duration::from_secs(86_400));
        assert_eq!(between(clock.now(), before), Duration::ZERO);
        assert_eq!(later(before, Duration::MAX), Timestamp::MAX);
    }
}
