//! Two ways to do the same thing, timed in turns on one thread.
//!
//! A machine that is busy with other things slows both sides of a round alike,
//! so the ratio of a round says more than its nanoseconds.

use std::time::Duration;

/// Calls in one side of one round.
pub const CALLS: u32 = 1_000;

const WARM_UP: usize = 50;
const ROUNDS: usize = 1_001;

/// Runs figures and prints a line for each.
#[derive(Debug, Default)]
pub struct Report {
    only: Option<String>,
}

impl Report {
    /// Prints the head of the table. Of the process's arguments the first that
    /// is no option picks the figures whose words contain it.
    pub fn begin() -> Self {
        let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
        println!(
            "{:<58} {:>6} {:>7} {:>7} {:>9} {:>9}",
            "figure", "bar", "median", "least", "ours ns", "bare ns"
        );
        Self { only }
    }

    /// One figure: both sides run in turns. Each call of a side is a round of
    /// [`CALLS`] pieces of work and says how long they took; `each` of them are
    /// one call, for example 10 listeners.
    pub fn duel(
        &self,
        figure: &str,
        bar: f64,
        each: u32,
        mut ours: impl FnMut() -> Duration,
        mut bare: impl FnMut() -> Duration,
    ) {
        if self.only.as_ref().is_some_and(|only| !figure.contains(only)) {
            return;
        }
        for _ in 0..WARM_UP {
            ours();
            bare();
        }
        let mut ratios = Vec::with_capacity(ROUNDS);
        let mut least = (f64::MAX, f64::MAX);
        for round in 0..ROUNDS {
            // Neither side always runs on what the other left in the caches.
            let (a, b) = if round % 2 == 0 {
                let a = ours();
                (a, bare())
            } else {
                let b = bare();
                (ours(), b)
            };
            let (a, b) = (a.as_secs_f64() * 1e9, b.as_secs_f64() * 1e9);
            ratios.push(a / b);
            least = (least.0.min(a), least.1.min(b));
        }
        ratios.sort_by(f64::total_cmp);
        let (median, calls) = (ratios[ROUNDS / 2], f64::from(CALLS / each));
        let verdict = if median <= bar { "" } else { "  over the bar" };
        println!(
            "{figure:<58} {bar:>6.2} {median:>7.2} {:>7.2} {:>9.1} {:>9.1}{verdict}",
            least.0 / least.1,
            least.0 / calls,
            least.1 / calls,
        );
    }
}

/// One side of a [`duel`](Report::duel): makes the messages, then times a loop of one
/// expression for each, in one async block, as a caller would write it.
#[macro_export]
macro_rules! side {
    ($make:expr, |$message:ident| $call:expr) => {
        $crate::side!($crate::CALLS, $make, |$message| $call)
    };
    ($calls:expr, $make:expr, |$message:ident| $call:expr) => {
        || {
            let messages: ::std::vec::Vec<_> = (0..$calls).map($make).collect();
            let began = ::std::time::Instant::now();
            $crate::now(async {
                for $message in messages {
                    let _ = ::std::hint::black_box($call);
                }
            });
            began.elapsed()
        }
    };
}
