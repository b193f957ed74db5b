//! What anywise costs: every figure is a ratio to the bare thing, taken in the
//! same run.
//!
//! `benches/` holds the figures, `src/bin/` what must run in a process of its
//! own. `docs/benchmarks.md` says how to read them.

mod duel;
mod ledger;
mod now;
mod table;

pub use duel::{CALLS, Report};
pub use ledger::Ledger;
pub use now::now;
pub use table::Table;
