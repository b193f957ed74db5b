//! The one task that publishes on a channel, and tells who waits what became of
//! it.
//!
//! Publishes go out in the order in which they were handed in, many before the
//! first is confirmed. A task of its own, so that whoever stops waiting takes
//! nothing with them.
//!
//! The broker returns a message that no queue gets before it confirms it, but
//! the client hands what was returned to whichever publish is confirmed next.
//! So what was returned is recognised by what it is, and a publish is taken for
//! routed only when everything that was confirmed with it has been looked at.

use std::collections::HashMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use lapin::message::BasicReturnMessage;
use lapin::options::BasicPublishOptions;
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation};
use tokio::sync::{mpsc, oneshot};

/// A message for an exchange.
pub(crate) struct Message {
    pub(crate) exchange: ShortString,
    pub(crate) routing_key: ShortString,
    pub(crate) properties: BasicProperties,
    pub(crate) body: Bytes,
    /// It has to reach a queue.
    pub(crate) mandatory: bool,
}

/// What became of a message that was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Published {
    /// Every queue that gets it has it.
    Confirmed,
    /// No queue gets it, and one had to.
    Returned,
    /// A queue did not take it: it is full, or has lost its majority.
    Rejected,
}

/// A message, and who waits for what becomes of it.
pub(crate) struct Publish {
    pub(crate) message: Message,
    pub(crate) answer: oneshot::Sender<lapin::Result<Published>>,
}

/// By what a returned message is recognised.
type Mark = (ShortString, ShortString, ShortString);

/// A publish of which the broker has said something.
struct Ended {
    mark: Option<Mark>,
    answer: oneshot::Sender<lapin::Result<Published>>,
    confirmation: lapin::Result<Confirmation>,
}

impl Ended {
    fn may_be_returned(&self) -> bool {
        self.mark.is_some() && self.confirmation.is_ok()
    }
}

/// Publishes what is handed in, until nobody can hand in any more or the channel
/// is lost.
pub(crate) async fn run(channel: Channel, mut publishes: mpsc::Receiver<Publish>, most: usize) {
    let mut flight = FuturesUnordered::new();
    let mut returned = Returned::default();
    let (mut some, mut ended, mut open) = (Vec::new(), Vec::new(), true);
    loop {
        let room = most - flight.len();
        tokio::select! {
            count = publishes.recv_many(&mut some, room), if open && room > 0 => {
                open = count > 0;
                for publish in some.drain(..) {
                    match begin(&channel, publish) {
                        Ok(done) => ended.push(done),
                        Err(sending) => flight.push(sending),
                    }
                }
            }
            Some(done) = flight.next(), if !flight.is_empty() => ended.push(done),
            else => break,
        }
        while !ended.is_empty() {
            gather(&mut flight, &mut ended);
            if ended.iter().any(Ended::may_be_returned) {
                pass_the_lock(&channel);
            }
            // What ended only now may have been handed what belongs to the others.
            let mut later = Vec::new();
            gather(&mut flight, &mut later);
            returned.note(ended.iter_mut().chain(&mut later));
            if let Some(error) = ended.iter().find_map(|one| one.confirmation.as_ref().err()) {
                publishes.close();
                tracing::debug!(%error, "a channel for publishing is lost");
            }
            ended.drain(..).for_each(|one| returned.tell(one));
            ended = later;
        }
    }
    crate::connection::close(&channel).await;
}

/// Hands a message to the client, which sends it in its turn.
fn begin(channel: &Channel, publish: Publish) -> Result<Ended, Pin<Box<impl Future<Output = Ended>>>> {
    let mut sending = Box::pin(send(channel, publish));
    match sending.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(ended) => Ok(ended),
        Poll::Pending => Err(sending),
    }
}

async fn send(channel: &Channel, publish: Publish) -> Ended {
    let Publish { message, answer } = publish;
    let Message { exchange, routing_key, properties, body, mandatory } = message;
    let mark = mandatory.then(|| mark(&exchange, &routing_key, &properties));
    let options = BasicPublishOptions { mandatory, ..BasicPublishOptions::default() };
    let confirmation = match channel.basic_publish(exchange, routing_key, options, &body, properties).await {
        Ok(confirm) => confirm.await,
        Err(error) => Err(error),
    };
    Ended { mark, answer, confirmation }
}

/// Takes what has ended, without waiting.
fn gather(flight: &mut FuturesUnordered<impl Future<Output = Ended>>, into: &mut Vec<Ended>) {
    while let Some(Some(done)) = flight.next().now_or_never() {
        into.push(done);
    }
}

/// Waits until the client has handed out everything that the broker confirmed
/// at one time: it does so under a lock, and this passes through it.
fn pass_the_lock(channel: &Channel) {
    // It need not have been confirmed; only the lock matters.
    drop(channel.wait_for_confirms().now_or_never());
}

fn mark(exchange: &ShortString, routing_key: &ShortString, properties: &BasicProperties) -> Mark {
    let id = properties.message_id().clone().unwrap_or_default();
    (exchange.clone(), routing_key.clone(), id)
}

/// What the broker returned, and nobody was told of yet.
#[derive(Default)]
struct Returned(HashMap<Mark, usize>);

impl Returned {
    fn note<'e>(&mut self, ended: impl Iterator<Item = &'e mut Ended>) {
        for one in ended {
            if let Some(message) = take(&mut one.confirmation) {
                let delivery = &message.delivery;
                let mark = mark(&delivery.exchange, &delivery.routing_key, &delivery.properties);
                *self.0.entry(mark).or_default() += 1;
            }
        }
    }

    fn tell(&mut self, ended: Ended) {
        let Ended { mark, answer, confirmation } = ended;
        let returned = mark.is_some_and(|mark| self.remove(&mark));
        let published = confirmation.map(|confirmation| match confirmation {
            Confirmation::Ack(_) if returned => Published::Returned,
            Confirmation::Ack(_) => Published::Confirmed,
            Confirmation::Nack(_) | Confirmation::NotRequested => Published::Rejected,
        });
        // Who does not wait any more need not know.
        drop(answer.send(published));
    }

    fn remove(&mut self, mark: &Mark) -> bool {
        let Some(count) = self.0.get_mut(mark) else { return false };
        *count -= 1;
        if *count == 0 {
            self.0.remove(mark);
        }
        true
    }
}

fn take(confirmation: &mut lapin::Result<Confirmation>) -> Option<BasicReturnMessage> {
    match confirmation {
        Ok(Confirmation::Ack(message) | Confirmation::Nack(message)) => message.take(),
        _ => None,
    }
}
