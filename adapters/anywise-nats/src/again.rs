//! What comes again, put back in its order.
//!
//! Messages that were delivered and not settled come again before any new one.
//! But while nobody asks, the server turns them round: the first of them goes to
//! the end each time something is published. So a source that begins, or whose
//! connection broke, learns how many there are, and hands out nothing until they
//! have come and are sorted.

use std::collections::VecDeque;
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
    /// Delivered and not settled, to whomever.
    pub(crate) unsettled: usize,
    /// The number of the last delivery.
    pub(crate) last: u64,
}

impl Count {
    /// The same without those that are here.
    #[must_use]
    pub(crate) fn without<'m>(mut self, here: impl Iterator<Item = &'m Message>) -> Self {
        let known = here.filter_map(Delivery::of).filter(|delivery| delivery.number <= self.last);
        self.unsettled = self.unsettled.saturating_sub(known.count());
        self
    }
}

/// Messages that are waited for.
#[derive(Debug)]
pub(crate) struct Again {
    missing: usize,
    until: Instant,
}

impl Again {
    /// Waits for so many; not at all before `from`.
    pub(crate) fn wait_for(missing: usize, from: Instant) -> Self {
        Self { missing, until: from + QUIET }
    }

    /// How many are to come.
    pub(crate) fn missing(&self) -> usize {
        self.missing
    }

    /// When no more of them are expected.
    pub(crate) fn until(&self) -> Instant {
        self.until
    }

    /// One has come.
    pub(crate) fn note(&mut self, message: &Message) {
        self.until = self.until.max(Instant::now() + QUIET);
        match Delivery::of(message).map_or(1, |delivery| delivery.times) {
            // A new one: there were no others.
            ..=1 => self.missing = 0,
            _ => self.missing = self.missing.saturating_sub(1),
        }
    }

    /// Whether all have come that will.
    pub(crate) fn is_over(&self) -> bool {
        self.missing == 0 || Instant::now() >= self.until
    }
}

/// Puts messages in the order in which they were published; of two deliveries
/// of one message the later stays.
pub(crate) fn in_order(messages: &mut VecDeque<Message>) {
    let place = |message: &Message| Delivery::of(message).map_or((0, 0), |at| (at.sequence, at.number));
    let mut sorted: Vec<_> = messages.drain(..).collect();
    sorted.sort_by_key(place);
    for message in sorted {
        let again = |last: &Message| place(last).0 == place(&message).0 && place(&message).0 > 0;
        if messages.back().is_some_and(again) {
            messages.pop_back();
        }
        messages.push_back(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(times: u32, sequence: u64, number: u64) -> Message {
        Message {
            subject: "shop.order.OrderPaid".into(),
            reply: Some(format!("$JS.ACK.SHOP.stock.{times}.{sequence}.{number}.1790.0").into()),
            payload: "".into(),
            headers: None,
            status: None,
            description: None,
            length: 0,
        }
    }

    #[test]
    fn what_was_turned_round_is_put_in_order() {
        let turned =
            [message(2, 7, 21), message(2, 8, 22), message(2, 5, 23), message(1, 9, 24), message(3, 7, 25)];
        let mut messages = VecDeque::from(turned);
        in_order(&mut messages);
        let order: Vec<_> = messages.iter().map(|message| Delivery::of(message).unwrap()).collect();
        assert_eq!(
            order.iter().map(|at| (at.sequence, at.number)).collect::<Vec<_>>(),
            [(5, 23), (7, 25), (8, 22), (9, 24)]
        );
    }

    #[test]
    fn what_others_hold_is_told_from_what_is_here() {
        let count = Count { unsettled: 5, last: 10 };
        let here = [message(1, 1, 9), message(1, 2, 10), message(1, 3, 11)];
        assert_eq!(count.without(here.iter()).unsettled, 3, "the last of these came later");
        assert_eq!(count.without([].iter()).unsettled, 5);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_waited_until_they_have_come_or_will_not() {
        let mut again = Again::wait_for(2, Instant::now());
        again.note(&message(2, 1, 1));
        assert!(!again.is_over());
        again.note(&message(2, 2, 2));
        assert!(again.is_over(), "all have come");

        let mut again = Again::wait_for(2, Instant::now());
        again.note(&message(1, 3, 3));
        assert!(again.is_over(), "new ones come last");

        let again = Again::wait_for(2, Instant::now() + Duration::from_secs(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!again.is_over());
        tokio::time::advance(QUIET).await;
        assert!(again.is_over(), "others hold them");
    }
}
