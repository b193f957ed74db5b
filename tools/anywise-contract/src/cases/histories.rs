//! Random histories end as they do in memory.
//!
//! Each history is a list of moves, made on the store and on a
//! [`MemoryStore`](anywise_core::MemoryStore); after each move both must answer
//! alike and look alike. A history that tells them apart is made as short as it
//! can be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::collection::vec;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use crate::trial::Trial;

mod history;
mod moves;

use history::History;
use moves::moves;

/// Histories tried, unless `PROPTEST_CASES` says otherwise.
pub(crate) const HISTORIES: u32 = 64;
/// What they are made from: a gate must not depend on luck.
const SEED: u64 = 20_261_128;

pub(super) async fn random_histories_end_as_in_memory(trial: Trial) {
    let runtime = tokio::runtime::Handle::current();
    let trying = tokio::task::spawn_blocking(move || {
        let (mut runner, number) = (TestRunner::new(config()), AtomicU32::new(0));
        runner.run(&vec(moves(), 1..80), |moves| {
            let number = number.fetch_add(1, Ordering::Relaxed);
            let history = History::new(Arc::clone(trial.store()), number);
            runtime.block_on(history.play(moves)).map_err(TestCaseError::fail)
        })
    });
    match trying.await.expect("it does not panic") {
        Ok(()) => {}
        Err(TestError::Fail(reason, moves)) => panic!("{reason}\nafter the moves {moves:#?}"),
        Err(TestError::Abort(reason)) => panic!("no history was found: {reason}"),
    }
}

/// Histories to try.
pub(crate) fn histories() -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|asked| asked.parse().ok());
    asked.unwrap_or(HISTORIES)
}

/// The same histories each time, unless `PROPTEST_RNG_SEED` says which others.
fn config() -> Config {
    let usual = Config::default();
    let rng_seed = match usual.rng_seed {
        RngSeed::Random => RngSeed::Fixed(SEED),
        asked @ RngSeed::Fixed(_) => asked,
    };
    Config { cases: histories(), rng_seed, failure_persistence: None, max_shrink_iters: 2_000, ..usual }
}
