//! One promise of a port, and how it is tried.

use std::fmt;
use std::pin::Pin;

/// A case that is being tried.
pub type Trying = Pin<Box<dyn Future<Output = ()>>>;

/// Of which subjects a case is asked.
pub trait Need: Copy + fmt::Debug + Send + Sync + 'static {
    /// A subject on trial: what a case is given.
    type Trial: Send + 'static;

    /// Whether what is on trial promises so much that it is asked.
    fn is_met_by(self, trial: &Self::Trial) -> bool;
}

/// One promise that is kept.
#[derive(Clone, Copy)]
pub struct Case<N: Need> {
    /// Its name, a sentence about behaviour.
    pub name: &'static str,
    /// What is promised.
    pub promise: &'static str,
    /// Of which it is asked.
    pub need: N,
    pub(crate) run: fn(N::Trial) -> Trying,
}

impl<N: Need> Case<N> {
    /// A promise, and the function that panics when it is not kept.
    pub const fn new(
        name: &'static str,
        promise: &'static str,
        need: N,
        run: fn(N::Trial) -> Trying,
    ) -> Self {
        Self { name, promise, need, run }
    }
}

impl<N: Need> fmt::Debug for Case<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("name", &self.name).field("need", &self.need).finish_non_exhaustive()
    }
}
