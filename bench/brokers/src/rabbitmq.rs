//! RabbitMQ: lapin by hand, with the confirms and acknowledgements of ours.

use std::sync::Arc;

use anywise::{Transport, new_id};
use anywise_rabbitmq::RabbitMq;
use futures_util::{FutureExt as _, StreamExt as _};
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions, ExchangeDeleteOptions, QueueDeleteOptions, QueuePurgeOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};

use crate::broker::{Broker, Done, Hand, read};
use crate::ours::shop::Sold;
use crate::place::{EVENT, GROUP};
use crate::tally::Tally;

const PREFETCH: u16 = 512;

pub(crate) fn url() -> String {
    std::env::var("ANYWISE_RABBITMQ_URL").unwrap_or_else(|_| "amqp://guest:guest@127.0.0.1:5672".to_owned())
}

/// A channel to the exchange and the queue of ours.
pub(crate) struct Bare {
    url: String,
    _connection: Connection,
    channel: Channel,
    exchange: ShortString,
    queue: ShortString,
}

/// The attributes that ours writes, as headers.
fn headers(event: &Sold, id: &str) -> FieldTable {
    let (time, mut table) = (anywise::Timestamp::now().to_string(), FieldTable::default());
    let attributes = [
        ("cloudEvents_specversion", "1.0"),
        ("cloudEvents_id", id),
        ("cloudEvents_source", "/bench"),
        ("cloudEvents_type", EVENT),
        ("cloudEvents_time", &time),
        ("cloudEvents_partitionkey", &event.order),
        ("cloudEvents_correlationid", id),
    ];
    for (name, value) in attributes {
        table.insert(name.into(), AMQPValue::LongString(value.into()));
    }
    table
}

impl Broker for Bare {
    const SAME: Option<&'static str> = Some("same headers");
    const SHARED: bool = true;
    /// Three times what Wolverine keeps of its bare client.
    const STORE_BAR: Option<f64> = Some(0.18);

    async fn connect(url: &str, prefix: &str) -> Done<Self> {
        let connection = Connection::connect(url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let queue = format!("{prefix}.{GROUP}").as_str().into();
        Ok(Self { url: url.to_owned(), _connection: connection, channel, exchange: prefix.into(), queue })
    }

    fn transport(&self) -> Arc<dyn Transport> {
        let rabbit = RabbitMq::new(&self.url).prefix(self.exchange.as_str());
        Arc::new(rabbit.prefetch(PREFETCH).require_routes())
    }

    async fn publish_one(&self, hand: Hand, event: &Sold) -> Done {
        let id = new_id().to_string();
        let properties = BasicProperties::default()
            .with_delivery_mode(2)
            .with_content_type("application/json".into())
            .with_message_id(id.as_str().into());
        let properties = match hand {
            Hand::Plain => properties,
            Hand::Same => properties.with_headers(headers(event, &id)),
        };
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let (exchange, body) = (self.exchange.clone(), serde_json::to_vec(event)?);
        let publishing = self.channel.basic_publish(exchange, EVENT.into(), options, &body, properties);
        if publishing.await?.await?.is_ack() { Ok(()) } else { Err("not confirmed".into()) }
    }

    /// In groups of what is there, as ours does.
    async fn consume(&self, _: Hand, tally: &Tally, count: usize) -> Done {
        let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let mut consumer =
            self.channel.basic_consume(self.queue.clone(), "bare".into(), options, none).await?;
        let mut done = 0;
        while done < count {
            let mut last = consumer.next().await.ok_or("cancelled")??;
            tally.note(read(&last.data)?.at);
            done += 1;
            for _ in 1..256 {
                let Some(Some(next)) = consumer.next().now_or_never() else { break };
                last = next?;
                tally.note(read(&last.data)?.at);
                done += 1;
            }
            last.ack(BasicAckOptions { multiple: true }).await?;
        }
        self.channel.basic_cancel(consumer.tag(), BasicCancelOptions::default()).await?;
        Ok(())
    }

    async fn purge(&self) -> Done {
        self.channel.queue_purge(self.queue.clone(), QueuePurgeOptions::default()).await?;
        Ok(())
    }

    async fn delete(&self) -> Done {
        for queue in [self.queue.to_string(), format!("{}.dead", self.queue)] {
            self.channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
        }
        for exchange in [self.exchange.to_string(), format!("{}.dead", self.exchange)] {
            self.channel.exchange_delete(exchange.as_str().into(), ExchangeDeleteOptions::default()).await?;
        }
        Ok(())
    }
}
