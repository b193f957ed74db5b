//! What is declared at the broker: an exchange for all events, a queue for each
//! group, and beside it one for what the group could not handle.
//!
//! Declaring what is there as it is asked for changes nothing. What is there
//! otherwise is an error: what waits in it is not thrown away.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use anywise_core::{Result, Subscription, Topology};
use futures_util::future::try_join_all;
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, ExchangeKind};

use crate::config::Settings;
use crate::error::conflict;

/// Deliveries after which the broker itself gives a message up. Core does much
/// earlier. Without a limit what comes again goes to the end of the queue, and
/// the order of keys is lost.
const DELIVERY_LIMIT: i64 = 1_000_000;

/// What has been declared, and is again when a connection is made.
#[derive(Debug)]
pub(crate) struct Declared {
    settings: Arc<Settings>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    topology: Topology,
    /// The events that each group was bound to by this process.
    bound: HashMap<String, BTreeSet<String>>,
    /// Every event that a group here was asked to listen to.
    heard: HashSet<String>,
    /// The application, as a source of events.
    source: Option<Arc<str>>,
}

impl Declared {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self { settings, state: Mutex::default() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what the application has to do with the broker; whether it is
    /// something new.
    pub(crate) fn is_new(&self, topology: &Topology) -> bool {
        let mut state = self.state();
        let new = state.topology != *topology;
        if new {
            state.topology = topology.clone();
            state.heard.extend(topology.subscriptions.iter().flat_map(|one| one.events.iter().cloned()));
            state.source =
                (!topology.application.is_empty()).then(|| format!("/{}", topology.application).into());
        }
        new
    }

    /// Who this application is, as a source of events.
    pub(crate) fn source(&self) -> Arc<str> {
        self.state().source.clone().unwrap_or_else(|| format!("/{}", self.settings.prefix).into())
    }

    /// Whether a group of this application listens to the event: then there is
    /// a queue for it.
    pub(crate) fn is_heard(&self, event: &str) -> bool {
        self.state().heard.contains(event)
    }

    /// Declares everything the application has to do with.
    pub(crate) async fn all(&self, channel: &Channel) -> Result<()> {
        let subscriptions = self.state().topology.subscriptions.clone();
        self.exchanges(channel).await?;
        for subscription in &subscriptions {
            self.queues(channel, subscription).await?;
        }
        Ok(())
    }

    /// Declares what one group needs.
    pub(crate) async fn group(&self, channel: &Channel, subscription: &Subscription) -> Result<()> {
        self.exchanges(channel).await?;
        self.queues(channel, subscription).await
    }

    async fn exchanges(&self, channel: &Channel) -> Result<()> {
        let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        let dead = self.settings.dead_exchange();
        for (name, kind) in [(&self.settings.prefix, ExchangeKind::Topic), (&dead, ExchangeKind::Direct)] {
            let declaring = channel.exchange_declare(self.name(name)?, kind, options, FieldTable::default());
            self.settings.answered(declaring).await?;
        }
        Ok(())
    }

    async fn queues(&self, channel: &Channel, subscription: &Subscription) -> Result<()> {
        let group = &subscription.group;
        let (queue, dead) = (self.settings.queue(group), self.settings.dead_queue(group));
        let (queue, dead) = (self.name(&queue)?, self.name(&dead)?);
        self.queue(channel, &dead, kept()).await?;
        let dead_exchange = self.name(&self.settings.dead_exchange())?;
        self.bind(channel, &dead, dead_exchange, self.name(group)?).await?;
        self.queue(channel, &queue, self.consumed(group)).await?;
        self.bindings(channel, &queue, subscription).await
    }

    async fn queue(&self, channel: &Channel, name: &ShortString, arguments: FieldTable) -> Result<()> {
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        self.settings.answered(channel.queue_declare(name.clone(), options, arguments)).await?;
        Ok(())
    }

