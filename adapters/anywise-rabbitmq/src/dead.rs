//! Messages that a group could not handle, beside its queue.
//!
//! A copy with the reason is published, and confirmed, before the message is
//! acknowledged: rejecting it would keep it too, but not why.

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};

use crate::confirms::Message;
use crate::properties::{self, DEAD_PREFIX};
use crate::unsettled::Kept;

/// The longest reason that is kept, in bytes.
const LONGEST_REASON: usize = 8 * 1024;

/// Where the copy goes: an exchange, and the key of a group.
#[derive(Clone, Debug)]
pub(crate) struct Grave {
    pub(crate) exchange: ShortString,
    pub(crate) group: ShortString,
    /// How large properties may be, in bytes.
    pub(crate) most: usize,
}

impl Grave {
    /// The copy of a message, with what became of it and why.
    pub(crate) fn copy(&self, kept: &Kept, outcome: &str, reason: &str) -> Message {
        let properties = kept.properties.clone();
        let room = self.most.saturating_sub(properties::size(&properties) + 2048).min(LONGEST_REASON);
        let mut headers = properties.headers().clone().unwrap_or_default();
        let mut set = |name: &str, value: &str| {
            let name = [DEAD_PREFIX, name].concat();
            headers.insert(name.as_str().into(), AMQPValue::LongString(value.into()));
        };
        set("outcome", outcome);
        set("reason", shortened(reason, room));
        set("exchange", kept.exchange.as_str());
        set("routing-key", kept.routing_key.as_str());
        Message {
            exchange: self.exchange.clone(),
            routing_key: self.group.clone(),
            properties: with(properties, headers),
            body: kept.body.clone(),
            mandatory: true,
        }
    }
}

fn with(properties: BasicProperties, headers: FieldTable) -> BasicProperties {
    // Persistent, whatever its producer said.
    properties.with_headers(headers).with_delivery_mode(2)
}

/// At most `most` bytes, whole characters.
fn shortened(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rfind(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn header<'m>(message: &'m Message, name: &str) -> &'m [u8] {
        let table = message.properties.headers().as_ref().expect("it has headers");
        table.inner()[name].as_long_string().expect("text").as_bytes()
    }

    #[test]
    fn a_copy_says_why_it_is_there_and_fits() {
        let grave = Grave { exchange: "shop.dead".into(), group: "stock".into(), most: 4096 };
        let kept = Kept {
            properties: BasicProperties::default().with_message_id("7".into()),
            body: Bytes::from_static(b"{}"),
            exchange: "shop".into(),
            routing_key: "order.OrderPaid".into(),
        };
        let copy = grave.copy(&kept, "dead", &"ü".repeat(9_000));
        assert_eq!((copy.routing_key.as_str(), copy.mandatory, &copy.body[..]), ("stock", true, &b"{}"[..]));
        assert_eq!(copy.properties.message_id().as_ref().map(ShortString::as_str), Some("7"));
        assert_eq!(*copy.properties.delivery_mode(), Some(2));
        assert_eq!(header(&copy, "aw-dead-routing-key"), b"order.OrderPaid");
        assert_eq!(header(&copy, "aw-dead-outcome"), b"dead");
        let reason = std::str::from_utf8(header(&copy, "aw-dead-reason")).expect("whole characters");
        assert!(!reason.is_empty() && properties::size(&copy.properties) <= grave.most, "{}", reason.len());
    }
}
