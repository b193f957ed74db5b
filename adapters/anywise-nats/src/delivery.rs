//! What the server says of a delivery: in the subject that it is settled on.

use async_nats::Message;

/// One delivery of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delivery<'m> {
    stream: &'m str,
    /// Its place in the stream.
    pub(crate) sequence: u64,
    /// When it was published, in nanoseconds: a sequence may begin again.
    published: u64,
    /// How often it was delivered, this time included.
    pub(crate) times: u32,
}

impl<'m> Delivery<'m> {
    /// What is known of a message that came from a consumer.
    pub(crate) fn of(message: &'m Message) -> Option<Self> {
        Self::read(message.reply.as_deref()?)
    }

    /// Reads `$JS.ACK.<stream>.<consumer>.<times>.<sequence>.<its own>.<time>.<pending>`;
    /// newer servers have a domain and an account in front of the stream.
    fn read(reply: &'m str) -> Option<Self> {
        let rest = reply.strip_prefix("$JS.ACK.")?;
        let front = if rest.split('.').count() >= 9 { 2 } else { 0 };
        let mut words = rest.split('.').skip(front);
        let stream = words.next()?;
        let mut number = words.skip(1).map(|word| word.parse::<u64>().ok());
        let times = number.next()??;
        let sequence = number.next()??;
        // Its number among the deliveries of the group: a server that was killed
        // gives it again.
        let published = number.nth(1)??;
        Some(Self { stream, sequence, published, times: u32::try_from(times).unwrap_or(u32::MAX) })
    }

    /// What names the message among all, each time it is delivered.
    pub(crate) fn position(&self) -> String {
        format!("nats:{}/{}@{}", self.stream, self.sequence, self.published)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reply: &str, times: u32, position: &str) {
        let delivery = Delivery::read(reply).expect("it is one");
        assert_eq!((delivery.times, delivery.position().as_str()), (times, position));
    }

    #[test]
    fn a_delivery_is_read_in_every_form() {
        check("$JS.ACK.SHOP.stock.3.100.7.1790.42", 3, "nats:SHOP/100@1790");
        check("$JS.ACK._.szMp.SHOP.stock.1.2.3.4.5", 1, "nats:SHOP/2@4");
        check("$JS.ACK.hub.szMp.SHOP.stock.1.2.3.4.5.rand", 1, "nats:SHOP/2@4");
        for reply in ["", "_INBOX.a", "$JS.ACK.SHOP.stock", "$JS.ACK.SHOP.stock.x.1.2.3.4"] {
            assert_eq!(Delivery::read(reply), None, "{reply}");
        }
    }
}
