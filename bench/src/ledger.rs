//! The work of every handler, listener and guard in these figures.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Balances behind one lock: what a call does is one uncontended lock and one
/// look-up and update in a map.
#[derive(Debug, Default)]
pub struct Ledger {
    balances: Mutex<HashMap<u32, u64>>,
}

impl Ledger {
    /// Adds to an account and returns its balance.
    #[inline]
    pub fn add(&self, account: u32, amount: u64) -> u64 {
        let mut balances = self.balances.lock().unwrap_or_else(PoisonError::into_inner);
        let balance = balances.entry(account).or_default();
        *balance = balance.wrapping_add(amount);
        *balance
    }
}
