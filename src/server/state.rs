//! The state of a server as a whole: its revision, its clock; kept, put back, and gone on with elsewhere.

use std::sync::Arc;
use std::time::Duration;

use super::FakeApiServer;
use crate::control::snapshot::Snapshot;
use crate::error::Error;
use crate::handlers::cluster::Cluster;
use crate::journal::recorder::Recorder;
use crate::storage::Revision;

impl FakeApiServer {
    /// What is served.
    pub(crate) fn cluster(&self) -> &Arc<Cluster> {
        &self.inner.cluster
    }

    /// What came so far.
    pub(crate) fn recorder(&self) -> &Recorder {
        &self.inner.recorder
    }

    /// A [fork](Self::fork) of an earlier moment, on the runtime of this server.
    pub(crate) fn try_fork(&self, snapshot: &Snapshot) -> Result<FakeApiServer, Error> {
        let builder = self.inner.settings.clone().from_snapshot(snapshot);
        let _runtime = self.inner.runtime.enter();
        builder.launch()
    }

    /// The newest revision: the `resourceVersion` of the last write of any kind.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert!(server.revision() > 0);
    /// ```
    pub fn revision(&self) -> u64 {
        self.inner.cluster.storage.revision().0
    }

    /// Moves the server's clock ahead. Watch timeouts, bookmarks and the controllers go off as if the time had passed.
    ///
    /// ```
    /// use std::time::Duration;
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// server.advance(Duration::from_secs(60));
    /// ```
    ///
    /// # Panics
    ///
    /// If that leads past 9999-12-30, the latest time the server can show.
    #[track_caller]
    pub fn advance(&self, by: Duration) {
        if let Err(problem) = self.try_advance(by) {
            panic!("the clock cannot be advanced by {by:?}: {problem}");
        }
    }

    pub(crate) fn try_advance(&self, by: Duration) -> Result<(), String> {
        self.inner.cluster.clock.advance(by)?;
        self.inner.outages.end_those_over();
        Ok(())
    }

    /// Forgets the history before a revision, as etcd does every few minutes: lists and watches from before it are
    /// answered with 410 Expired. [`FakeApiServer::revision`] forgets all of it.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// server.compact(server.revision());
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no such revision yet.
    #[track_caller]
    pub fn compact(&self, revision: u64) {
        let newest = self.revision();
        if revision > newest {
            panic!(
                "the history cannot be compacted to {revision}: the newest revision is {newest}"
            );
        }
        self.inner.cluster.storage.compact(Revision(revision));
    }

    /// The state the server is in: its objects, its revision, its clock, its source of made-up names. See [`Snapshot`].
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let snapshot = server.snapshot();
    /// ```
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::take(&self.inner.cluster)
    }

    /// Puts the objects of a snapshot in place of all that is there, as a cluster is restored from a backup of etcd.
    ///
    /// What etcd promises its clients holds across it, as after `etcdutl snapshot restore --bump-revision
    /// --mark-compacted`:
    ///
    /// - The revision goes on from where it was, never back. The objects come back under the versions they had, which
    ///   still stand for the same contents; those of another server's snapshot are written anew, since their versions
    ///   could already stand for something else here.
    /// - What was before is compacted. An open watch gets the ERROR event 410 Expired and ends; a watch from before, a
    ///   list at a version from before and a page of one are refused with 410. A client has to list again, and finds
    ///   out.
    /// - A write with a version that was undone gets the server's own 409.
    ///
    /// The clock, the faults and the source of made-up names go on too, so that no uid is given out twice. Whoever wants
    /// the same names each time starts from the snapshot instead: [`FakeApiServer::fork`].
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// use serde_json::json;
    ///
    /// let server = FakeApiServer::start_blocking();
    /// let before = server.snapshot();
    /// server.object(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}));
    /// let newest = server.revision();
    ///
    /// server.restore(&before);
    /// assert!(server.resource("namespaces").get("shop").is_none());
    /// assert!(server.revision() > newest);
    /// ```
    ///
    /// # Panics
    ///
    /// If the snapshot is of manifests that this server does not take.
    #[track_caller]
    pub fn restore(&self, snapshot: &Snapshot) {
        if let Err(problem) = snapshot.restore(&self.inner.cluster) {
            panic!("this snapshot cannot be restored: {problem}");
        }
    }

    /// Starts another server with the state and the settings of this one, at a port of its own. From here on the two
    /// have nothing to do with each other; asked the same, they answer the same. Objects are shared, not copied.
    ///
    /// Faults are not taken over. A server with a runtime of its own gets a fork with one; others share theirs.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// use serde_json::json;
    ///
    /// let server = FakeApiServer::start_blocking();
    /// let fork = server.fork();
    /// fork.object(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}));
    /// assert!(server.resource("namespaces").get("shop").is_none());
    /// ```
    ///
    /// # Panics
    ///
    /// If no port or thread can be had.
    #[track_caller]
    pub fn fork(&self) -> FakeApiServer {
        let builder = self.inner.settings.clone().from_snapshot(&self.snapshot());
        if self.thread.is_some() {
            return builder.start_blocking();
        }
        let _runtime = self.inner.runtime.enter();
        match builder.launch() {
            Ok(fork) => fork,
            Err(error) => panic!("the fork cannot start: {error}"),
        }
    }

    /// All objects as manifests, as `kubectl get -o yaml` prints them; [`objects_file`](Self::objects_file),
    /// [`Snapshot::from_yaml`] and the binary's `--objects` read them.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert!(server.dump().contains("name: kube-system"));
    /// ```
    pub fn dump(&self) -> String {
        self.snapshot().to_yaml()
    }
}
