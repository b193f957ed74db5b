//! What must be on the server before anything is published or received: the
//! stream, the consumer group and the routes of each subscription.

use std::sync::Arc;

use anywise_core::{
    BoxFuture, Error, Kind, Ordered, Result, Source, Subscription, Topology, Transport, TransportTraits,
    new_id,
};
use redis::cmd;

use crate::config::{Broker, Redis};
use crate::durability::examine;
use crate::names::ARROW;
use crate::scripts::DECLARE;
use crate::source::RedisSource;

impl Transport for Redis {
    fn traits(&self) -> TransportTraits {
        let known = self.broker().is_ok_and(|broker| broker.writer.is_durable());
        let mut traits = TransportTraits::none();
        // One that is not is refused, unless it was accepted.
        traits.durable = !self.settings.weaker || known;
        traits.ordered = Ordered::Alone;
        traits.groups = true;
        traits.counted = true;
        traits.hold = Some(self.settings.hold);
        traits.max_size = Some(self.settings.max_size);
        traits
    }

    fn open<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<()>> {
        Box::pin(async {
            let broker = self.broker()?;
            let facts = examine(&broker.control, &broker.settings).await?;
            broker.writer.set_durable(facts.durable);
            for subscription in &topology.subscriptions {
                broker.declare(subscription).await?;
            }
            Ok(())
        })
    }

    fn subscribe<'a>(&'a self, subscription: &'a Subscription) -> BoxFuture<'a, Result<Box<dyn Source>>> {
        Box::pin(async {
            let broker = self.broker()?;
            broker.declare(subscription).await?;
            broker.give_back_abandoned().await?;
            let source = RedisSource::new(Arc::clone(broker), subscription.clone()).await?;
            Ok(Box::new(source) as Box<dyn Source>)
        })
    }
}

impl Broker {
    /// Makes the group of a subscription, and has it get its events.
    pub(crate) async fn declare(&self, subscription: &Subscription) -> Result<()> {
        let (names, group) = (&self.settings.names, &subscription.group);
        let mut script = DECLARE.prepare_invoke();
        script.key(names.stream(group)).key(names.routes()).key(names.version());
        script.arg(names.group(group)).arg([ARROW, group].concat()).arg(new_id().to_string());
        script.arg(self.settings.forget.as_secs());
        for event in &subscription.events {
            script.arg(event);
        }
        let what = format!("declaring the group `{group}`");
        self.control.run(&what, &script).await.map_err(|error| explain(error, &names.stream(group)))?;
        self.declare_foreign(subscription).await
    }

    /// Makes the group on the streams of others that it reads.
    async fn declare_foreign(&self, subscription: &Subscription) -> Result<()> {
        let heard = |name: &String| subscription.events.contains(name);
        for mapping in self.settings.foreign.iter().filter(|mapping| heard(&mapping.name)) {
            let mut make = cmd("XGROUP");
            let group = self.settings.names.group(&subscription.group);
            make.arg("CREATE").arg(&mapping.stream).arg(group).arg("$").arg("MKSTREAM");
            match self.control.ask("declaring a group", &make).await {
                Err(error) if !error.message().contains("BUSYGROUP") => {
                    return Err(explain(error, &mapping.stream));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Says which key is in the way, if one is.
fn explain(error: Error, key: &str) -> Error {
    if error.kind() != Kind::Conflict {
        return error;
    }
    let text = format!(
        "the key `{key}` is there and no stream: choose another prefix, or remove it ({})",
        error.message()
    );
    Error::new(Kind::Conflict, error.code().to_owned(), text)
}
