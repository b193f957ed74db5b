//! Brings the messages of one group, and tells the broker what became of them.
//!
//! A source is one channel. What was delivered on it is acknowledged on it, or
//! comes again when it ends.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anywise_core::{BoxFuture, CancellationToken, Error, Incoming, Outcome, Result, Source, Tag};
use bytes::Bytes;
use futures_util::future::{join_all, try_join_all};
use futures_util::{FutureExt, StreamExt};
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicNackOptions, ChannelFlowOptions, QueueDeclareOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Consumer};
use tokio_util::task::TaskTracker;

use crate::config::Settings;
use crate::confirms::{Message, Published};
use crate::connection::close;
use crate::dead::Grave;
use crate::error::away;
use crate::foreign::{self, Known};
use crate::properties;
use crate::sink::Outgoing;
use crate::unsettled::{Acks, Kept, Unsettled};

/// How long a message that could not be put back waits to be tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// A subscription of one group.
pub(crate) struct RabbitSource {
    inbox: tokio::sync::Mutex<Inbox>,
    desk: Arc<Desk>,
    closed: CancellationToken,
}

/// What the broker has sent ahead.
struct Inbox {
    consumer: Consumer,
    ready: VecDeque<Delivery>,
    /// Nothing more comes, for this reason if there is one.
    #[expect(clippy::option_option, reason = "it is lost, and the client may say why")]
    lost: Option<Option<lapin::Error>>,
}

/// Where messages are settled.
struct Desk {
    settings: Arc<Settings>,
    outgoing: Arc<Outgoing>,
    channel: Channel,
    queue: ShortString,
    grave: Grave,
    unsettled: Mutex<Unsettled>,
    /// Whose turn it is to send. What is sent for many tags stands for all before
    /// it, so it must not overtake what was decided before.
    turn: tokio::sync::Mutex<()>,
    /// Messages that are being given an id.
    naming: TaskTracker,
}

/// How long messages that are being given an id may take when the source closes.
const REST: Duration = Duration::from_secs(5);

impl RabbitSource {
    pub(crate) fn new(
        settings: Arc<Settings>,
        outgoing: Arc<Outgoing>,
        channel: Channel,
        consumer: Consumer,
        grave: Grave,
    ) -> Self {
        let queue = consumer.queue();
        let inbox = tokio::sync::Mutex::new(Inbox { consumer, ready: VecDeque::new(), lost: None });
        let desk = Desk {
            settings,
            outgoing,
            channel,
            queue,
            grave,
            unsettled: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            naming: TaskTracker::new(),
        };
        Self { inbox, desk: Arc::new(desk), closed: CancellationToken::new() }
    }

    async fn next(&self, most: usize) -> Result<Vec<Incoming>> {
        let mut inbox = self.inbox.lock().await;
        loop {
            inbox.fill(most);
            // What was sent before cannot be settled any more.
            if let Some(error) = inbox.lost.clone() {
                return Err(self.desk.lost(error));
            }
            let count = most.min(inbox.ready.len());
            let some: Vec<_> = inbox.ready.drain(..count).filter_map(|one| self.desk.take(one)).collect();
            if !some.is_empty() {
                return Ok(some);
            }
            if inbox.ready.is_empty() {
                inbox.wait().await;
            }
        }
    }
}

impl Inbox {
    /// Takes what has been sent, without waiting, until there are `most`.
    fn fill(&mut self, most: usize) {
        while self.ready.len() < most && self.lost.is_none() {
            match self.consumer.next().now_or_never() {
                Some(delivery) => self.put(delivery),
                None => break,
            }
        }
    }

    async fn wait(&mut self) {
        let delivery = self.consumer.next().await;
        self.put(delivery);
    }

    fn put(&mut self, delivery: Option<lapin::Result<Delivery>>) {
        match delivery {
            Some(Ok(delivery)) => self.ready.push_back(delivery),
            Some(Err(error)) => self.lost = Some(Some(error)),
            None => self.lost = Some(None),
        }
    }
}

impl Desk {
    fn lost(&self, error: Option<lapin::Error>) -> Error {
        let address = self.settings.address();
        match error {
            Some(error) => away(&address, error),
            None => away(&address, format_args!("the consumer of `{}` was cancelled", self.queue)),
        }
    }

    fn unsettled(&self) -> std::sync::MutexGuard<'_, Unsettled> {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over a delivery; nothing if it is put back under a name.
    fn take(self: &Arc<Self>, delivery: Delivery) -> Option<Incoming> {
        let mut delivery = delivery;
        let body = Bytes::from(std::mem::take(&mut delivery.data));
        let frame = properties::read(&delivery.properties, body.clone());
        let known = foreign::known(&self.settings.foreign, &delivery, &frame);
        let (tag, delivered) = (delivery.delivery_tag, properties::deliveries(&delivery.properties) + 1);
        let Delivery { exchange, routing_key, properties, .. } = delivery;
        self.unsettled().add(tag, Kept { properties, body, exchange, routing_key });
        let incoming =
            |foreign| Some(Incoming::new(Tag::from(tag), frame).foreign(foreign).delivered(delivered));
        match known {
            None => incoming(None),
            Some(Known::Named(foreign)) => incoming(Some(foreign)),
            Some(Known::Nameless(named)) => {
                self.naming.spawn(Arc::clone(self).put_back(tag, named));
                None
            }
        }
    }

