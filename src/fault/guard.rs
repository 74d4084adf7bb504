//! What a test holds while a rule is installed.

use std::sync::{Arc, Weak};

use super::stage::Faults;

/// Keeps a fault installed; dropping it removes the rule.
///
/// A rule that never acted is a mistake in the test: dropping its guard panics with what came close, unless the thread
/// is panicking already or the rule was said to be [optional](crate::Fault::optional). If the closure of a
/// [custom fault](crate::Fault::custom) panicked, dropping the guard panics with its message, optional or not.
///
/// ```
/// use fake_apiserver::{FakeApiServer, Fault};
///
/// let server = FakeApiServer::start_blocking();
/// let guard = server.fault(Fault::conflict().verb("update").optional());
/// assert_eq!(guard.fired(), 0);
/// ```
#[must_use = "dropping the guard removes the fault; hold it as long as the fault is to last"]
#[derive(Debug)]
pub struct FaultGuard {
    faults: Arc<Faults>,
    id: u64,
    optional: bool,
    /// Of the server, for who wants to see the failure again.
    seed: u64,
}

impl FaultGuard {
    pub(crate) fn new(faults: Arc<Faults>, id: u64, optional: bool, seed: u64) -> Self {
        FaultGuard {
            faults,
            id,
            optional,
            seed,
        }
    }

    /// How often the rule has acted.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Fault};
    /// let server = FakeApiServer::start_blocking();
    /// assert_eq!(server.fault(Fault::conflict().optional()).fired(), 0);
    /// ```
    pub fn fired(&self) -> u64 {
        self.faults.fired(self.id)
    }

    /// The same for who does not hold the guard.
    pub(crate) fn counter(&self) -> Counter {
        Counter {
            faults: Arc::downgrade(&self.faults),
            id: self.id,
        }
    }

    /// Removes the rule now, whether it acted or not. A panic of its closure is raised all the same.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Fault};
    /// let server = FakeApiServer::start_blocking();
    /// server.fault(Fault::conflict()).remove();
    /// ```
    pub fn remove(mut self) {
        self.optional = true;
    }
}

/// Tells how often a rule has acted.
pub(crate) struct Counter {
    faults: Weak<Faults>,
    id: u64,
}

impl Counter {
    pub(crate) fn fired(&self) -> u64 {
        let faults = self.faults.upgrade();
        faults.map_or(0, |faults| faults.fired(self.id))
    }
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        let removed = self.faults.remove(self.id);
        if std::thread::panicking() {
            return;
        }
        if let Some(told) = self.faults.take_failure(self.id) {
            panic!("{told}\nthe server's seed is {}", self.seed);
        }
        let Some(removed) = removed.filter(|rule| rule.fired == 0 && !self.optional) else {
            return;
        };
        panic!(
            "the fault {} never fired{}\nthe server's seed is {}",
            removed.fault.described(),
            removed.near_misses,
            self.seed
        );
    }
}
