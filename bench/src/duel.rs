//! Two ways to do the same thing, timed in turns on one thread.
//!
//! A machine that is busy with other things slows both sides of a round alike,
//! so the ratio of a round says more than its nanoseconds.

use std::time::Duration;

/// Calls in one side of one round.
pub const CALLS: u32 = 1_000;

const WARM_UP: usize = 50;
const ROUNDS: usize = 1_001;

/// A figure: ours against the bare thing.
pub struct Duel<'a> {
    /// What is measured, in words.
    pub figure: &'a str,
    /// The ratio that must not be exceeded.
    pub bar: f64,
    /// What one of a side's calls stands for, for example 10 listeners.
    pub per_call: u32,
}

/// What a duel came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was measured.
    pub figure: String,
    /// The ratio that must not be exceeded.
    pub bar: f64,
    /// Median of the rounds' ratios.
    pub median: f64,
    /// Ratio of the fastest rounds.
    pub least: f64,
    /// Nanoseconds of ours and of the bare thing, in their fastest rounds.
    pub nanoseconds: (f64, f64),
}

impl Duel<'_> {
    /// Lets both sides run in turns; each call of a side is one round of
    /// [`CALLS`] calls and says how long it took.
    pub fn run(&self, mut ours: impl FnMut() -> Duration, mut bare: impl FnMut() -> Duration) -> Outcome {
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
        let calls = f64::from(CALLS / self.per_call);
        Outcome {
            figure: self.figure.to_owned(),
            bar: self.bar,
            median: ratios[ROUNDS / 2],
            least: least.0 / least.1,
            nanoseconds: (least.0 / calls, least.1 / calls),
        }
    }
}

impl Outcome {
    /// The head of a table of outcomes.
    pub fn heading() -> String {
        format!(
            "{:<58} {:>6} {:>7} {:>7} {:>10} {:>10}",
            "figure", "bar", "median", "least", "ours ns", "bare ns"
        )
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { figure, bar, median, least, nanoseconds: (ours, bare) } = self;
        let verdict = if median <= bar { "" } else { "  over the bar" };
        write!(f, "{figure:<58} {bar:>6.2} {median:>7.2} {least:>7.2} {ours:>10.1} {bare:>10.1}{verdict}")
    }
}

/// One side of a [`Duel`]: makes the messages, then times a loop of one
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
                    ::std::hint::black_box($call);
                }
            });
            began.elapsed()
        }
    };
}
