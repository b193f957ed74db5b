//! What callers want done in a round, and how each of them fares.

use anywise_core::{Batch, Buried, Claim, Error, Failure, Kind, Remembered, Result, Settlement};
use uuid::Uuid;

use crate::row::Stored;

/// What one caller wants done.
#[derive(Debug)]
pub(crate) enum Job {
    Commit(Box<Commit>),
    Settle(Box<Settlement>),
}

/// A batch, ready to be written.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(super) append: Vec<Stored>,
    pub(super) done: Option<Claim>,
    pub(super) cancel: Vec<Uuid>,
    pub(super) remember: Option<Remembered>,
    pub(super) inter: Vec<Interred>,
}

/// A dead letter that never was a delivery.
#[derive(Debug)]
pub(super) struct Interred {
    pub(super) row: Stored,
    pub(super) reason: String,
    pub(super) attempts: i32,
    pub(super) failure: String,
}

impl From<Buried> for Interred {
    fn from(buried: Buried) -> Self {
        let Buried { delivery, failure, .. } = buried;
        Self {
            row: Stored::from(delivery),
            reason: plain(&failure.message),
            attempts: i32::try_from(failure.attempt).unwrap_or(i32::MAX),
            failure: as_json(&failure),
        }
    }
}

impl Job {
    /// Whether its failure could not be told from the others' success.
    pub(super) fn goes_alone(&self) -> bool {
        matches!(self, Self::Commit(batch) if batch.done.is_some() && batch.remember.is_some())
    }
}

impl From<Batch> for Job {
    fn from(batch: Batch) -> Self {
        let Batch { append, done, cancel, remember, bury, .. } = batch;
        let append = append.into_iter().map(Stored::from).collect();
        let inter = bury.into_iter().map(Interred::from).collect();
        Self::Commit(Box::new(Commit { append, done, cancel, remember, inter }))
    }
}

impl From<Settlement> for Job {
    fn from(settlement: Settlement) -> Self {
        Self::Settle(Box::new(settlement))
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Kept,
    /// The claim is no longer held.
    Lost,
    /// Somebody else's reply is remembered.
    Answered,
}

impl Verdict {
    /// What the caller of a commit is told.
    pub(super) fn of_commit(self) -> Result<()> {
        match self {
            Self::Kept => Ok(()),
            Self::Lost => Err(Error::new(Kind::Conflict, "AW7020", "the claim is no longer held")),
            Self::Answered => {
                Err(Error::new(Kind::Conflict, "AW1042", "this request was answered in the meantime"))
            }
        }
    }
}

/// What a round did.
#[derive(Debug)]
pub(super) struct Applied {
    /// In the order of the jobs.
    pub(super) verdicts: Vec<Verdict>,
    pub(super) news: News,
}

/// What there is to claim that was not there before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum News {
    #[default]
    None,
    /// Perhaps what is new, after all that was there.
    New,
    /// Perhaps what was there already.
    Ready,
}

/// As it is written to the table.
pub(super) fn as_json(failure: &Failure) -> String {
    let mut failure = failure.clone();
    failure.message = plain(&failure.message);
    serde_json::to_string(&failure).expect("a failure is text and numbers")
}

/// Without the one character that Postgres cannot store.
pub(super) fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