    /// Puts a message that would not be recognised when it comes again at the
    /// end of the queue, with an id.
    async fn put_back(self: Arc<Self>, tag: u64, named: anywise_core::Frame) {
        let published = async {
            let message = Message {
                exchange: ShortString::default(),
                routing_key: self.queue.clone(),
                properties: properties::write(&named)?,
                body: named.body.clone(),
                mandatory: true,
            };
            self.outgoing.publish(message).await
        };
        let settled = match published.await {
            Ok(Published::Confirmed) => self.settle(vec![(Tag::from(tag), Outcome::Skip)]).await,
            Ok(_) => self.again(vec![tag]).await,
            Err(error) => {
                tracing::warn!(queue = %self.queue, %error, "a message was not given an id; it comes again");
                tokio::time::sleep(PAUSE).await;
                self.again(vec![tag]).await
            }
        };
        if let Err(error) = settled {
            tracing::debug!(queue = %self.queue, %error, "a message that was given an id comes again without one");
        }
    }

    async fn settle(&self, settled: Vec<(Tag, Outcome)>) -> Result<()> {
        let (mut done, mut again, mut dead) = (Vec::new(), Vec::new(), Vec::new());
        for (tag, outcome) in settled {
            let tag = self.held(tag)?;
            match outcome {
                Outcome::Done(_) | Outcome::Skip => done.push(tag),
                Outcome::Retry(_) => again.push(tag),
                Outcome::DeadLetter(reason) => dead.push((tag, "dead", reason)),
                Outcome::Park(reason) => dead.push((tag, "parked", reason)),
                // It is left to come again with the channel.
                _ => {}
            }
        }
        // What goes back first: an acknowledgement of many must not have it among them.
        self.again(again).await?;
        self.acknowledge(done).await?;
        if !dead.is_empty() {
            let tags = dead.iter().map(|(tag, ..)| *tag).collect();
            self.bury(dead).await?;
            self.acknowledge(tags).await?;
        }
        self.heard().await
    }

    fn held(&self, tag: Tag) -> Result<u64> {
        let tag = u64::try_from(tag).ok().filter(|tag| self.unsettled().get(*tag).is_some());
        tag.ok_or_else(|| away(&self.settings.address(), "the message is not held any more"))
    }

    async fn again(&self, tags: Vec<u64>) -> Result<()> {
        let _turn = self.turn.lock().await;
        let options = BasicNackOptions { requeue: true, multiple: false };
        let nacks = tags.iter().map(|tag| self.channel.basic_nack(*tag, options));
        let sent = self.settings.answered(try_join_all(nacks)).await.map(drop);
        for tag in &tags {
            self.unsettled().remove(*tag);
        }
        sent
    }

    async fn acknowledge(&self, tags: Vec<u64>) -> Result<()> {
        let _turn = self.turn.lock().await;
        let Acks { through, single } = self.unsettled().settle(tags);
        let through = through.map(|tag| (tag, true));
        let acks = through.into_iter().chain(single.into_iter().map(|tag| (tag, false)));
        let acks = acks.map(|(tag, multiple)| self.channel.basic_ack(tag, BasicAckOptions { multiple }));
        self.settings.answered(try_join_all(acks)).await.map(drop)
    }

    /// Keeps what nobody could handle.
    async fn bury(&self, dead: Vec<(u64, &str, String)>) -> Result<()> {
        let copies: Vec<_> = {
            let unsettled = self.unsettled();
            let copy = |(tag, outcome, reason): &(u64, &str, String)| {
                unsettled.get(*tag).map(|kept| self.grave.copy(kept, outcome, reason))
            };
            dead.iter().filter_map(copy).collect()
        };
        for published in join_all(copies.into_iter().map(|copy| self.outgoing.publish(copy))).await {
            if published? != Published::Confirmed {
                // The queue for it is gone, or full: it is declared again.
                self.outgoing.forget();
                return Err(away(&self.settings.address(), "a dead letter was not kept"));
            }
        }
        Ok(())
    }

    /// Waits until the broker has read what was sent on the channel before: an
    /// acknowledgement has no answer of its own.
    async fn heard(&self) -> Result<()> {
        let asking = self.channel.channel_flow(ChannelFlowOptions { active: true });
        self.settings.answered(asking).await.map(drop)
    }

    async fn lag(&self) -> Result<u64> {
        let options = QueueDeclareOptions { passive: true, durable: true, ..QueueDeclareOptions::default() };
        let asking = self.channel.queue_declare(self.queue.clone(), options, FieldTable::default());
        self.settings.answered(asking).await.map(|queue| u64::from(queue.message_count()))
    }
}

impl Source for RabbitSource {
    fn receive(&self, most: usize) -> BoxFuture<'_, Result<Vec<Incoming>>> {
        Box::pin(async move {
            tokio::select! {
                biased;
                () = self.closed.cancelled() => Ok(Vec::new()),
                some = self.next(most) => some,
            }
        })
    }

    fn settle(&self, settled: Vec<(Tag, Outcome)>) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.desk.settle(settled))
    }

    fn lag(&self) -> BoxFuture<'_, Result<Option<u64>>> {
        Box::pin(async {
            let waiting = self.desk.lag().await?;
            // Somebody who waits for more has nothing here.
            let ahead = self.inbox.try_lock().map_or(0, |mut inbox| {
                inbox.fill(usize::MAX);
                inbox.ready.len() as u64
            });
            Ok(Some(waiting + ahead))
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            self.closed.cancel();
            // Put back and not acknowledged, a message would come twice.
            self.desk.naming.close();
            drop(tokio::time::timeout(REST, self.desk.naming.wait()).await);
            // All that is not settled goes back with it, in its order.
            close(&self.desk.channel).await;
            Ok(())
        })
    }
}
