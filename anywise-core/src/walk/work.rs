//! Units of work: what a function changes, kept or undone as one.
//!
//! A unit of work begins before the function, is handed to [`Work`] after its
//! `Ok`, and is dropped, which undoes it, on an error, panic, timeout or
//! cancellation.

use uuid::Uuid;

use crate::context::scope::Scope;
use crate::error::Result;
use crate::message::MessageMeta;
use crate::message::set::MessageSet;
use crate::ports::store::Batch;
use crate::walk::call::BoxFuture;
use crate::walk::nest::Kept;
use crate::walk::record::Recorded;

/// Something begun for one message, kept if its function succeeds.
///
/// `begin` is cheap and reserves nothing: a transaction starts with its first
/// statement, so that what a function awaits before it holds nothing.
///
/// # Examples
/// ```
/// use anywise_core::{Result, Scope, UnitOfWork, Work};
///
/// /// Lines for the audit log, written when the message has succeeded.
/// #[derive(Default)]
/// struct Audit(Vec<String>);
///
/// impl UnitOfWork for Audit {
///     fn begin(_: &mut Scope<'_>) -> Result<Self> {
///         Ok(Self::default())
///     }
///
///     fn finish(self, _: &mut Work) -> Result<()> {
///         self.0.iter().for_each(|line| println!("audit: {line}"));
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a unit of work",
    label = "borrowed by `&mut`, but not `UnitOfWork`",
    note = "after the message `&mut T` is a unit of work, `&T` an application dependency, `T` a value from the context"
)]
pub trait UnitOfWork: Sized + Send {
    /// Begins it.
    ///
    /// # Errors
    /// That it cannot be begun.
    fn begin(scope: &mut Scope<'_>) -> Result<Self>;

    /// Hands what it collected to the work that will be committed.
    ///
    /// # Errors
    /// That it cannot be kept; everything is then undone.
    fn finish(self, work: &mut Work) -> Result<()>;

    /// Says at start-up what it emits and which transaction it belongs to.
    fn demand(_demand: &mut WorkDemand) {}
}

/// What units of work say of themselves at start-up.
#[derive(Debug, Default)]
pub struct WorkDemand {
    pub(crate) emits: Vec<&'static MessageMeta>,
    pub(crate) posts: Vec<&'static MessageMeta>,
    pub(crate) transactions: Vec<&'static str>,
    pub(crate) schedules: bool,
}

impl WorkDemand {
    /// The function may emit the events of the set `S`.
    pub fn emits<S: MessageSet>(&mut self) {
        self.emits.extend(S::describe());
    }

    /// The function may send the commands of the set `S`, to be handled after
    /// its commit.
    pub fn posts<S: MessageSet>(&mut self) {
        self.posts.extend(S::describe());
    }

    /// The unit is a transaction of the named resource. A function whose
    /// units name two resources is refused: they cannot commit together.
    pub fn transaction(&mut self, resource: &'static str) {
        self.transactions.push(resource);
    }

    /// The function schedules messages, for which there must be a store.
    pub(crate) fn schedules(&mut self) {
        self.schedules = true;
    }
}

/// A commit under way: done when it is durable.
///
/// Dropping it changes nothing: the commit goes on.
pub type Durable = BoxFuture<'static, Result<()>>;

/// A transaction that commits with what was recorded beside it.
pub trait Transaction: Send {
    /// Commits, together with `batch`.
    ///
    /// The future stages everything; the one it returns is done when it is
    /// durable. Between the two, others may already stage theirs: that is how
    /// many messages share one write to the disk. What has begun is finished or
    /// undone as a whole, also when a future is dropped.
    ///
    /// # Errors
    /// That nothing was committed, or that it is
    /// [not known](crate::Error::unknown_outcome).
    fn commit(self: Box<Self>, batch: Batch) -> BoxFuture<'static, Result<Durable>>;
}

/// Everything one message's function wants kept.
#[derive(Default)]
pub struct Work {
    pub(crate) recorded: Vec<Recorded>,
    pub(crate) answers: Vec<Recorded>,
    pub(crate) cancel: Vec<Uuid>,
    pub(crate) transaction: Option<Box<dyn Transaction>>,
    pub(crate) kept: Kept,
}

impl Work {
    /// Adds what functions want kept that joined a unit of work.
    pub fn adopt(&mut self, kept: Kept) {
        self.kept.append(kept);
    }

    /// Makes `transaction` the one that everything commits with.
    pub fn enlist(&mut self, transaction: Box<dyn Transaction>) {
        self.transaction = Some(transaction);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.recorded.is_empty()
            && self.answers.is_empty()
            && self.cancel.is_empty()
            && self.transaction.is_none()
            && self.kept.is_empty()
    }
}

/// The message's work, which takes what a finished unit collected.
#[inline]
pub fn work<'s>(scope: &'s mut Scope<'_>) -> &'s mut Work {
    &mut scope.extra().work
}
