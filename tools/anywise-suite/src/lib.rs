//! What the suites of anywise have in common: cases, verdicts, and how they are
//! run.
//!
//! A suite is a list of [`Case`]s about one [`Subject`], such as a store or a
//! transport. What the cases promise, and the words in which they are written,
//! are the suite's own; here is what does not depend on them. Authors of stores
//! and transports use the suites, `anywise-contract` and `anywise-conformance`,
//! and meet nothing of this crate.

mod case;
mod run;
mod subject;
mod tests;

pub use case::{Case, Need, Trying};
pub use run::{Verdict, check, run};
pub use subject::{Skip, Subject};
pub use tests::{complete, one};
