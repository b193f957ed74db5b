//! Takes events to the exchange.
//!
//! A channel for publishing is opened when it is needed, after everything has
//! been declared, and again when it was lost.

use std::sync::{Arc, Mutex, PoisonError};

use anywise_core::{BoxFuture, Envelope, Error, Kind, Result, Sink, Topology};
use lapin::Channel;
use lapin::options::ConfirmSelectOptions;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use crate::config::{RabbitMq, Settings};
use crate::confirms::{self, Message, Publish, Published};
use crate::connection::{Link, close};
use crate::error::{away, limit_of, too_large, unrouted};
use crate::properties;
use crate::topology::Declared;

/// The way out: one channel, shared by all who publish.
#[derive(Debug)]
pub(crate) struct Outgoing {
    settings: Arc<Settings>,
    link: Arc<Link>,
    declared: Arc<Declared>,
    open: Mutex<Option<Open>>,
    opening: tokio::sync::Mutex<Option<Failure>>,
}

#[derive(Debug)]
struct Open {
    channel: Channel,
    publishes: mpsc::Sender<Publish>,
}

/// Why a channel could not be opened: whoever waited for it meanwhile need not
/// find out again.
#[derive(Debug)]
struct Failure {
    at: Instant,
    kind: Kind,
    code: String,
    message: String,
}

impl Outgoing {
    pub(crate) fn new(settings: Arc<Settings>, link: Arc<Link>, declared: Arc<Declared>) -> Self {
        Self {
            settings,
            link,
            declared,
            open: Mutex::new(None),
            opening: tokio::sync::Mutex::const_new(None),
        }
    }

    /// Connects, and declares what the application has to do with.
    pub(crate) async fn prepare(&self, topology: &Topology) -> Result<()> {
        if self.declared.is_new(topology) && self.now().is_some() {
            // What is open stays so only if it succeeds.
            return self.declare().await.inspect_err(|_| self.forget());
        }
        match self.now() {
            Some(_) => Ok(()),
            None => self.reopen().await.map(drop),
        }
    }

    /// Publishes a message; done when the broker has confirmed it.
    pub(crate) async fn publish(&self, message: Message) -> Result<Published> {
        let size = message.body.len();
        let (answer, answered) = oneshot::channel();
        let publishes = match self.now() {
            Some(publishes) => publishes,
            // Whatever is wrong, it is not the message: it may be sent again.
            None => self.reopen().await.map_err(passing)?,
        };
        let publish = Publish { message, answer };
        let publish = match publishes.try_send(publish) {
            Ok(()) => None,
            Err(mpsc::error::TrySendError::Full(publish) | mpsc::error::TrySendError::Closed(publish)) => {
                Some(publish)
            }
        };
        let lost = || away(&self.settings.address(), "the channel was lost before it confirmed");
        let told = async {
            if let Some(publish) = publish {
                publishes.send(publish).await.map_err(|_| lost())?;
            }
            let told = answered.await.map_err(|_| lost())?;
            told.map_err(|error| match limit_of(&error) {
                Some(most) if size > most => {
                    too_large(format_args!("a body of {size} bytes, more than {most}"))
                }
                _ => away(&self.settings.address(), error),
            })
        };
        timeout(self.settings.patience, told).await.unwrap_or_else(|_| Err(self.settings.late()))
    }

    /// Has everything declared again before anything more is published.
    pub(crate) fn forget(&self) {
        *self.lock() = None;
    }

    /// How large the properties of a message may be, in bytes.
    pub(crate) fn most_properties(&self) -> usize {
        // A frame has eight bytes of its own, and twelve stand before the properties.
        self.link.frame_max().saturating_sub(64)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Option<mpsc::Sender<Publish>> {
        let open = self.lock();
        let open =
            open.as_ref().filter(|open| open.channel.status().connected() && !open.publishes.is_closed());
        open.map(|open| open.publishes.clone())
    }

    async fn reopen(&self) -> Result<mpsc::Sender<Publish>> {
        let began = Instant::now();
        let mut failure = self.opening.lock().await;
        if let Some(publishes) = self.now() {
            return Ok(publishes);
        }
        if let Some(known) = failure.as_ref().filter(|known| known.at >= began) {
            return Err(Error::new(known.kind, known.code.clone(), known.message.clone()));
        }
        match self.channel().await {
            Ok(channel) => Ok(self.start(channel)),
            Err(error) => {
                let (code, message) = (error.code().to_owned(), error.message().to_owned());
                *failure = Some(Failure { at: Instant::now(), kind: error.kind(), code, message });
                Err(error)
            }
        }
    }

    async fn channel(&self) -> Result<Channel> {
        self.declare().await?;
        let channel = self.link.channel().await?;
        self.settings.answered(channel.confirm_select(ConfirmSelectOptions::default())).await?;
        Ok(channel)
    }

    /// On a channel of its own: a refusal ends the channel.
    async fn declare(&self) -> Result<()> {
        let channel = self.link.channel().await?;
        self.declared.all(&channel).await?;
        close(&channel).await;
        Ok(())
    }

    fn start(&self, channel: Channel) -> mpsc::Sender<Publish> {
        let (publishes, coming) = mpsc::channel(self.settings.in_flight);
        tokio::spawn(confirms::run(channel.clone(), coming, self.settings.in_flight));
        *self.lock() = Some(Open { channel, publishes: publishes.clone() });
        publishes
    }
}

/// The same error, as one that passes.
fn passing(error: Error) -> Error {
    match error.kind() {
        Kind::Unavailable => error,
        _ => Error::new(Kind::Unavailable, error.code().to_owned(), error.message().to_owned()),
    }
}

impl RabbitMq {
    fn message(&self, envelope: &Envelope) -> Result<Message> {
        let (size, most) = (envelope.body.len(), self.settings.max_size);
        if size > most {
            return Err(too_large(format_args!("a body of {size} bytes, more than {most}")));
        }
        let properties = properties::write(&envelope.to_frame(&self.declared.source()))?;
        let (size, most) = (properties::size(&properties), self.outgoing.most_properties());
        if size > most {
            return Err(too_large(format_args!("headers of {size} bytes, more than {most}")));
        }
        let event = envelope.name.as_str();
        Ok(Message {
            exchange: properties::short(self.settings.prefix.clone())?,
            routing_key: properties::short(envelope.name.clone())?,
            properties,
            body: envelope.body.clone(),
            mandatory: self.settings.routes.require(event) || self.declared.is_heard(event),
        })
    }
}

impl Sink for RabbitMq {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn send(&self, envelope: Envelope) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let message = self.message(&envelope)?;
            match self.outgoing.publish(message).await? {
                Published::Confirmed => Ok(()),
                Published::Rejected => Err(away(&self.settings.address(), "a queue did not take the event")),
                Published::Returned => {
                    // The queue of a group of ours is gone: it is made again.
                    if self.declared.is_heard(&envelope.name) {
                        self.outgoing.forget();
                    }
                    Err(unrouted(&self.settings.prefix, &envelope.name))
                }
            }
        })
    }
}
