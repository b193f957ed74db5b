//! Producers that write no CloudEvents: where their messages come from says
//! what they are.

use anywise_core::{Foreign, Frame, Uuid, new_id};
use lapin::BasicProperties;
use lapin::message::Delivery;

/// Messages of one exchange and routing key are one event.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    pub(crate) exchange: String,
    pub(crate) routing_key: String,
    pub(crate) event: String,
}

/// What a message of a foreign producer is.
pub(crate) enum Known {
    /// Its producer gave it an id.
    Named(Foreign),
    /// It has none, and nothing else by which it would be known when it comes
    /// again: it is put back as an event that has one.
    Nameless(Frame),
}

impl Mapping {
    pub(crate) fn new(
        exchange: impl Into<String>,
        routing_key: impl Into<String>,
        event: impl Into<String>,
    ) -> Self {
        Self { exchange: exchange.into(), routing_key: routing_key.into(), event: event.into() }
    }

    fn takes(&self, exchange: &str, routing_key: &str) -> bool {
        self.exchange == exchange && matches(&mut self.routing_key.split('.'), &mut routing_key.split('.'))
    }
}

/// What a message is that says nothing of itself, if that is known.
pub(crate) fn known(mappings: &[Mapping], delivery: &Delivery, frame: &Frame) -> Option<Known> {
    if mappings.is_empty() || !frame.attributes.is_empty() || is_structured(frame) {
        return None;
    }
    let (exchange, key) = (delivery.exchange.as_str(), delivery.routing_key.as_str());
    let mapping = mappings.iter().find(|mapping| mapping.takes(exchange, key))?;
    let origin = format!("/{exchange}/{key}");
    Some(match id(&delivery.properties) {
        Some(id) => Known::Named(Foreign::new(mapping.event.clone(), format!("{origin}/{id}"))),
        None => Known::Nameless(named(frame.clone(), &mapping.event, &origin, new_id())),
    })
}

fn id(properties: &BasicProperties) -> Option<String> {
    let id = properties.message_id().as_ref()?;
    let application = properties.app_id().as_ref().map(lapin::types::ShortString::as_str).unwrap_or_default();
    (!id.as_str().is_empty()).then(|| format!("{application}/{id}"))
}

fn named(mut frame: Frame, event: &str, origin: &str, id: Uuid) -> Frame {
    frame.attributes.insert("specversion", "1.0");
    frame.attributes.insert("id", id.to_string());
    frame.attributes.insert("source", origin);
    frame.attributes.insert("type", event);
    frame
}

fn is_structured(frame: &Frame) -> bool {
    frame.content_type.as_deref().is_some_and(|kind| kind.starts_with("application/cloudevents"))
}

/// Whether words match those of a topic's pattern.
fn matches<'t, P, W>(pattern: &mut P, words: &mut W) -> bool
where
    P: Iterator<Item = &'t str> + Clone,
    W: Iterator<Item = &'t str> + Clone,
{
    match pattern.next() {
        None => words.next().is_none(),
        Some("#") => loop {
            if matches(&mut pattern.clone(), &mut words.clone()) {
                return true;
            }
            if words.next().is_none() {
                return false;
            }
        },
        Some(word) => {
            words.next().is_some_and(|found| word == "*" || word == found) && matches(pattern, words)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_topic_exchanges() {
        let check = |pattern: &str, key: &str| Mapping::new("x", pattern, "a.B").takes("x", key);
        for (pattern, key) in [
            ("a.b", "a.b"),
            ("a.*", "a.b"),
            ("#", ""),
            ("#", "a.b.c"),
            ("a.#", "a"),
            ("a.#", "a.b.c"),
            ("#.c", "a.b.c"),
            ("*.#.c", "a.c"),
        ] {
            assert!(check(pattern, key), "{pattern} {key}");
        }
        for (pattern, key) in [("a.b", "a"), ("a.*", "a.b.c"), ("a.#", "b"), ("#.c", "a.b"), ("*.*", "a")] {
            assert!(!check(pattern, key), "{pattern} {key}");
        }
        assert!(!Mapping::new("x", "#", "a.B").takes("y", "a"));
    }

    fn delivery(properties: BasicProperties) -> Delivery {
        let mut delivery = Delivery::mock(1, "legacy".into(), "orders.paid".into(), false, b"{}".to_vec());
        delivery.properties = properties;
        delivery
    }

    #[test]
    fn the_id_is_the_producers_or_a_new_one() {
        let mappings = [Mapping::new("legacy", "orders.*", "order.OrderPaid")];
        let plain = Frame::plain(None, "{}");
        let with_id =
            delivery(BasicProperties::default().with_message_id("7".into()).with_app_id("till".into()));
        match known(&mappings, &with_id, &plain) {
            Some(Known::Named(foreign)) => {
                assert_eq!(foreign, Foreign::new("order.OrderPaid", "/legacy/orders.paid/till/7"));
            }
            _ => panic!("it has a name"),
        }
        match known(&mappings, &delivery(BasicProperties::default()), &plain) {
            Some(Known::Nameless(frame)) => assert_eq!(frame.attribute("type"), Some("order.OrderPaid")),
            _ => panic!("it has no name"),
        }
    }

    #[test]
    fn what_says_what_it_is_is_believed() {
        let mappings = [Mapping::new("legacy", "#", "order.OrderPaid")];
        let event = anywise_core::Envelope::json("a.B", "{}").to_frame("/");
        let structured = Frame::plain(Some("application/cloudevents+json".into()), "{}");
        for frame in [event, structured] {
            assert!(known(&mappings, &delivery(BasicProperties::default()), &frame).is_none());
        }
        assert!(known(&[], &delivery(BasicProperties::default()), &Frame::plain(None, "{}")).is_none());
    }
}
