//! What a suite is about: something that is made, opened and tried.

use std::time::Duration;

use anywise_core::{BoxFuture, Result};

use crate::case::{Case, Need};

/// A case's name, and why it cannot be passed.
pub type Skip = (&'static str, &'static str);

/// What is tried, as its harness makes it.
///
/// A suite implements it for its own `dyn Harness`.
pub trait Subject: Sync {
    /// The word for it in failures, such as `store`.
    const KIND: &'static str;

    /// What a case asks of it.
    type Need: Need;

    /// Where one of it lives.
    type Place: Send;

    /// Every case of the suite.
    fn cases() -> &'static [Case<Self::Need>];

    /// How long a case may take, on a busy machine too.
    fn limit() -> Duration;

    /// What it is, for people.
    fn name(&self) -> &str;

    /// The cases that it does not pass.
    fn skips(&self) -> &'static [Skip];

    /// A place with nothing in it, as a case with this need asks for.
    ///
    /// # Errors
    /// That there is none. The case then fails.
    fn place(&self, need: Self::Need) -> BoxFuture<'_, Result<Self::Place>>;

    /// Opens the first of a place, and begins its trial.
    ///
    /// # Errors
    /// That it does not open. The case then fails.
    fn begin(&self, place: Self::Place) -> BoxFuture<'_, Result<<Self::Need as Need>::Trial>>;
}
