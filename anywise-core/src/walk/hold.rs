//! The hold of a delivery's function on the delivery it works on.
//!
//! The relay makes one, the commit of the function's work uses it up, so that
//! the delivery is done if and only if its effect is kept.

use std::sync::{Mutex, PoisonError};

use crate::ports::store::claim::Claim;
use crate::walk::work::Durable;

/// The claim that a delivery's function commits with.
pub(crate) struct Hold {
    claim: Claim,
    state: Mutex<State>,
}

#[derive(Default)]
enum State {
    /// Nothing was committed yet.
    #[default]
    Open,
    /// A commit that settles the delivery is being made.
    Taken,
    /// It is staged; it will be durable.
    Staged(Durable),
}

/// How far a delivery has come when its function has succeeded.
pub(crate) enum Held {
    /// Nothing was committed with it: it must be settled.
    Open,
    /// It is settled when this is done.
    Staged(Durable),
}

impl Hold {
    pub(crate) fn new(claim: Claim) -> Self {
        Self { claim, state: Mutex::default() }
    }

    /// The delivery's number in its store.
    pub(crate) fn number(&self) -> Option<u64> {
        u64::try_from(self.claim.id).ok()
    }

    /// The claim, for the first commit that asks.
    pub(crate) fn take(&self) -> Option<Claim> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(*state, State::Open).then(|| {
            *state = State::Taken;
            self.claim
        })
    }

    /// Hands the rest of the commit to the relay, so that it does not hold up
    /// the next delivery.
    pub(crate) fn staged(&self, durable: Durable) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Staged(durable);
    }

    /// What is left to do after the function's success.
    pub(crate) fn release(&self) -> Held {
        match std::mem::take(&mut *self.state.lock().unwrap_or_else(PoisonError::into_inner)) {
            State::Staged(durable) => Held::Staged(durable),
            State::Open | State::Taken => Held::Open,
        }
    }
}

impl std::fmt::Debug for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Hold").field(&self.claim).finish()
    }
}
