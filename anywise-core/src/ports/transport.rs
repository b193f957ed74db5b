//! The ways in and out of a process, as ports.
//!
//! An adapter only translates between its client and a [`Frame`]: the loops,
//! retries, settlement, reconnection and dead letters are core's, in
//! [`consumer`](crate::ports::consumer) and [`relay`](crate::ports::relay).
//!
//! ```text
//! out: event ─► Sink::send                      a relay's delivery, or `publish`
//! in:  Transport::subscribe ─► Source::receive ─► consumer ─► Source::settle
//! ```

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::envelope::Envelope;
use crate::envelope::cloudevent::Foreign;
use crate::envelope::frame::Frame;
use crate::error::Result;
use crate::ports::store::outcome::Outcome;
use crate::walk::call::BoxFuture;

/// Takes events out.
pub trait Sink: Send + Sync + 'static {
    /// What it is, for people; deliveries to it are kept under this name.
    fn name(&self) -> &str;

    /// Sends an envelope; done when the other side has it, as durably as its
    /// traits say.
    ///
    /// # Errors
    /// `Unavailable` if it may not have arrived and may be sent again, another
    /// kind if sending it again will not help.
    fn send(&self, envelope: Envelope) -> BoxFuture<'_, Result<()>>;
}

/// Takes commands and queries to a handler in another process.
pub trait Remote: Send + Sync + 'static {
    /// What it is, for people.
    fn name(&self) -> &str;

    /// Whether it can take the message with this wire name.
    fn reaches(&self, message: &str) -> bool;

    /// Where it takes the message with this wire name, for people. Connects to
    /// nothing.
    fn route(&self, message: &str) -> String {
        let _ = message;
        self.name().to_owned()
    }

    /// Sends a request and waits for the reply's body, in the request's format.
    ///
    /// # Errors
    /// The handler's, or that it could not be reached.
    fn call(&self, request: Envelope) -> BoxFuture<'_, Result<bytes::Bytes>>;
}

/// Serves requests from outside: HTTP, gRPC.
pub trait Ingress: Send + 'static {
    /// Serves until `stop`, then finishes what has begun.
    ///
    /// # Errors
    /// That it could not serve.
    fn serve(self: Box<Self>, app: App, stop: CancellationToken) -> BoxFuture<'static, Result<()>>;
}

/// A broker, or what stands in for one: takes events out, and brings to each
/// slice those that it listens to.
///
/// Events of the wire name `N` go where every subscription with `N` among its
/// events finds them. A subscription belongs to a group; each group gets every
/// event once, however many processes share it.
pub trait Transport: Sink {
    /// What it can do, for start-up checks, documents and the conformance suite.
    fn traits(&self) -> TransportTraits;

    /// Connects, and declares what must be there before anything is published
    /// or subscribed to. Called by `build`, and again if it fails.
    ///
    /// # Errors
    /// `Unavailable`: the broker does not answer; the application starts without
    /// it and tries again. Any other kind ends the start.
    fn open<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<()>>;

    /// Begins, or resumes, the subscription of a group. Events that were
    /// published after it first existed are never missed, and those that were
    /// not settled come again.
    ///
    /// # Errors
    /// That it could not be made; the consumer tries again.
    fn subscribe<'a>(&'a self, subscription: &'a Subscription) -> BoxFuture<'a, Result<Box<dyn Source>>>;

    /// Its way to handlers in other processes, if it has one.
    fn remote(self: Arc<Self>) -> Option<Arc<dyn Remote>> {
        None
    }

    /// Its way from other processes to the handlers here, if it has one.
    fn ingress(self: Arc<Self>) -> Option<Box<dyn Ingress>> {
        None
    }
}

/// What a transport can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a promise of its own")]
pub struct TransportTraits {
    /// What was taken survives a crash of the broker's process.
    pub durable: bool,
    /// In which order the events of one key come.
    pub ordered: Ordered,
    /// It can bring a message again after a time, other than at once.
    pub delay: bool,
    /// How long it recognises a message that is published twice.
    pub dedup: Option<Duration>,
    /// Several processes may share one subscription.
    pub groups: bool,
    /// A new subscription can begin with what was published before it.
    pub replay: bool,
    /// Takes requests to their handlers and brings the replies.
    pub requests: bool,
    /// It says how often a message was delivered.
    pub counted: bool,
    /// A message that is neither settled nor extended within this is delivered
    /// again; never while its source lives if there is none.
    pub hold: Option<Duration>,
    /// The largest body it takes, in bytes.
    pub max_size: Option<usize>,
}

