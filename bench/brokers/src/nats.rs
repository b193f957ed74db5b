//! NATS: async-nats by hand. It writes the body and `Nats-Msg-Id`, and waits for
//! the stream's confirmation; a pull consumer's messages are acknowledged one by
//! one, every last one of a batch with a confirmation.

use std::sync::Arc;
use std::time::Duration;

use anywise::{Transport, new_id};
use anywise_nats::Nats;
use async_nats::HeaderMap;
use async_nats::jetstream::{self, consumer, stream};
use futures_util::StreamExt as _;

use crate::broker::{Broker, Done, Hand, read};
use crate::ours::shop::Sold;
use crate::place::{EVENT, GROUP};
use crate::tally::Tally;

const STREAM: &str = "HAND";
const SUBJECT: &str = "hand.shop.Sold";

/// A stream with the settings of ours.
pub(crate) struct Bare {
    url: String,
    prefix: String,
    hand: jetstream::Context,
}

impl Broker for Bare {
    const SAME: Option<&'static str> = Some("same headers");

    async fn connect(url: &str, prefix: &str) -> Done<Self> {
        let hand = jetstream::new(async_nats::connect(url).await?);
        let config = stream::Config {
            name: STREAM.into(),
            subjects: vec!["hand.>".into()],
            discard: stream::DiscardPolicy::New,
            duplicate_window: Duration::from_secs(120),
            max_age: Duration::from_secs(7 * 24 * 3600),
            ..stream::Config::default()
        };
        let stream = hand.create_stream(config).await?;
        let consumer = consumer::pull::Config {
            durable_name: Some(GROUP.into()),
            max_ack_pending: 512,
            filter_subject: SUBJECT.into(),
            ..consumer::pull::Config::default()
        };
        stream.create_consumer(consumer).await?;
        Ok(Self { url: url.to_owned(), prefix: prefix.to_owned(), hand })
    }

    fn transport(&self) -> Arc<dyn Transport> {
        Arc::new(Nats::new(&self.url).prefix(&self.prefix))
    }

    async fn publish_one(&self, hand: Hand, event: &Sold) -> Done {
        let (mut headers, id) = (HeaderMap::new(), new_id().to_string());
        if hand == Hand::Same {
            let all = [("ce-specversion", "1.0"), ("ce-source", "/bench"), ("ce-type", EVENT)];
            for (name, value) in all {
                headers.insert(name, value);
            }
            headers.insert("ce-id", id.as_str());
            headers.insert("ce-time", anywise::Timestamp::now().to_string());
            headers.insert("ce-partitionkey", event.order.as_str());
            headers.insert("ce-correlationid", id.as_str());
            headers.insert("content-type", "application/json");
        }
        headers.insert("Nats-Msg-Id", id);
        let body = serde_json::to_vec(event)?;
        self.hand.publish_with_headers(SUBJECT, headers, body.into()).await?.await?;
        Ok(())
    }

    async fn consume(&self, _: Hand, tally: &Tally, count: usize) -> Done {
        let hand = jetstream::new(async_nats::connect(&self.url).await?);
        let consumer: consumer::PullConsumer = hand.get_stream(STREAM).await?.get_consumer(GROUP).await?;
        let messages = consumer.stream().max_messages_per_batch(256).heartbeat(Duration::from_secs(5));
        let mut messages = messages.messages().await?.ready_chunks(256);
        let mut done = 0;
        while done < count {
            let chunk = messages.next().await.ok_or("ended")?;
            let last = chunk.len() - 1;
            done += chunk.len();
            for (at, message) in chunk.into_iter().enumerate() {
                let message = message?;
                tally.note(read(&message.payload)?.at);
                if at == last { message.double_ack().await? } else { message.ack().await? }
            }
        }
        Ok(())
    }

    async fn purge(&self) -> Done {
        for name in [STREAM.to_owned(), self.prefix.to_uppercase()] {
            self.hand.get_stream(name).await?.purge().await?;
        }
        Ok(())
    }

    /// The server is its own, and goes with everything on it.
    async fn delete(&self) -> Done {
        Ok(())
    }
}
