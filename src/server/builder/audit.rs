//! The audit log.

use std::path::PathBuf;

use super::FakeApiServerBuilder;
use crate::error::Error;
use crate::journal::Audit;

/// The two files of an audit log.
#[derive(Clone, Debug)]
pub(super) struct AuditFiles {
    policy: PathBuf,
    log: PathBuf,
}

impl FakeApiServerBuilder {
    /// Writes an audit log as kube-apiserver does with `--audit-log-path` and `--audit-policy-file`: `audit.k8s.io/v1`
    /// events, a line of JSON each, of what the policy wants logged. The path `-` is standard output; what a file has
    /// already stays.
    ///
    /// Events have no `sourceIPs` and no annotations, bodies over 16 KiB are left out, and what is secret is masked. Of a
    /// watch there is no event at its end.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    ///
    /// let place = tempfile::tempdir().unwrap();
    /// let (policy, log) = (place.path().join("policy.yaml"), place.path().join("audit.log"));
    /// std::fs::write(&policy, "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n").unwrap();
    /// let server = FakeApiServer::builder().audit(&policy, &log).start_blocking();
    /// // … the client under test runs …
    /// assert_eq!(std::fs::read_to_string(log).unwrap(), "");
    /// ```
    pub fn audit(mut self, policy: impl Into<PathBuf>, log: impl Into<PathBuf>) -> Self {
        self.audit = Some(AuditFiles {
            policy: policy.into(),
            log: log.into(),
        });
        self
    }

    /// The log that was asked for.
    pub(super) fn open_audit(&self) -> Result<Option<Audit>, Error> {
        let files = self.audit.as_ref();
        let audit = files.map(|files| Audit::open(&files.policy, &files.log));
        audit.transpose()
    }
}
