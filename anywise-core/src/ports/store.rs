//! The durable state of the framework, as a port.
//!
//! A delivery is one envelope for one target. Core decides what happens to it;
//! a store keeps it and moves it between its states, each move in one commit:
//!
//! ```text
//! waiting ─► ready ─► claimed ─► begun ─► (gone: done, skipped)
//!    ▲         ▲         │         ├─► ready at T    retry, with the failure noted
//!    │         ├─────────┘         ├─► dead letter   which parks its key
//!    │         │ released, or      │
//!    │         │ lost unbegun      │
//!    │         └───────────────────┘   its process ended: a loss
//! behind an earlier message of its key
//! ```
//!
//! A message comes here from [`commit`](Store::commit), with everything else
//! its function did, or from a broker by [`accept`](Store::accept), and leaves
//! to the relay by [`claim`](Store::claim).

pub(crate) mod claim;
pub(crate) mod dead;
pub(crate) mod delivery;
pub(crate) mod inbox;
pub(crate) mod outcome;
pub(crate) mod remember;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::AppBuilder;
use crate::error::Result;
use crate::ports::store::claim::{Claim, Claims, Settlement, Want};
use crate::ports::store::dead::{Buried, DeadLetter, DeadLetterId, DeadLetters};
use crate::ports::store::delivery::{Delivery, Depth};
use crate::ports::store::inbox::{Acceptance, Arrival};
use crate::ports::store::remember::{Memory, Remembered};
use crate::walk::call::BoxFuture;

/// Everything one message's function did, to be committed as one.
///
/// All of it is kept, or none.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Batch {
    /// New deliveries, in the order in which they were recorded.
    pub append: Vec<Delivery>,
    /// The claimed delivery whose effect this is. If the claim is no longer
    /// held, nothing of the batch may be kept.
    pub done: Option<Claim>,
    /// Scheduled messages that must not be delivered any more.
    pub cancel: Vec<Uuid>,
    /// The reply to give when the same request comes again. If the memory is
    /// taken already, nothing of the batch may be kept.
    pub remember: Option<Remembered>,
    /// Deliveries that are dead letters from the beginning.
    pub bury: Vec<Buried>,
}

impl Batch {
    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.append.is_empty()
            && self.done.is_none()
            && self.cancel.is_empty()
            && self.remember.is_none()
            && self.bury.is_empty()
    }
}

/// What a store can do, for start-up checks, documents and the contract suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreTraits {
    /// What is committed survives the process and a loss of power.
    pub durable: bool,
    /// Several processes may work on it at the same time.
    pub shared: bool,
    /// The resources whose transactions commit together with a [`Batch`], as
    /// [`WorkDemand::transaction`](crate::WorkDemand::transaction) names them.
    pub transactions: &'static [&'static str],
    /// Claims must be renewed this often; never if there is none. A store
    /// shared by several processes takes a claim back that is not.
    pub renew: Option<Duration>,
}

impl StoreTraits {
    /// A store that forgets with its process.
    pub const fn volatile() -> Self {
        Self { durable: false, shared: false, transactions: &[], renew: None }
    }

    /// A store that forgets nothing.
    pub const fn durable() -> Self {
        Self { durable: true, shared: false, transactions: &[], renew: None }
    }

    /// Several processes may work on it at the same time, each renewing its
    /// claims this often.
    #[must_use]
    pub const fn shared(mut self, renew: Duration) -> Self {
        self.shared = true;
        self.renew = Some(renew);
        self
    }

    /// Transactions of these resources commit with a batch.
    #[must_use]
    pub const fn transactions(mut self, resources: &'static [&'static str]) -> Self {
        self.transactions = resources;
        self
    }
}

/// How long a store keeps what nobody waits for any more.
///
/// Both an age and a count bound each table; a sweep removes at most
/// [`batch`](Self::batch) rows at a time, in a short transaction of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// Replies of idempotent requests. Default: 24 hours.
    pub replies: Duration,
    /// Replies kept at most. Default: 1 000 000.
    pub most_replies: u64,
    /// Dead letters that were replayed or discarded. Default: 30 days. Open
    /// ones are never dropped.
    pub settled_dead_letters: Duration,
    /// Settled dead letters kept at most. Default: 100 000.
    pub most_settled_dead_letters: u64,
    /// Which messages of brokers were taken in. Default: 7 days. One that is
    /// delivered again later is new.
    pub inbox: Duration,
    /// Messages of brokers that are known at most. Default: 50 000 000.
    pub most_inbox: u64,
    /// Rows removed in one transaction. Default: 1 000.
    pub batch: u32,
}

impl Default for Retention {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            replies: DAY,
            most_replies: 1_000_000,
            settled_dead_letters: DAY * 30,
            most_settled_dead_letters: 100_000,
            inbox: DAY * 7,
            most_inbox: 50_000_000,
            batch: 1_000,
        }
    }
}

/// Keeps deliveries until they are settled.
///
/// Every method is one commit: when it returns `Ok`, what it did is as durable
/// as the store's [`traits`](Self::traits) say. Futures may be dropped at any
/// time; what has begun is then finished or undone as a whole.
///
/// # Errors
/// Every method fails with a kind that says what to do: `Unavailable` may be
/// tried again, [`Error::unknown_outcome`](crate::Error::unknown_outcome) means
/// that it may have happened, anything else will not go away by itself.
pub trait Store: Any + Send + Sync {
    /// What it is, for people.
    fn name(&self) -> &str;

