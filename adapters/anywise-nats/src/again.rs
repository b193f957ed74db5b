//! What comes again, put back in its order.
//!
//! Messages that were delivered and not settled come again before any new one.
//! But while nobody asks, the server turns them round: the first of them goes to
//! the end each time something is published. So a source that begins, or whose
//! connection broke, learns how many there are, and hands out nothing until they
//! have come and are sorted.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use async_nats::Message;
use tokio::time::Instant;

use crate::delivery::Delivery;

/// Without one of them coming for so long, no more are to come now: others hold
/// the rest.
const QUIET: Duration = Duration::from_millis(100);

/// What is known of a group's deliveries at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    /// Messages that were delivered and are not settled, by whomever.
    pub(crate) unsettled: usize,
    /// All up to this place in the stream are settled.
    pub(crate) settled: u64,
    /// All behind this place are new.
    pub(crate) delivered: u64,
}

/// Messages that are waited for.
#[derive(Debug)]
pub(crate) struct Again {
    count: Count,
    /// The places of those that are here. The numbers of deliveries do not tell
    /// them apart: a server that was killed gives them again.
    here: HashSet<u64>,
    /// How long others may hold the rest, if that is to be waited for.
    hold: Option<Duration>,
    /// Since it is waited for: until when they hold it.
    held: Option<Instant>,
    until: Instant,
}

impl Again {
    /// Waits for what was counted. `hold`: if this process is to have all, how long
    /// the server holds a message for one that is gone.
    pub(crate) fn wait(count: Count, hold: Option<Duration>) -> Self {
        Self { count, here: HashSet::new(), hold, held: None, until: Instant::now() + QUIET }
    }

    /// These are here.
    pub(crate) fn find<'m>(&mut self, here: impl Iterator<Item = &'m Message>) {
        here.filter_map(Delivery::of).for_each(|at| self.is_here(at.sequence));
    }

    fn is_here(&mut self, place: u64) {
        if (self.count.settled + 1..=self.count.delivered).contains(&place) {
            self.here.insert(place);
        }
    }

    /// How many are to come.
    pub(crate) fn missing(&self) -> usize {
        self.count.unsettled.saturating_sub(self.here.len())
    }

    /// Until when nothing is to be asked for: what came would be new.
    pub(crate) fn held(&self) -> Option<Instant> {
        self.held.filter(|held| *held > Instant::now())
    }

    /// When no more of them are expected.
    pub(crate) fn until(&self) -> Instant {
        self.until
    }

    /// A message has come.
    pub(crate) fn note(&mut self, message: &Message) {
        let now = Instant::now();
        match Delivery::of(message) {
            Some(at) if at.sequence <= self.count.delivered => {
                self.is_here(at.sequence);
                self.until = self.until.max(now + QUIET);
            }
            // New ones come last: what is missing is not to come now.
            _ if self.held.is_none() && !self.wait_for_others() => self.until = now,
            _ => {}
        }
    }

    /// Whether all have come that will.
    pub(crate) fn is_over(&mut self) -> bool {
        self.missing() == 0 || self.until <= Instant::now() && !self.wait_for_others()
    }

    /// Others hold what is missing. If this process is to have all, they are gone,
    /// and it comes when its time is over: that is waited for, once. The server
    /// does not wait itself if it ended with them, and forgot whom it had pinned.
    pub(crate) fn wait_for_others(&mut self) -> bool {
        let Some(hold) = self.hold.take() else { return false };
        let until = Instant::now() + hold;
        (self.held, self.until) = (Some(until), until + QUIET);
        true
    }
}

/// Puts messages in the order in which they were published; of two deliveries
/// of one message the later stays.
pub(crate) fn in_order(messages: &mut VecDeque<Message>) {
    let place = |message: &Message| Delivery::of(message).map_or(0, |at| at.sequence);
    let mut sorted: Vec<_> = messages.drain(..).collect();
    sorted.sort_by_key(place);
    for message in sorted {
        let again = |last: &Message| place(last) == place(&message) && place(&message) > 0;
        if messages.back().is_some_and(again) {
            messages.pop_back();
        }
        messages.push_back(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(sequence: u64) -> Message {
        Message {
            subject: "shop.order.OrderPaid".into(),
            reply: Some(format!("$JS.ACK.SHOP.stock.1.{sequence}.1.1790.0").into()),
            payload: "".into(),
            headers: None,
            status: None,
            description: None,
            length: 0,
        }
    }

    #[test]
    fn what_was_turned_round_is_put_in_order() {
        let mut messages = VecDeque::from([7, 8, 5, 9, 7].map(message));
        messages[4].payload = "the later one".into();
        in_order(&mut messages);
        let order: Vec<_> = messages.iter().map(|message| Delivery::of(message).unwrap().sequence).collect();
        assert_eq!(order, [5, 7, 8, 9]);
        assert_eq!(messages[1].payload, "the later one");
    }

    fn wait(hold: Option<Duration>) -> Again {
        let count = Count { unsettled: 3, settled: 2, delivered: 6 };
        let mut again = Again::wait(count, hold);
        again.find([2, 4, 4, 7].map(message).iter());
        again
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_here_is_not_waited_for() {
        assert_eq!(wait(None).missing(), 2, "one is here, twice; one was settled, one is new");
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_waited_until_they_have_come() {
        let mut again = wait(None);
        for here in [message(3), message(3), message(4)] {
            again.note(&here);
            assert!(!again.is_over());
        }
        again.note(&message(6));
        assert!(again.is_over(), "the last was on its way");
    }

    #[tokio::test(start_paused = true)]
    async fn what_others_hold_is_not_waited_for() {
        let mut again = wait(None);
        assert!(!again.is_over());
        again.note(&message(7));
        assert!(again.is_over(), "new ones come last");

        let mut again = wait(None);
        tokio::time::advance(QUIET).await;
        assert!(again.is_over(), "it is quiet");
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_holds_any_more_is_waited_for_if_one_process_has_all() {
        const HOLD: Duration = Duration::from_secs(1);
        for is_quiet in [false, true] {
            let mut again = wait(Some(HOLD));
            assert_eq!(again.held(), None);
            if is_quiet {
                tokio::time::advance(QUIET).await;
            } else {
                again.note(&message(7));
            }
            assert!(!again.is_over());
            assert_eq!(again.held(), Some(Instant::now() + HOLD));
            again.note(&message(8));
            assert!(!again.is_over(), "new ones say nothing now");

            tokio::time::advance(HOLD).await;
            assert_eq!(again.held(), None);
            again.note(&message(3));
            again.note(&message(9));
            assert!(!again.is_over(), "they are coming");
            tokio::time::advance(QUIET).await;
            assert!(again.is_over(), "the last is gone for good");
        }
    }
}
