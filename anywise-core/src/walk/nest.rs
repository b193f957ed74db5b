//! A function that is called by another, which waits for it.
//!
//! The one that waits may hold a transaction. The other's work can join it, with
//! `commands.send(command).within(tx)`: then both are kept, or neither, and an
//! error of the other undoes its own part alone. Work that does not join and
//! needs a transaction of its own would wait for the one that waits for it; it
//! is refused at once, and told how to join.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Kind, Result};
use crate::ports::store::Batch;
use crate::walk::record::Caused;

/// A function that waits for those it has called.
#[derive(Debug)]
pub(crate) struct Chain {
    function: &'static str,
    holds: AtomicBool,
    above: Option<Arc<Self>>,
}

impl Chain {
    pub(crate) fn new(function: &'static str, above: Option<Arc<Self>>) -> Arc<Self> {
        Arc::new(Self { function, holds: AtomicBool::new(false), above })
    }

    /// The next above, or this, that holds a transaction.
    fn holder(&self) -> Option<&'static str> {
        if self.holds.load(Ordering::SeqCst) {
            return Some(self.function);
        }
        self.above.as_ref()?.holder()
    }

    /// `function`, called by this, must not begin what waits for a transaction.
    ///
    /// # Errors
    /// `AW7014`: that somebody who waits for it holds one.
    pub(crate) fn refuse(&self, function: &str) -> Result<()> {
        match self.holder() {
            None => Ok(()),
            Some(holder) => Err(held(function, holder)),
        }
    }
}

fn held(function: &str, holder: &str) -> Error {
    let text = format!(
        "`{function}` needs to write, and would wait for `{holder}`, which waits for it and holds a transaction: \
         send it `.within(tx)`, or before the first statement"
    );
    Error::new(Kind::Internal, "AW7014", text)
}

/// Who waits for a function, and what it holds itself; for units of work.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub(crate) function: &'static str,
    pub(crate) own: Option<Arc<Chain>>,
    pub(crate) above: Option<Arc<Chain>>,
}

impl Waiting {
    /// A transaction of the function's own is about to begin.
    ///
    /// # Errors
    /// `AW7014`: a function that waits for this one holds one.
    pub fn begin(&self) -> Result<()> {
        self.above.as_ref().map_or(Ok(()), |above| above.refuse(self.function))
    }

    /// The function holds a transaction from now on, or no more.
    pub fn hold(&self, holds: bool) {
        if let Some(own) = &self.own {
            own.holds.store(holds, Ordering::SeqCst);
        }
    }
}

/// A unit of work that the work of a function called meanwhile can join.
pub trait Join: Send {
    /// Hands what it holds to the function that is called.
    fn lend(&mut self) -> Box<dyn Any + Send>;

    /// Takes it back, with what that function wants kept. None, if the function
    /// has lost it.
    fn take_back(&mut self, lent: Option<Box<dyn Any + Send>>, kept: Kept);
}

/// What functions that joined a transaction want kept with it.
#[derive(Default)]
pub struct Kept {
    pub(crate) parts: Vec<(Batch, Vec<Caused>)>,
}

impl Kept {
    /// Adds what others want kept, behind it.
    pub fn append(&mut self, mut others: Self) {
        self.parts.append(&mut others.parts);
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("parts", &self.parts.len()).finish()
    }
}

/// What was lent to a function that is called within another's transaction.
#[derive(Default)]
pub struct Nest(Mutex<Inside>);

#[derive(Default)]
struct Inside {
    lent: Option<Box<dyn Any + Send>>,
    kept: Kept,
}

impl Nest {
    /// Takes what was lent; none if somebody has it, or it is something else.
    pub fn take<T: 'static>(&self) -> Option<T> {
        let mut inside = self.inside();
        match inside.lent.take()?.downcast() {
            Ok(lent) => Some(*lent),
            Err(other) => {
                inside.lent = Some(other);
                None
            }
        }
    }

    /// Puts it back.
    pub fn put<T: Send + 'static>(&self, lent: T) {
        self.inside().lent = Some(Box::new(lent));
    }

    /// Keeps this with the transaction that is joined.
    pub(crate) fn keep(&self, batch: Batch, later: Vec<Caused>) {
        self.inside().kept.parts.push((batch, later));
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Nest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nest").field("taken", &self.inside().lent.is_none()).finish_non_exhaustive()
    }
}

/// A unit of work that is lent, until dropped: also when its function is not
/// polled to its end.
pub(crate) struct Lent<'a> {
    unit: &'a mut dyn Join,
    pub(crate) nest: Arc<Nest>,
}

impl<'a> Lent<'a> {
    pub(crate) fn new(unit: &'a mut dyn Join) -> Self {
        let inside = Inside { lent: Some(unit.lend()), kept: Kept::default() };
        Self { unit, nest: Arc::new(Nest(Mutex::new(inside))) }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let Inside { lent, kept } = std::mem::take(&mut *self.nest.inside());
        self.unit.take_back(lent, kept);
    }
}