/// In which order a group gets the events of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Ordered {
    /// In any.
    No,
    /// In the order in which they were published, as long as one process has
    /// the subscription.
    Alone,
    /// In the order in which they were published, whoever shares the subscription.
    Always,
}

impl TransportTraits {
    /// One that can do nothing of it all.
    pub const fn none() -> Self {
        Self {
            durable: false,
            ordered: Ordered::No,
            delay: false,
            dedup: None,
            groups: false,
            replay: false,
            requests: false,
            counted: false,
            hold: None,
            max_size: None,
        }
    }
}

/// What an application has to do with a transport.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Topology {
    /// Name of the application: all its processes have the same.
    pub application: String,
    /// Wire names of the events that its functions may emit, and of all others
    /// that it knows.
    pub events: Vec<String>,
    /// What its slices listen to.
    pub subscriptions: Vec<Subscription>,
    /// Wire names of the commands and queries that have their handler here.
    pub requests: Vec<String>,
}

/// What one group listens to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subscription {
    /// Its name: a slice, or what else has a share of its own of every event.
    pub group: String,
    /// Wire names of the events, aliases among them.
    pub events: Vec<String>,
}

impl Subscription {
    /// The subscription of a group to events by their wire names.
    pub fn new(group: impl Into<String>, events: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { group: group.into(), events: events.into_iter().map(Into::into).collect() }
    }
}

impl Topology {
    /// The topology of an application without functions.
    pub fn of(application: impl Into<String>) -> Self {
        Self { application: application.into(), ..Self::default() }
    }
}

/// What a source knows a message by until it is settled.
pub type Tag = u128;

/// Brings messages in. Its methods may be called at the same time.
pub trait Source: Send + Sync + 'static {
    /// Waits until a message is there, then returns what there is without
    /// waiting, at most `most`; nothing when there will be no more.
    ///
    /// Cancel-safe: dropping the future loses no message. `most` is at least 1.
    ///
    /// # Errors
    /// That the source is lost; the consumer subscribes again.
    fn receive(&self, most: usize) -> BoxFuture<'_, Result<Vec<Incoming>>>;

    /// Tells how messages ended, in any order: `Done` and `Skip` remove them,
    /// `Retry` has them come again after the time (at once, if it cannot
    /// [`delay`](TransportTraits::delay)), `DeadLetter` and `Park` put them
    /// where the broker keeps what nobody could handle; `Stop` is never told.
    ///
    /// # Errors
    /// That it may not have arrived; the messages may then come again.
    fn settle(&self, settled: Vec<(Tag, Outcome)>) -> BoxFuture<'_, Result<()>>;

    /// Says that these are still worked on. Called at least three times in a
    /// [`hold`](TransportTraits::hold).
    ///
    /// # Errors
    /// That it did not arrive.
    fn extend(&self, held: Vec<Tag>) -> BoxFuture<'_, Result<()>> {
        let _ = held;
        Box::pin(std::future::ready(Ok(())))
    }

    /// How many messages wait for the group at the broker, if it can say.
    ///
    /// # Errors
    /// That the broker does not answer.
    fn lag(&self) -> BoxFuture<'_, Result<Option<u64>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Ends it. What was received and not settled comes again, to whoever
    /// subscribes next, as soon as the broker can tell.
    ///
    /// # Errors
    /// That the broker does not know.
    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A message that waits to be settled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Incoming {
    /// What its source knows it by.
    pub tag: Tag,
    /// The message.
    pub frame: Frame,
    /// What it is, if it does not say so itself.
    pub foreign: Option<Foreign>,
    /// How often it was delivered, this time included, if the broker counts.
    pub delivered: Option<u32>,
}

impl Incoming {
    /// A message, delivered for the first time as far as is known.
    pub fn new(tag: Tag, frame: Frame) -> Self {
        Self { tag, frame, foreign: None, delivered: None }
    }

    /// Says what a frame is that does not say so itself.
    #[must_use]
    pub fn foreign(mut self, foreign: Option<Foreign>) -> Self {
        self.foreign = foreign;
        self
    }

    /// Says how often it was delivered, this time included.
    #[must_use]
    pub fn delivered(mut self, times: u32) -> Self {
        self.delivered = Some(times);
        self
    }
}