    /// Binds the queue to what the group listens to, and to nothing else.
    async fn bindings(
        &self,
        channel: &Channel,
        queue: &ShortString,
        subscription: &Subscription,
    ) -> Result<()> {
        let wanted: BTreeSet<_> = subscription.events.iter().cloned().collect();
        let exchange = self.name(&self.settings.prefix)?;
        let binding = wanted
            .iter()
            .map(|event| async { self.bind(channel, queue, exchange.clone(), self.name(event)?).await });
        try_join_all(binding).await?;
        let foreign = self.settings.foreign.iter().filter(|mapping| wanted.contains(&mapping.event));
        for mapping in foreign {
            self.bind(channel, queue, self.name(&mapping.exchange)?, self.name(&mapping.routing_key)?)
                .await?;
        }
        let unheard = self.stale(&subscription.group, &wanted);
        let unbinding = unheard.iter().map(|event| async {
            let key = self.name(event)?;
            self.settings
                .answered(channel.queue_unbind(queue.clone(), exchange.clone(), key, FieldTable::default()))
                .await
        });
        try_join_all(unbinding).await?;
        let mut known = self.state();
        known.heard.extend(wanted.iter().cloned());
        known.bound.insert(subscription.group.clone(), wanted);
        Ok(())
    }

    /// What the group may still be bound to and does not listen to any more.
    /// The broker does not tell: the first time it is every other event that the
    /// application knows, later what this process has bound it to. So a process
    /// that merely connects again takes nothing away from a newer one.
    fn stale(&self, group: &str, wanted: &BTreeSet<String>) -> Vec<String> {
        let state = self.state();
        let before: Vec<&String> = match state.bound.get(group) {
            Some(bound) => bound.iter().collect(),
            None => state.topology.events.iter().collect(),
        };
        before.into_iter().filter(|event| !wanted.contains(*event)).cloned().collect()
    }

    async fn bind(
        &self,
        channel: &Channel,
        queue: &ShortString,
        exchange: ShortString,
        routing_key: ShortString,
    ) -> Result<()> {
        let options = QueueBindOptions::default();
        let binding =
            channel.queue_bind(queue.clone(), exchange, routing_key, options, FieldTable::default());
        self.settings.answered(binding).await
    }

    /// Arguments of the queue that a group consumes.
    fn consumed(&self, group: &str) -> FieldTable {
        let mut arguments = kept();
        arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(DELIVERY_LIMIT));
        arguments.insert("x-dead-letter-exchange".into(), text(self.settings.dead_exchange()));
        arguments.insert("x-dead-letter-routing-key".into(), text(group));
        arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
        if !self.settings.shared {
            arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
        }
        arguments
    }

    fn name(&self, text: &str) -> Result<ShortString> {
        let long = |_| conflict(&self.settings.address(), format_args!("`{text}` is longer than 255 bytes"));
        ShortString::try_new(text).map_err(long)
    }
}

/// Arguments of a queue that loses nothing: replicated, on disk, and full rather
/// than without its oldest messages.
fn kept() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments.insert("x-overflow".into(), text("reject-publish"));
    arguments
}

fn text(value: impl Into<String>) -> AMQPValue {
    AMQPValue::LongString(value.into().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RabbitMq;

    fn set(events: &[&str]) -> BTreeSet<String> {
        events.iter().map(|event| (*event).to_owned()).collect()
    }

    #[test]
    fn only_what_this_process_bound_is_unbound_when_it_connects_again() {
        let declared = RabbitMq::new("amqp://host").declared;
        let mut topology = Topology::of("shop");
        topology.events = vec!["a.A".into(), "a.B".into(), "a.C".into()];
        assert!(declared.is_new(&topology));
        assert!(!declared.is_new(&topology));
        assert_eq!(declared.stale("stock", &set(&["a.A"])), ["a.B", "a.C"]);
        declared.state().bound.insert("stock".into(), set(&["a.A"]));
        assert_eq!(declared.stale("stock", &set(&["a.A"])), [""; 0]);
        assert_eq!(declared.stale("stock", &set(&["a.B"])), ["a.A"]);
    }

    #[test]
    fn events_that_are_listened_to_here_are_known() {
        let declared = RabbitMq::new("amqp://host").prefix("shop").declared;
        assert_eq!(&*declared.source(), "/shop");
        let mut topology = Topology::of("books");
        topology.subscriptions = vec![Subscription::new("stock", ["a.A"])];
        declared.is_new(&topology);
        assert_eq!((declared.is_heard("a.A"), declared.is_heard("a.B")), (true, false));
        assert_eq!(&*declared.source(), "/books");
    }
}
