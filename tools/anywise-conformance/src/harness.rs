//! What the author of a transport says of it: how to make one, and what it
//! cannot do.

use std::sync::Arc;
use std::time::Duration;

use anywise::{BoxFuture, Result, Transport};
use anywise_suite::Skip;

/// How to make the transport under test.
pub trait Harness: Send + Sync {
    /// What it is, for people.
    fn name(&self) -> &str;

    /// A corner of the broker with nothing in it: a prefix, a virtual host, a
    /// server of its own. What it takes up is given back when it is dropped.
    ///
    /// # Errors
    /// That there is none, such as a server that is not there. The case then
    /// fails: a case that was not run is no case that passed.
    fn place(&self, setting: Setting) -> BoxFuture<'_, Result<Box<dyn Place>>>;

    /// How long something that must happen may take. Default: 60 s.
    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// The cases that the transport does not pass. Default: none.
    fn skips(&self) -> &'static [Skip] {
        &[]
    }
}

/// A corner of a broker.
pub trait Place: Send + Sync {
    /// A transport that stands for one process;
    /// [`Transport::open`] is called by the suite. All transports of one place
    /// see each other's events.
    ///
    /// # Errors
    /// That it cannot be made.
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>>>;

    /// Ends the broker as a crash would, and starts it again; nothing if it
    /// cannot be done here. Default: nothing.
    fn crash(&self) -> Option<BoxFuture<'_, Result<()>>> {
        None
    }

    /// Publishes a body as it is, without any attribute, where the transport
    /// was told that the event `suite.Happened` comes from a producer that
    /// writes no CloudEvents; nothing if it cannot be told. Default: nothing.
    fn foreign(&self, body: &'static str) -> Option<BoxFuture<'_, Result<()>>> {
        let _ = body;
        None
    }
}

/// What a case asks of its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// How long a message may be held that is neither settled nor extended, for
    /// a transport that takes messages back: 60 s; 2 s for cases that wait for
    /// it.
    pub hold: Duration,
    /// Whether the case crashes the broker, so that it must not be one that
    /// others use.
    pub crashes: bool,
}

impl Setting {
    pub(crate) const PATIENT: Self = Self { hold: Duration::from_secs(60), crashes: false };
    pub(crate) const IMPATIENT: Self = Self { hold: Duration::from_secs(2), crashes: false };
    pub(crate) const RESTARTS: Self = Self { hold: Duration::from_secs(60), crashes: true };
}
