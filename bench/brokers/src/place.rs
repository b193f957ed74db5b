//! A corner of a broker, where both sides publish and consume.

use std::sync::Arc;
use std::time::Duration;

use anywise::sql::Sqlite;
use anywise::{App, Envelope, Outcome, Subscription, Topology, Transport};

use crate::broker::{Broker, Done, Hand, read};
use crate::ours::{office, shop};
use crate::rounds::window;
use crate::tally::Tally;

/// The event as it is called on the wire, and the group that gets it.
pub(crate) const EVENT: &str = "shop.Sold";
pub(crate) const GROUP: &str = "office";

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// An application: `App::publish`, and a listener without a store.
    App,
    /// An application whose listener is behind a store.
    Store,
    /// The adapter alone, as core calls it.
    Adapter,
    /// The bare client.
    Bare(Hand),
}

/// Everything that figures are measured with.
pub(crate) struct Place<B> {
    bare: Arc<B>,
    app: App,
    sink: Arc<dyn Transport>,
}

impl<B: Broker> Place<B> {
    pub(crate) async fn open(url: &str, prefix: &str) -> Done<Self> {
        let bare = Arc::new(B::connect(url, prefix).await?);
        // The group of ours exists before anything is published.
        listener(&*bare, &Tally::new(0)).await?.stop(Duration::from_secs(10)).await;
        let app = App::builder().name("bench").slices([shop::SLICE]).transport_arc(bare.transport());
        let (app, sink) = (app.build().await?, bare.transport());
        let mut topology = Topology::of("bench");
        topology.events = vec![EVENT.to_owned()];
        topology.subscriptions = vec![Subscription::new(GROUP, [EVENT])];
        sink.open(&topology).await?;
        Ok(Self { bare, app, sink })
    }

    pub(crate) async fn close(self) -> Done {
        self.app.stop(Duration::from_secs(10)).await;
        self.bare.delete().await
    }

    pub(crate) async fn purge(&self) -> Done {
        self.bare.purge().await
    }

    /// Events published a second.
    pub(crate) async fn publish(&self, side: Side, wide: usize, count: usize) -> Done<f64> {
        window(count, wide, |number| self.publish_one(side, shop::Sold::new(number, 0))).await
    }

    pub(crate) async fn publish_one(&self, side: Side, event: shop::Sold) -> Done {
        match side {
            Side::App | Side::Store => self.app.publish(event).await?,
            Side::Adapter => {
                let mut envelope = Envelope::json(EVENT, serde_json::to_vec(&event)?);
                envelope.key = Some(event.order);
                self.sink.send(envelope).await?;
            }
            Side::Bare(hand) => self.bare.publish_one(hand, &event).await?,
        }
        Ok(())
    }

    /// Events consumed a second, of those that wait when it begins.
    pub(crate) async fn consume(&self, side: Side, count: usize) -> Done<f64> {
        let filled = if B::SHARED { Side::App } else { side };
        self.publish(filled, 256, count).await?;
        let tally = Tally::new(count);
        match side {
            Side::Store => self.keep(&tally).await?,
            Side::Adapter => self.receive(&tally, count).await?,
            Side::App | Side::Bare(_) => {
                let consuming = self.begin(side, &tally, count).await?;
                consuming.end(&tally).await?;
            }
        }
        self.purge().await?;
        Ok(tally.rate())
    }

    /// An application, or the bare client, begins to consume.
    pub(crate) async fn begin(&self, side: Side, tally: &Arc<Tally>, count: usize) -> Done<Consuming> {
        let Side::Bare(hand) = side else { return Ok(Consuming::App(listener(&*self.bare, tally).await?)) };
        let (bare, tally) = (Arc::clone(&self.bare), Arc::clone(tally));
        Ok(Consuming::Bare(tokio::spawn(async move { bare.consume(hand, &tally, count).await })))
    }

    /// As an application with a store does: the broker is told once it is kept.
    async fn keep(&self, tally: &Arc<Tally>) -> Done {
        // Beside the target folder: a folder for temporary files may be memory.
        let folder = tempfile::tempdir_in(".")?;
        let store = Sqlite::open(folder.path().join("bench.db")).await?;
        let app = App::builder().name("bench").slices([office::SLICE]).provide_arc(Arc::clone(tally));
        let app = app.consume_policy(B::policy()).store(store).transport_arc(self.bare.transport());
        Consuming::App(app.build().await?).end(tally).await
    }

    /// As core does, without what it does with the messages.
    async fn receive(&self, tally: &Tally, count: usize) -> Done {
        let source = self.sink.subscribe(&Subscription::new(GROUP, [EVENT])).await?;
        let mut done = 0;
        while done < count {
            let some = source.receive(256).await?;
            for one in &some {
                tally.note(read(&one.frame.body)?.at);
            }
            done += some.len();
            source.settle(some.into_iter().map(|one| (one.tag, Outcome::Done(None))).collect()).await?;
        }
        source.close().await?;
        Ok(())
    }
}

async fn listener<B: Broker>(bare: &B, tally: &Arc<Tally>) -> Done<App> {
    let app = App::builder().name("bench").slices([office::SLICE]).provide_arc(Arc::clone(tally));
    Ok(app.consume_policy(B::policy()).transport_arc(bare.transport()).build().await?)
}

/// Something that consumes, ours or by hand.
pub(crate) enum Consuming {
    App(App),
    Bare(tokio::task::JoinHandle<Done>),
}

impl Consuming {
    /// Waits until everything has come, and is acknowledged.
    pub(crate) async fn end(self, tally: &Tally) -> Done {
        match self {
            Self::App(app) => {
                tally.reached().await;
                app.stop(Duration::from_secs(10)).await;
                Ok(())
            }
            Self::Bare(task) => task.await?,
        }
    }
}
