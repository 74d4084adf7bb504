//! How many live keys there are between two, without going through them all.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// A stretch of keys with more live ones is cut in two.
const MAX_STRETCH: usize = 512;
/// Two neighbours with no more live keys than this together become one.
const MIN_STRETCH: usize = MAX_STRETCH / 4;

/// The live keys, counted stretch by stretch. Each starts at its key and ends where the next one starts; the first starts
/// before all keys.
#[derive(Default)]
pub(super) struct Ranks(BTreeMap<Arc<str>, usize>);

/// A stretch that has grown too long.
pub(super) struct Overlong {
    pub(super) start: Arc<str>,
    /// How many live keys of it are to stay.
    pub(super) keep: usize,
}

impl Ranks {
    /// Counts a key that is live now.
    pub(super) fn add(&mut self, key: &str) -> Option<Overlong> {
        let Some((start, count)) = self.stretch_of(key) else {
            self.0.insert("".into(), 1);
            return None;
        };
        *count += 1;
        (*count > MAX_STRETCH).then_some(Overlong {
            start,
            keep: MAX_STRETCH / 2,
        })
    }

    /// Cuts a stretch in two; `middle` is the first key of the second half.
    pub(super) fn cut(&mut self, overlong: &Overlong, middle: Arc<str>) {
        if let Some(count) = self.0.get_mut(&overlong.start) {
            let rest = count.saturating_sub(overlong.keep);
            *count -= rest;
            self.0.insert(middle, rest);
        }
    }

    /// Forgets a key that is live no more.
    pub(super) fn remove(&mut self, key: &str) {
        let Some((start, count)) = self.stretch_of(key) else {
            return;
        };
        *count = count.saturating_sub(1);
        let left = *count;
        let before = (Bound::Unbounded, Bound::Excluded(&*start));
        let before = self.0.range_mut::<str, _>(before).next_back();
        if let Some((_, before)) = before
            && *before + left <= MIN_STRETCH
        {
            *before += left;
            self.0.remove(&start);
        }
    }

    /// The stretches that lie between two keys in whole: where the first begins, where the last ends, and how many live
    /// keys they have.
    pub(super) fn between(
        &self,
        from: Bound<&str>,
        to: Bound<&str>,
    ) -> Option<(&str, &str, usize)> {
        let mut within = self.0.range::<str, _>((from, to));
        let (end, _) = within.next_back()?;
        let (mut start, mut total) = (end, 0);
        for (at, count) in within.rev() {
            start = at;
            total += count;
        }
        Some((start, end, total))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn stretch_of(&mut self, key: &str) -> Option<(Arc<str>, &mut usize)> {
        let through = (Bound::Unbounded, Bound::Included(key));
        let (start, count) = self.0.range_mut::<str, _>(through).next_back()?;
        Some((start.clone(), count))
    }
}
