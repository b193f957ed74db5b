//! What the author of a store says of it: how to make one, and what it cannot do.

use std::sync::Arc;
use std::time::Duration;

use anywise_core::{BoxFuture, Result, Store};
use anywise_suite::Skip;

/// How to make the store under test.
pub trait Harness: Send + Sync {
    /// What it is, for people.
    fn name(&self) -> &str;

    /// A new place with nothing in it: a fresh file, a database of its own. What
    /// it takes up is given back when it is dropped.
    ///
    /// # Errors
    /// That there is none, such as a server that is not there. The case then
    /// fails: a case that was not run is no case that passed.
    fn place(&self, setting: Setting) -> BoxFuture<'_, Result<Box<dyn Place>>>;

    /// The cases that the store does not pass. Default: none.
    fn skips(&self) -> &'static [Skip] {
        &[]
    }
}

/// Where one store keeps its things.
pub trait Place: Send + Sync {
    /// A store on what is kept here; [`Store::open`] is called by the suite.
    ///
    /// For a store whose traits say `shared` it is called while another is
    /// open, for one that is `durable` after another was closed or [ended]. For
    /// any other it is called once.
    ///
    /// [ended]: Self::end
    ///
    /// # Errors
    /// That it cannot be made.
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>>;

    /// Ends a store as the end of its process would: without closing it. Done
    /// when another can be opened. Default: drops it.
    fn end(&self, store: Arc<dyn Store>) -> BoxFuture<'_, ()> {
        drop(store);
        Box::pin(async {})
    }
}

/// What a case asks of its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// How long a claim is held that is not renewed, for a store that takes
    /// claims back. 60 s; 1 s for cases that wait for it.
    pub lease: Duration,
}

impl Setting {
    pub(crate) const PATIENT: Self = Self { lease: Duration::from_secs(60) };
    pub(crate) const IMPATIENT: Self = Self { lease: Duration::from_secs(1) };
}