    /// What it can do.
    fn traits(&self) -> StoreTraits;

    /// Gives the application what the store brings along, such as a
    /// dependency for reading. Called by [`AppBuilder::store`].
    fn install(self: Arc<Self>, builder: AppBuilder) -> AppBuilder {
        builder
    }

    /// Makes the store ready for an application of these slices: brings its
    /// tables, and theirs, up to date.
    fn open<'a>(&'a self, slices: &'a [&'static str]) -> BoxFuture<'a, Result<()>>;

    /// Commits a batch.
    ///
    /// A delivery that is kept already, by message id and target, is ignored.
    /// A keyed delivery waits while an earlier one of its target and key is
    /// neither done nor discarded.
    ///
    /// What is [buried](Batch::bury) is an open dead letter at once, and keeps
    /// no others of its key back. One whose message and target are kept already,
    /// as a delivery or as a dead letter of any state, is ignored.
    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<()>>;

    /// Takes in what a broker delivered, all of it in one commit and in this
    /// order; says of each what has become of it.
    ///
    /// A message is taken in once for each group, for as long as
    /// [`Retention::inbox`] says: when its broker delivers it again, nothing is
    /// kept. Deliveries are kept as [`commit`](Self::commit) keeps them.
    fn accept(&self, arrivals: Vec<Arrival>) -> BoxFuture<'_, Result<Vec<Acceptance>>>;

    /// Claims deliveries that are due, oldest first, and counts an attempt for
    /// each, before it returns.
    ///
    /// A delivery with [`SUSPECT`](claim::SUSPECT) losses is suspected of ending
    /// the process: it is claimed only if `suspects` is true and this process
    /// holds none, the oldest first, and with it at most as many in all as
    /// [`company`](claim::company) says of its losses, none with more.
    fn claim<'a>(&'a self, wants: &'a [Want], suspects: bool) -> BoxFuture<'a, Result<Claims>>;

    /// Notes that the function of a claimed delivery is called now; false when
    /// the claim is no longer held, and it must not be called.
    ///
    /// A claim that is lost counts as a loss only if it had begun; otherwise it
    /// is as if it had never been made. When this returns, the end of this
    /// process does not undo it; the end of the database may.
    fn begin(&self, claim: Claim) -> BoxFuture<'_, Result<bool>>;

    /// Settles a claimed delivery; false when the claim is no longer held, and
    /// nothing was changed.
    ///
    /// `Done` and `Skip` end it and let the next of its key go. `Retry` makes it
    /// ready again after a time, `Stop` at once and without having counted.
    /// `DeadLetter` and `Park` put it among the dead letters, and park its key.
    fn settle(&self, settlement: Settlement) -> BoxFuture<'_, Result<bool>>;

    /// Renews claims, so that no other process takes them; answers with those
    /// that are still held.
    fn renew<'a>(&'a self, claims: &'a [Claim]) -> BoxFuture<'a, Result<Vec<Claim>>>;

    /// Waits for a hint that there may be something to claim. A hint given while
    /// nobody waits is kept for the next to wait. Hints can be missed: the relay
    /// also asks from time to time.
    fn ready(&self) -> BoxFuture<'_, ()>;

    /// What is remembered of a request, if anything.
    fn recall<'a>(&'a self, memory: &'a Memory) -> BoxFuture<'a, Result<Option<Remembered>>>;

    /// Appends `delivery` unless the schedule `name` has fired at `due` or
    /// later; says whether it did. Across processes only one succeeds.
    fn fire<'a>(&'a self, name: &'a str, due: Timestamp, delivery: Delivery) -> BoxFuture<'a, Result<bool>>;

    /// When the schedule `name` last fired.
    fn last_fired<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Timestamp>>>;

    /// Removes a message that is scheduled and not yet due; false when there is
    /// none.
    fn cancel(&self, message: Uuid) -> BoxFuture<'_, Result<bool>>;

    /// What waits, by target.
    fn depth(&self) -> BoxFuture<'_, Result<Vec<Depth>>>;

    /// Dead letters, newest first.
    fn dead_letters(&self, which: DeadLetters) -> BoxFuture<'_, Result<Vec<DeadLetter>>>;

    /// Makes an open dead letter a delivery again, with a fresh budget of
    /// attempts, the same message id and its old place in the order of its key;
    /// `body` replaces the message's. False when there is none.
    fn replay(&self, id: DeadLetterId, body: Option<bytes::Bytes>) -> BoxFuture<'_, Result<bool>>;

    /// Gives an open dead letter up for good, and lets the next of its key go.
    /// False when there is none.
    fn discard(&self, id: DeadLetterId) -> BoxFuture<'_, Result<bool>>;

    /// Removes what is older than `retention` allows, at most one batch of each
    /// kind; says how many rows. Zero means there is no more.
    fn sweep<'a>(&'a self, retention: &'a Retention) -> BoxFuture<'a, Result<u64>>;

    /// Gives back every claim and closes the store. Nothing is used after it.
    fn close(&self) -> BoxFuture<'_, Result<()>>;
}
