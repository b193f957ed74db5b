//! What must be there before anything is published or received: the tables, and
//! the routes of each subscription.
//!
//! Who publishes reads the routes and writes the messages in one statement, and
//! holds a lock on the routes until it has committed. A new route is made behind
//! that lock: what commits later has seen it, and what has not was committed
//! before the subscription was there.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use anywise_core::{BoxFuture, Ordered, Result, Source, Subscription, Topology, Transport, TransportTraits};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::postgres::broker::reader::Reader;
use crate::postgres::broker::source::PostgresSource;
use crate::postgres::broker::{Broker, PostgresBroker};
use crate::postgres::round::micros;

impl Transport for PostgresBroker {
    fn traits(&self) -> TransportTraits {
        let mut traits = TransportTraits::none();
        traits.durable = self.settings.is_durable();
        traits.ordered = Ordered::Always;
        traits.delay = true;
        traits.groups = true;
        traits.counted = true;
        traits.hold = Some(self.settings.hold);
        traits.max_size = Some(self.settings.max_size);
        traits
    }

    fn open<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<()>> {
        Box::pin(async {
            let broker = &self.running()?.broker;
            broker.open().await?;
            for subscription in &topology.subscriptions {
                broker.declare(subscription).await?;
            }
            Ok(())
        })
    }

    fn subscribe<'a>(&'a self, subscription: &'a Subscription) -> BoxFuture<'a, Result<Box<dyn Source>>> {
        Box::pin(async {
            let broker = &self.running()?.broker;
            broker.open().await?;
            broker.declare(subscription).await?;
            broker.give_back_abandoned().await?;
            let query = sqlx::query(broker.sql.tidy.text()).bind(&subscription.group);
            broker.control.run("tidying up", query).await?;
            let reader = Reader::new(Arc::clone(broker), subscription.clone());
            Ok(Box::new(PostgresSource::new(reader)) as Box<dyn Source>)
        })
    }
}

impl Broker {
    /// Makes the tables, if that was not done.
    pub(super) async fn open(&self) -> Result<()> {
        let open = self.opened.get_or_try_init(async || {
            let is_durable = self.check().await?;
            self.settings.durable.store(is_durable, Ordering::Relaxed);
            self.migrate().await
        });
        open.await.copied()
    }

    /// Has a group get its events.
    pub(super) async fn declare(&self, subscription: &Subscription) -> Result<()> {
        let what = "declaring a group";
        let Subscription { group, events, .. } = subscription;
        let asked = sqlx::query(self.sql.asked.text()).bind(group).bind(events);
        let known = self.control.run(what, asked).await?;
        if known < events.len() as u64 {
            let mut connection = self.writing.get().await?;
            let made = self.make_routes(connection.raw(), subscription).await;
            connection.put_back_after(&made);
            made.map_err(|error| self.writing.error(what, error))?;
        }
        let forget = sqlx::query(self.sql.forget.text());
        let forget = forget.bind(group).bind(events).bind(micros(self.settings.forget));
        self.control.run(what, forget).await.map(drop)
    }

    async fn make_routes(
        &self,
        connection: &mut PgConnection,
        subscription: &Subscription,
    ) -> sqlx::Result<()> {
        let mut transaction = connection.begin().await?;
        sqlx::raw_sql(self.sql.gate.text()).execute(&mut *transaction).await?;
        let routes = sqlx::query(self.sql.route.text()).bind(&subscription.group).bind(&subscription.events);
        routes.execute(&mut *transaction).await?;
        transaction.commit().await
    }
}
