//! Chance from a seed, so that a failure can be repeated by its number.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// One stream of chance.
#[derive(Debug)]
pub(crate) struct Kans(ChaCha8Rng);

impl Kans {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// From 0 up to but not including `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u64::from(self.0.next_u32()) * n as u64) >> 32) as usize
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below(low.abs_diff(high) as usize + 1) as i32
    }

    /// True so many times in a hundred.
    pub(crate) fn procent(&mut self, n: usize) -> bool {
        self.below(100) < n
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

/// A number that can be set from outside, to look longer or to repeat a failure.
pub(crate) fn from_env(name: &str, standard: u64) -> u64 {
    std::env::var(name).map_or(standard, |text| text.parse().expect(name))
}
