//! Making things go wrong on a running server.

use std::panic::Location;

use super::FakeApiServer;
use crate::fault::{Fault, FaultGuard};

impl FakeApiServer {
    /// Makes something go wrong, for as long as the guard is held.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Fault, Verb};
    ///
    /// let server = FakeApiServer::start_blocking();
    /// let guard = server.fault(Fault::conflict().verb(Verb::Update).resource("endpoints").first(2).optional());
    /// // … the client under test updates, and must try three times …
    /// drop(guard);
    /// ```
    ///
    /// # Panics
    ///
    /// If the rule can never act (an unknown verb or resource, a verb the resource does not have, no attempt at all), or
    /// its fault cannot be: a status below 200 or above 599, a delay between two seconds and one.
    #[track_caller]
    pub fn fault(&self, fault: Fault) -> FaultGuard {
        let mut fault = match fault.checked(&self.inner.cluster.catalog()) {
            Ok(fault) => fault,
            Err(problem) => panic!("this fault cannot be installed: {problem}"),
        };
        fault.caller = Some(Location::caller());
        let (faults, optional) = (&self.inner.faults, fault.optional);
        let id = faults.install(fault, self.inner.cluster.clock.now());
        let seed = self.inner.cluster.ids.seed();
        FaultGuard::new(faults.clone(), id, optional, seed)
    }

    /// Installs a rule that was checked, until it is removed with all others.
    #[cfg(feature = "fixture")]
    pub(crate) fn install(&self, fault: Fault) {
        let now = self.inner.cluster.clock.now();
        self.inner.faults.install(fault, now);
    }

    /// Removes every fault, also those whose guards are held.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Fault};
    /// let server = FakeApiServer::builder().fault(Fault::conflict()).start_blocking();
    /// server.clear_faults();
    /// assert!(server.unused_faults().is_empty());
    /// ```
    pub fn clear_faults(&self) {
        self.inner.faults.clear();
    }

    /// What there is to say of each fault that had to act and never did: its name, the line that installed it, and what
    /// came close. Those that `POST /_fake/reset` removed before they had acted are among them. Dropping the server panics
    /// with the same, unless [`FakeApiServerBuilder::allow_unused_faults`](crate::FakeApiServerBuilder::allow_unused_faults) was called or the fault is
    /// [optional](Fault::optional).
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Fault};
    /// let fault = Fault::conflict().named("the lost race");
    /// let server = FakeApiServer::builder().fault(fault).allow_unused_faults().start_blocking();
    /// let unused = server.unused_faults();
    /// assert!(unused[0].starts_with(r#"the fault "the lost race" installed at "#));
    /// assert!(unused[0].ends_with(" never fired: no request came close"));
    /// ```
    pub fn unused_faults(&self) -> Vec<String> {
        self.inner.faults.unused()
    }
}
