//! What core asks of a transport.

use anywise_core::{BoxFuture, Ordered, Result, Source, Subscription, Topology, Transport, TransportTraits};
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;

use crate::config::RabbitMq;
use crate::dead::Grave;
use crate::properties::short;
use crate::source::RabbitSource;
use std::sync::Arc;

impl Transport for RabbitMq {
    fn traits(&self) -> TransportTraits {
        let mut traits = TransportTraits::none();
        traits.durable = true;
        traits.ordered = if self.settings.shared { Ordered::Alone } else { Ordered::Always };
        traits.groups = true;
        traits.counted = true;
        traits.max_size = Some(self.settings.max_size);
        traits
    }

    fn open<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.outgoing.prepare(topology))
    }

    fn subscribe<'a>(&'a self, subscription: &'a Subscription) -> BoxFuture<'a, Result<Box<dyn Source>>> {
        Box::pin(async move {
            let source = self.source(subscription).await?;
            Ok(Box::new(source) as Box<dyn Source>)
        })
    }
}

impl RabbitMq {
    async fn source(&self, subscription: &Subscription) -> Result<RabbitSource> {
        let settings = Arc::clone(&self.settings);
        let channel = self.incoming.channel().await?;
        self.declared.group(&channel, subscription).await?;
        settings.answered(channel.basic_qos(settings.prefetch, BasicQosOptions::default())).await?;
        let queue = short(settings.queue(&subscription.group))?;
        let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let consumer =
            settings.answered(channel.basic_consume(queue, "anywise".into(), options, none)).await?;
        let grave = Grave {
            exchange: short(settings.dead_exchange())?,
            group: short(subscription.group.clone())?,
            most: self.outgoing.most_properties(),
        };
        Ok(RabbitSource::new(settings, Arc::clone(&self.outgoing), channel, consumer, grave))
    }
}
