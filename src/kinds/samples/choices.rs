//! Made-up things, as a row of numbers chooses them.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// How many choices there are at most.
const MAX_CHOICES: usize = 600;

/// Every run makes the same.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 4096,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

/// What makes so many things.
pub(crate) fn rows<const N: usize>() -> impl Strategy<Value = [Vec<u16>; N]> {
    std::array::from_fn(|_| prop::collection::vec(any::<u16>(), 0..MAX_CHOICES))
}

/// One choice after the other. When the numbers run out, the first alternative is chosen, which is the simplest one: a
/// failing case shrinks to something small.
pub(crate) struct Choices<'a>(std::slice::Iter<'a, u16>);

impl<'a> Choices<'a> {
    pub(crate) fn of(row: &'a [u16]) -> Self {
        Choices(row.iter())
    }

    /// One of so many alternatives.
    pub(crate) fn choose(&mut self, alternatives: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or_default()) % alternatives
    }

    /// What happens once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.choose(times) == times - 1
    }

    pub(crate) fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.choose(all.len())].clone()
    }
}
