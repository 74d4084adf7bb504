//! What is to go wrong from the start.

use std::panic::Location;
use std::path::PathBuf;

use super::FakeApiServerBuilder;
use crate::fault::Fault;
use crate::kinds::Catalog;

impl FakeApiServerBuilder {
    /// Installs a fault for as long as the server runs; see [`FakeApiServer::fault`](crate::FakeApiServer::fault). One that has never acted when the
    /// server is dropped fails the test.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Fault};
    /// let server = FakeApiServer::builder().fault(Fault::service_unavailable().first(1).optional()).start_blocking();
    /// ```
    ///
    /// # Panics
    ///
    /// As [`FakeApiServer::fault`](crate::FakeApiServer::fault).
    #[track_caller]
    pub fn fault(mut self, fault: Fault) -> Self {
        match fault.checked(&Catalog::built_in()) {
            Ok(mut fault) => {
                fault.caller = Some(Location::caller());
                self.faults.push(fault);
            }
            Err(problem) => panic!("this fault cannot be installed: {problem}"),
        }
        self
    }

    /// Installs the faults of a YAML or JSON script for as long as the server runs; see [`Fault::parse_script`]. What is
    /// wrong in the file is told when the server is started.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let file = tempfile::NamedTempFile::new().unwrap();
    /// std::fs::write(&file, "{fault: conflict, when: {verb: update}, optional: true}").unwrap();
    /// let server = FakeApiServer::builder().faults_file(file.path()).start_blocking();
    /// assert!(server.unused_faults().is_empty());
    /// ```
    pub fn faults_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.fault_files.push(path.into());
        self
    }

    /// Dropping the server does not panic if a fault has never acted; only if the closure of a
    /// [custom fault](Fault::custom) has panicked.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Fault};
    /// let server = FakeApiServer::builder().fault(Fault::conflict()).allow_unused_faults().start_blocking();
    /// assert_eq!(server.unused_faults().len(), 1);
    /// drop(server); // and no panic
    /// ```
    pub fn allow_unused_faults(mut self) -> Self {
        self.allow_unused_faults = true;
        self
    }
}
