//! What core sees of Kafka.

use anywise_core::{
    BoxFuture, Error, Ordered, Result, Source, Subscription, Topology, Transport, TransportTraits,
};

use crate::config::Kafka;
use crate::member::Member;
use crate::source::KafkaSource;
use crate::topology::{Reads, Wanted};

impl Transport for Kafka {
    fn traits(&self) -> TransportTraits {
        let mut traits = TransportTraits::none();
        traits.durable = true;
        traits.ordered = Ordered::Always;
        traits.groups = true;
        traits.replay = self.config.replay;
        traits.max_size = Some(self.most());
        traits
    }

    fn open<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.declare(Wanted::of(&self.config, topology)))
    }

    fn subscribe<'a>(&'a self, subscription: &'a Subscription) -> BoxFuture<'a, Result<Box<dyn Source>>> {
        Box::pin(async move {
            let mut wanted = Wanted::default();
            wanted.add(&self.config, subscription);
            self.declare(wanted).await?;
            let reads = Reads::of(&self.config, subscription);
            let (config, group) = (self.config.clone(), self.config.group_of(&subscription.group));
            let joining = tokio::task::spawn_blocking(move || Member::join(config, group, reads));
            let member = joining.await.map_err(|_| Error::internal("joining a group was cut short"))??;
            let dead = self.config.dead_of(&subscription.group);
            Ok(Box::new(KafkaSource::new(member, self.same(), dead)) as Box<dyn Source>)
        })
    }
}
