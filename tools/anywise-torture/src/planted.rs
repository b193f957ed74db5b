//! Bugs that can be planted between an application and its broker: a transport
//! around the real one, which does what an adapter or a relay must not do.
//!
//! Without `AW_MUTANT` it passes everything on as it is.

use std::sync::Arc;
use std::time::Duration;

use anywise::{
    BoxFuture, Envelope, Incoming, Outcome, Result, Sink, Source, Subscription, Tag, Topology, Transport,
    TransportTraits,
};

/// Whether `AW_MUTANT` plants the bug `name`.
pub(crate) fn planted(name: &str) -> bool {
    std::env::var("AW_MUTANT").is_ok_and(|planted| planted == name)
}

/// How long what was acknowledged takes on its way to the store.
const ON_ITS_WAY: Duration = Duration::from_millis(5);

/// A transport with bugs.
pub(crate) struct Planted<T> {
    inner: Arc<T>,
    /// Says that an event is published, and publishes it then.
    marks_first: bool,
    /// Acknowledges what came, and hands it over then.
    acks_first: bool,
}

impl<T: Transport> Planted<T> {
    pub(crate) fn around(inner: T) -> Self {
        Self {
            inner: Arc::new(inner),
            marks_first: planted("mark_before_publish"),
            acks_first: planted("ack_before_take"),
        }
    }
}

impl<T: Transport> Sink for Planted<T> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn send(&self, envelope: Envelope) -> BoxFuture<'_, Result<()>> {
        if self.marks_first {
            let inner = Arc::clone(&self.inner);
            tokio::spawn(async move { inner.send(envelope).await });
            return Box::pin(std::future::ready(Ok(())));
        }
        self.inner.send(envelope)
    }
}

impl<T: Transport> Transport for Planted<T> {
    fn traits(&self) -> TransportTraits {
        self.inner.traits()
    }

    fn open<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<()>> {
        self.inner.open(topology)
    }

    fn subscribe<'a>(&'a self, subscription: &'a Subscription) -> BoxFuture<'a, Result<Box<dyn Source>>> {
        if !self.acks_first {
            return self.inner.subscribe(subscription);
        }
        Box::pin(async move {
            let source = self.inner.subscribe(subscription).await?;
            Ok(Box::new(Hasty(source)) as Box<dyn Source>)
        })
    }
}

/// A source that settles what it has not handed over yet.
struct Hasty(Box<dyn Source>);

impl Source for Hasty {
    fn receive(&self, most: usize) -> BoxFuture<'_, Result<Vec<Incoming>>> {
        Box::pin(async move {
            let came = self.0.receive(most).await?;
            let done = came.iter().map(|one| (one.tag, Outcome::Done(None))).collect();
            self.0.settle(done).await?;
            tokio::time::sleep(ON_ITS_WAY).await;
            Ok(came)
        })
    }

    fn settle(&self, _: Vec<(Tag, Outcome)>) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn lag(&self) -> BoxFuture<'_, Result<Option<u64>>> {
        self.0.lag()
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.0.close()
    }
}
