//! Randomness that one number repeats.

use std::ops::Range;
use std::time::Duration;

/// A stream of numbers, the same for the same seed.
#[derive(Clone, Debug)]
pub(crate) struct Seed(u64);

impl Seed {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A stream of its own for the part `salt` of a run.
    pub(crate) fn fork(&self, salt: u64) -> Self {
        let mut fork = Self(self.0 ^ salt.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        fork.next();
        fork
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `range`.
    pub(crate) fn pick(&mut self, range: Range<u64>) -> u64 {
        range.start + self.next() % (range.end - range.start).max(1)
    }

    /// An index of something with `len` parts.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.pick(0..len as u64)).expect("an index is small")
    }

    /// True `percent` times in a hundred.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.pick(0..100) < percent
    }

    /// From 0 up to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).expect("the upper half")) / f64::from(u32::MAX)
    }

    /// When to kill: mostly soon, sometimes much later.
    pub(crate) fn moment(&mut self) -> Duration {
        if self.chance(85) {
            return Duration::from_micros(self.pick(1_000..120_000));
        }
        // Log-uniform from 1 ms to 2 s.
        Duration::from_secs_f64(0.001 * 2_000_f64.powf(self.unit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let numbers = |seed| {
            let mut seed = Seed::new(seed);
            (0..8).map(move |_| seed.next()).collect::<Vec<_>>()
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
    }

    #[test]
    fn moments_are_short_and_bounded() {
        let mut seed = Seed::new(1);
        assert!((0..10_000).all(|_| seed.moment() <= Duration::from_millis(2_001)));
    }
}
