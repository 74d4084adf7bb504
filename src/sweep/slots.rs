//! Who may work: runs that wait cost nothing, so there are more of them than the machine could work on at once.

use std::cell::Cell;

use parking_lot::{Condvar, Mutex};

/// How many runs may work at once.
pub(crate) struct Slots {
    /// Below zero, if those that have waited work again.
    free: Mutex<isize>,
    freed: Condvar,
}

/// The place of a run that works, or waits.
pub(crate) struct Slot<'a> {
    slots: &'a Slots,
    works: Cell<bool>,
}

impl Slots {
    pub(crate) fn new(count: usize) -> Self {
        Slots {
            free: Mutex::new(isize::try_from(count.max(1)).unwrap_or(isize::MAX)),
            freed: Condvar::new(),
        }
    }

    /// Waits until one more may work.
    pub(crate) fn take(&self) -> Slot<'_> {
        let mut free = self.free.lock();
        self.freed.wait_while(&mut free, |free| *free <= 0);
        *free -= 1;
        Slot {
            slots: self,
            works: Cell::new(true),
        }
    }
}

impl Slot<'_> {
    /// Whether it works just now. Who goes on after a wait is not kept from it.
    pub(crate) fn works(&self, works: bool) {
        if self.works.replace(works) == works {
            return;
        }
        let mut free = self.slots.free.lock();
        match works {
            true => *free -= 1,
            false => {
                *free += 1;
                self.slots.freed.notify_one();
            }
        }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.works(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_leaves_the_place_to_another() {
        let slots = Slots::new(1);
        let free = || *slots.free.lock();
        let first = slots.take();
        assert_eq!(free(), 0);
        first.works(false);
        let second = slots.take();
        first.works(true);
        first.works(true);
        assert_eq!(free(), -1);
        drop(first);
        drop(second);
        assert_eq!(free(), 1);
    }
}
